"""Files of functions: what is loaded of them, what is refused and where, and when a function counts as changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from headrace.project import Argument, Project
from headrace.project.names import taken
from headrace.security import functions as gate

from .conftest import Refuse

Loaded = Callable[[Mapping[str, str | bytes]], Project]

GEO = '''\
"""Places."""

from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.compute import abs

RADIUS = 6371.0


class Point:
    def x(self): ...


def _scaled(x):
    return pc.multiply(x, RADIUS)


def Distance(a: "double", b: Annotated[pa.Array, "DOUBLE NULL"], *, unit=1.0) -> "DECIMAL(9, 3)":
    return _scaled(pc.subtract(a, b))


if RADIUS > 0:

    def sides(x: "int[]") -> "integer":
        return pc.list_value_length(x)

else:

    def sides(x): ...
'''


def test_public_functions_are_loaded(loaded: Loaded) -> None:
    functions = loaded({"functions/more/geo.py": GEO}).functions
    assert sorted(functions) == ["distance", "sides"]
    distance = functions["distance"]
    assert distance.arguments == (Argument("a", "DOUBLE"), Argument("b", "DOUBLE", nulls=True))
    assert distance.result == "DECIMAL(9,3)"
    assert (distance.where.path.name, distance.where.line, distance.where.column) == ("geo.py", 20, 5)
    assert functions["sides"].arguments == (Argument("x", "INTEGER[]"),)
    assert functions["sides"].where.line == 26


def test_all_says_which(loaded: Loaded) -> None:
    text = '__all__ = ["one"]\ndef one(x: "BIGINT") -> "BIGINT": return x\ndef two(x): return x\n'
    assert list(loaded({"functions/a.py": text}).functions) == ["one"]


def test_annotations_are_types_whatever_the_file_makes_of_them(loaded: Loaded) -> None:
    text = 'from __future__ import annotations\ndef one(x: "BIGINT") -> "BIGINT": return x\n'
    assert loaded({"functions/a.py": text}).functions["one"].result == "BIGINT"


def test_files_leave_nothing_behind(loaded: Loaded) -> None:
    root = loaded({"functions/a.py": 'def one(x: "BIGINT") -> "BIGINT": return x\n'}).root
    assert [path.name for path in (root / "functions").iterdir()] == ["a.py"]


FINE = '(x: "BIGINT") -> "BIGINT": return x\n'
REFUSED = [
    ("syntax", "def one(x:\n", "HR-214", 1, "never closed"),
    ("import", "import math\nimport nowhere_at_all\n", "HR-214", 2, "nowhere_at_all"),
    ("beside", f"from .other import f\ndef one{FINE}", "HR-214", 1, "stands alone"),
    ("raises", "def _f():\n    return 1 / 0\nX = _f()\n", "HR-214", 2, "ZeroDivisionError"),
    ("exits", "import sys\nsys.exit(3)\n", "HR-214", 2, "SystemExit"),
    ("no type", 'def one(x: "BIGINT",\n        y) -> "BIGINT": return x\n', "HR-215", 2, "`y` has no type"),
    ("no result", 'def one(x: "BIGINT"): return x\n', "HR-215", 1, "the result of one() has no type"),
    ("unknown type", 'def one(x: "BIGINTT") -> "BIGINT": return x\n', "HR-215", 1, "'BIGINTT' is not a type"),
    ("python type", 'def one(x: int) -> "BIGINT": return x\n', "HR-215", 1, "is not a text"),
    ("lossy type", 'def one(x: "UUID") -> "BIGINT": return x\n', "HR-215", 1, "UUID does not go through Arrow"),
    ("lossy part", 'def one(x: "HUGEINT[]") -> "BIGINT": return x\n', "HR-215", 1, "HUGEINT does not"),
    ("null result", 'def one(x: "BIGINT") -> "BIGINT NULL": return x\n', "HR-215", 1, "may always hold NULLs"),
    ("default", 'def one(x: "BIGINT" = 1) -> "BIGINT": return x\n', "HR-215", 1, "default value"),
    ("star", 'def one(*x: "BIGINT") -> "BIGINT": return x\n', "HR-215", 1, "any number of arguments"),
    ("by name", 'def one(x: "BIGINT", *, y) -> "BIGINT": return x\n', "HR-215", 1, "by their place"),
    ("nothing", 'def one() -> "BIGINT": return 1\n', "HR-215", 1, "takes no argument"),
    ("async", 'async def one(x: "BIGINT") -> "BIGINT": return x\n', "HR-215", 1, "asynchronous"),
    ("all", '__all__ = ["two"]\ndef one(x): return x\n', "HR-215", 1, "'two'"),
    ("built-in", f"def Lower{FINE}", "HR-216", 1, "SQL has lower() already"),
    ("aggregate", f"def median{FINE}", "HR-216", 1, "SQL has median() already"),
    ("grammar", f"def coalesce{FINE}", "HR-216", 1, "coalesce"),
    ("command", f"def update{FINE}", "HR-216", 1, "update"),
    ("window", f"def tumble{FINE}", "HR-216", 1, "tumble"),
    ("reserved", f"def headrace_one{FINE}", "HR-208", 1, "kept for Headrace"),
    ("letters", f"def größe{FINE}", "HR-208", 1, "größe"),
    ("case", f"def one{FINE}def ONE{FINE}", "HR-209", 2, "one() is at"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_told_at_its_place(refuse: Refuse, case: tuple[str, str, str, int, str]) -> None:
    _, text, code, line, said = case
    (problem,) = refuse({"functions/a.py": text})
    assert (problem.code, problem.where and problem.where.line) == (code, line)
    assert said in problem.what
    assert problem.fix
    assert problem.where
    assert "^" in (problem.where.excerpt or "")


def test_files_may_share_a_name_and_functions_may_not(refuse: Refuse) -> None:
    (problem,) = refuse({"functions/a/f.py": f"def one{FINE}", "functions/b/f.py": f"def one{FINE}"})
    assert problem.code == "HR-209"


def test_what_the_gate_and_the_compiler_name_is_taken() -> None:
    names = gate.FUNCTIONS | gate.TABLE_FUNCTIONS | gate.SQL_VALUES
    assert names <= taken()


USED = """\
import math
import pyarrow.compute as pc

TABLE = {}
TABLE["a"] = 1
OTHER = 5


def _half(x):
    return pc.divide(x, 2)


def one(x: "BIGINT") -> "BIGINT":
    return _half(x)


def two(x: "BIGINT") -> "BIGINT":
    return pc.add(x, OTHER)
"""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("_half(x)\n", "_half(x)  # a comment\n", set()),
        ("divide(x, 2)", "divide(x, 3)", {"one"}),
        ("return _half(x)", "return _half(_half(x))", {"one"}),
        ("OTHER = 5", "OTHER = 6", {"two"}),
        ("import math\n", "import math\nimport json\n", set()),
        ("import pyarrow.compute as pc", "from pyarrow import compute as pc", {"one", "two"}),
        ('TABLE["a"] = 1', 'print("acts")\nTABLE["a"] = 1', {"one", "two"}),
        ('(x: "BIGINT") -> "BIGINT":\n    return pc', '(x: "BIGINT NULL") -> "BIGINT":\n    return pc', {"two"}),
    ],
)
def test_a_function_changes_with_what_it_uses(loaded: Loaded, old: str, new: str, changed: set[str]) -> None:
    before = loaded({"functions/a.py": USED}).functions
    assert old in USED
    after = loaded({"functions/a.py": USED.replace(old, new, 1)}).functions
    assert {name for name in before if before[name].digest != after[name].digest} == changed
