"""Every error code in the source has its line in docs/errors.md, and every line there has its code in the source."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"\bHR-\d{3}\b")
ROW = re.compile(r"^\| (HR-\d{3}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def _raised() -> set[str]:
    return {code for path in (ROOT / "src").rglob("*.py") for code in CODE.findall(path.read_text())}


def _rows() -> list[str]:
    return [code for code, _, _ in ROW.findall((ROOT / "docs" / "errors.md").read_text())]


def test_every_code_is_documented_and_no_other():
    raised, documented = _raised(), set(_rows())
    assert len(raised) > 100
    assert raised - documented == set()
    assert documented - raised == set()


def test_codes_are_listed_once_and_in_order():
    assert _rows() == sorted(set(_rows()))
