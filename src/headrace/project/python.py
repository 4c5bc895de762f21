"""A file of `functions/` -> the functions that SQL may call: its public ones."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

from headrace.errors import Place, ProjectError
from headrace.project.declared import NAME_FIX, name_fault
from headrace.project.function import Function
from headrace.project.names import taken
from headrace.project.problems import ProjectErrors, place_in
from headrace.project.pysource import Def, PySource, raised_at, read_python
from headrace.project.signature import signature


def functions_in(path: Path, text: str) -> list[Function]:
    """Run a file, and read off what it declares.

    Raises:
        ProjectErrors: HR-208, HR-214, HR-215, HR-216.
    """
    source = read_python(path, text)
    module = _run(source)
    problems = list(_unknown(source, module))
    found = [_function(name, node, module, source, problems) for name, node in _public(source, module)]
    if problems:
        raise ProjectErrors(problems)
    return found


def _run(source: PySource) -> ModuleType:
    """As an import does, but from the text that was read, without a cache beside the project's files."""
    module = ModuleType(f"headrace_functions:{source.path}")
    module.__file__ = str(source.path)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    # A traceback shows the lines that were run, whatever becomes of the file.
    lines = source.text.splitlines(keepends=True)
    linecache.cache[str(source.path)] = (len(source.text), None, lines, str(source.path))
    try:
        exec(compile(source.tree, str(source.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the project's own code
    except (Exception, SystemExit) as error:
        raise ProjectErrors([_failed(source, error)]) from error
    return module


def _failed(source: PySource, error: BaseException) -> ProjectError:
    where = raised_at(error, source.path) or place_in(source.path, source.text, 0, 0)
    fix = "correct it; the file is run when the project is loaded"
    if isinstance(error, ModuleNotFoundError):
        fix = f"install {error.name} where Headrace runs; files beside this one cannot be imported"
    return ProjectError(f"it fails when run: {type(error).__name__}: {error}", code="HR-214", where=where, fix=fix)


def _public(source: PySource, module: ModuleType) -> Iterator[tuple[str, Def]]:
    told = module.__dict__.get("__all__")
    for name, nodes in source.functions().items():
        if name in module.__dict__ and (name in told if told is not None else not name.startswith("_")):
            yield name, _definition(module.__dict__[name], nodes)


def _definition(value: object, nodes: list[Def]) -> Def:
    """Of several under conditions, the one that was run."""
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    first = value.__code__.co_firstlineno if isinstance(value, FunctionType) else 0
    ran = [n for n in nodes if first in {n.lineno, *(d.lineno for d in n.decorator_list)}]
    return (ran or nodes)[-1]


def _unknown(source: PySource, module: ModuleType) -> Iterator[ProjectError]:
    known = source.functions()
    for name in module.__dict__.get("__all__", ()):
        if name not in known:
            fix = f"define it here, or take it out of `__all__`; the functions here are {', '.join(known) or 'none'}"
            where = place_in(source.path, source.text, *_words(source.text, str(name)))
            yield ProjectError(
                f"`__all__` has {name!r}, and no function here has that name", code="HR-215", where=where, fix=fix
            )


def _words(text: str, name: str) -> tuple[int, int, int]:
    before = text[: max(text.find(name, text.find("__all__")), 0)]
    return before.count("\n"), len(before) - (before.rfind("\n") + 1), len(name)


def _function(name: str, node: Def, module: ModuleType, source: PySource, problems: list[ProjectError]) -> Function:
    arguments, result, wrong = signature(node, source)
    where = source.place(node)
    problems += [*wrong, *_misnamed(name.lower(), where)]
    return Function(name.lower(), arguments, result, module.__dict__[name], where, source.closure(name))


def _misnamed(name: str, where: Place) -> Iterator[ProjectError]:
    if fault := name_fault(name):
        yield ProjectError(f"{name!r} cannot be a function's name: {fault}", code="HR-208", where=where, fix=NAME_FIX)
    elif name in taken():
        what = f"SQL has {name}() already, or the word has a meaning of its own"
        yield ProjectError(
            what, code="HR-216", where=where, fix="rename it; or begin its name with _ if SQL need not know it"
        )
