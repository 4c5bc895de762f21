"""What pydantic refused, told in the words of the file: the place, the key, and the edit that mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from headrace.errors import Place, ProjectError
from headrace.project.declared import GIVEN, Declared
from headrace.project.document import Document, Loc
from headrace.project.near import nearest

NOT_YET = frozenset({"alerts", "auth", "contract", "contracts", "target", "tls", "users"})
"""Keys that later versions are to read. Whoever writes one relies on it, so the refusal says more than 'unknown'."""


def written(cls: type[Declared]) -> dict[str, FieldInfo]:
    """Return the keys that a file may state for a class, each with its field."""
    fields = cls.model_fields.items()
    return {str(f.validation_alias or name): f for name, f in fields if f.json_schema_extra != GIVEN}


def nested(annotation: Any) -> Iterator[type[Declared]]:
    """Yield the declared classes that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        yield annotation
    for argument in get_args(annotation):
        yield from nested(argument)


def explain(document: Document, cls: type[Declared], error: ValidationError) -> Iterator[ProjectError]:
    """Yield the problems behind a refused document; not those of parts that are known to be faulty already."""
    for details in error.errors(include_url=False):
        if not _known(document, details["loc"]) and not _follows(details):
            yield _explained(document, cls, details)


def _known(document: Document, loc: Loc) -> bool:
    return any(loc[:n] in document.faulty for n in range(1, len(loc) + 1))


def _follows(details: ErrorDetails) -> bool:
    """A list whose items were refused is also called too short; the items' own problems say it all."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def unknown_key(document: Document, loc: Loc, cls: type[Declared]) -> ProjectError:
    """Return the problem of a key that a class does not have, with the one that was likely meant."""
    key = str(loc[-1])
    what, code, fix = f"`{key}` is not a key here", "HR-205", _meant(key, cls)
    if key in NOT_YET:
        what, code, fix = f"`{key}` is not supported in this version", "HR-210", "delete it"
    return ProjectError(what, code=code, where=document.key_place(loc), fix=fix)


def _meant(key: str, cls: type[Declared]) -> str:
    field = cls.model_fields.get(key)
    if field and field.validation_alias:
        return f"did you mean `{field.validation_alias}`?"
    if field:
        return f"delete it: it is not for the file to say. {field.description}"
    return nearest(key, sorted(written(cls)), "the keys here are")


def _explained(document: Document, cls: type[Declared], details: ErrorDetails) -> ProjectError:
    loc, kind, context = details["loc"], details["type"], details.get("ctx", {})
    if loc == ("name",) and "name" not in written(cls):
        fix = f"rename the file: {context['fix']}"
        return ProjectError(context["what"], code=context["code"], where=Place(document.path), fix=fix)
    if kind == "extra_forbidden":
        return unknown_key(document, loc, _class_at(cls, loc))
    if kind == "missing":
        return _missing(document, _class_at(cls, loc), loc)
    if kind == "refused":
        return _refused(document, loc, context)
    what, fix = _mistyped(_called(loc), kind, context, details["input"])
    return ProjectError(what, code="HR-207", where=document.place(loc), fix=fix)


def _class_at(cls: type[Declared], loc: Loc) -> type[Declared]:
    """Return the class of the mapping that the last part of `loc` stands in."""
    for part in loc[:-1]:
        field = written(cls).get(part) if isinstance(part, str) else None
        cls = next(nested(field.annotation), cls) if field else cls
    return cls


def _missing(document: Document, cls: type[Declared], loc: Loc) -> ProjectError:
    description = written(cls)[str(loc[-1])].description
    fix = f"add `{loc[-1]}: …`. {description}"
    where = replace(document.place(loc[:-1]), part=loc)
    return ProjectError(f"`{loc[-1]}` is missing", code="HR-206", where=where, fix=fix)


def _refused(document: Document, loc: Loc, context: Mapping[str, Any]) -> ProjectError:
    if loc and loc[-1] == "[key]":
        where = document.key_place(loc[:-1])
    else:
        where = document.place((*loc, *([context["at"]] if context["at"] else [])))
    if context["hidden"]:
        where = replace(where, excerpt=None)
    return ProjectError(context["what"], code=context["code"], where=where, fix=context["fix"])


def _called(loc: Loc) -> str:
    last = loc[-1]
    return f"`{last}`" if isinstance(last, str) else f"item {last + 1} of `{loc[-2]}`"


def _mistyped(called: str, kind: str, context: Mapping[str, Any], value: Any) -> tuple[str, str]:
    if kind == "literal_error" and isinstance(value, str):
        choices = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        return f"{value!r} is not something {called} takes", nearest(value, choices, "write one of")
    wanted, fix = _wanted(kind, context, value)
    return f"{called} takes {wanted}, and this is {_said(value)}", fix


def _wanted(kind: str, context: Mapping[str, Any], value: Any) -> tuple[str, str]:
    scalar = isinstance(value, str | int | float)
    match kind:
        case "string_type":
            quoted = f'put it in quotes: "{_plain(value)}"' if scalar else "write text"
            return "text", quoted
        case "bool_type":
            return "true or false", "write `true` or `false`"
        case "int_type":
            return "a whole number", "write a whole number, without quotes"
        case "greater_than_equal":
            return f"at least {context['ge']}", f"write {context['ge']} or more"
        case "greater_than":
            return f"more than {context['gt']}", f"write more than {context['gt']}"
        case "less_than_equal":
            return f"at most {context['le']}", f"write {context['le']} or less"
        case "string_too_short":
            return "some text", "write it, or delete the key"
        case "too_short":
            return "at least one", "add one"
        case "tuple_type":
            return "a list", f"put it in brackets: [{_plain(value)}]" if scalar else "write a list: [first, second]"
        case "mapping_type" | "model_type" | "model_attributes_type":
            return "keys with values", "write `key: value` lines under it, indented"
        case _:
            return "something else", str(context.get("error", "mend it"))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "keys with values" if value else "nothing"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        return repr(value) if value else "empty text"
    return f"the {'truth value' if isinstance(value, bool) else 'number'} {_plain(value)}"
