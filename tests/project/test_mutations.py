"""Whatever is done to a project's files, it loads, or says what is wrong and where."""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import Place
from headrace.project import ProjectErrors, load
from headrace.project.problems import CODES

from .conftest import write_files
from .test_reference import _EXAMPLE, markdown

FILES = {**dict(_EXAMPLE.findall(markdown())), "queries/departures.sql": "SELECT 1"}
MUTABLE = sorted(FILES.keys() - {"queries/departures.sql"})

_SNIPPETS = [
    *(
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!int ",
        "|",
        ">",
        "---\n",
        "--- */",
        "/* ---",
        "#",
        "%",
        "\t",
        "\n",
    ),
    *(
        '"',
        "'",
        "~",
        "null",
        "true",
        "1e999",
        ".inf",
        "-1",
        "0x1F",
        "2013-12-01",
        "\\",
        '"\\ud800"',
        '"\\U00110000"',
        "\0",
    ),
    *("\u2028", "\x85", "\ufeff", "\ud7ff", "é", "? ", "<<: ", "9" * 5000, "__w", "$x", "{{}}", "{what}"),
]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.sampled_from(["max", "file"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=5,
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _loads_or_explains(changed: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write_files(Path(folder), {**FILES, **changed})
        if (refused := _refusal(root)) is None:
            return
        assert refused.problems
        assert str(refused)
        for problem in refused.problems:
            assert problem.code in CODES
            assert problem.fix
            assert problem.where.path.is_relative_to(root)
            if problem.where.line is not None:
                _is_within(problem.where)


def _refusal(root: Path) -> ProjectErrors | None:
    try:
        load(root)
    except ProjectErrors as error:
        return error
    return None


def _is_within(place: Place) -> None:
    lines = place.path.read_bytes().decode("utf-8-sig", errors="replace")
    assert 1 <= place.line <= len(lines.splitlines()) + 1
    shown, carets = place.excerpt.split("\n")
    assert carets.endswith("^")
    assert len(carets.rstrip("^")) <= len(shown)


@st.composite
def _edited(draw):
    """A file with a few pieces cut out, put in, or doubled."""
    name = draw(st.sampled_from(MUTABLE))
    text = FILES[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 12)))
        new = draw(st.sampled_from(_SNIPPETS) | st.text(max_size=4) | st.just(text[start:stop] * 2))
        text = text[:start] + new + text[stop:]
    return {name: text.encode("utf-8", errors="replace")}


@quick
@given(_edited())
def test_edited_files(changed):
    _loads_or_explains(changed)


@st.composite
def _revalued(draw):
    """A YAML file with another value, or another key, somewhere in its tree."""
    name = draw(st.sampled_from([name for name in MUTABLE if name.endswith(".yaml")]))
    tree = yaml.safe_load(FILES[name])
    _graft(draw, tree)
    return {name: yaml.safe_dump(tree, allow_unicode=draw(st.booleans()), sort_keys=False)}


def _graft(draw, tree) -> None:
    keys = list(range(len(tree))) if isinstance(tree, list) else list(tree)
    at = draw(st.sampled_from(keys))
    if isinstance(tree[at], list | dict) and tree[at] and draw(st.booleans()):
        _graft(draw, tree[at])
    elif isinstance(tree, dict) and draw(st.booleans()):
        tree[draw(st.text() | st.sampled_from(["kind", "sql", "schema", "name", "alerts"]))] = draw(_VALUES)
    else:
        tree[at] = draw(_VALUES)


@quick
@given(_revalued())
def test_other_values_and_other_keys(changed):
    _loads_or_explains(changed)


@quick
@given(st.sampled_from(MUTABLE), st.binary(max_size=60), st.integers(0, 400))
def test_other_bytes(name, data, at):
    whole = FILES[name].encode()
    _loads_or_explains({name: whole[:at] + data + whole[at:]})
