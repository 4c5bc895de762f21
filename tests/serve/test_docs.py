"""The documentation says what the server does: every address, event, error code and limit."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

import headrace.serve
from headrace.serve import Limits, errors
from headrace.serve.app import ADDRESSES, ASSETS
from headrace.serve.boundary import SECURITY_HEADERS
from headrace.serve.formats import FORMATS
from headrace.serve.push import CONTENT_TYPES

ROOT = Path(__file__).parents[2]
HTTP = (ROOT / "docs/reference/http.md").read_text()
SERVING = (ROOT / "docs/concepts/serving.md").read_text()
SOURCES = sorted((ROOT / "src/headrace/serve").glob("*.py"))


def test_every_address_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"`((?:GET|POST) /[^`]*)`", HTTP))
    assert documented == {f"{one.method} {one.path}" for one in ADDRESSES} | {f"GET {ASSETS}/…"}


def test_every_error_code_is_documented_and_listed_where_it_is_made() -> None:
    used = {code for path in SOURCES for code in re.findall(r'code="(HR-\d+)"', path.read_text())}
    listed = set(re.findall(r"HR-\d+", errors.__doc__ or ""))
    assert used == listed
    assert used - set(re.findall(r"HR-\d+", HTTP)) == set()


def test_every_event_is_documented() -> None:
    sent = {name for path in SOURCES for name in re.findall(r'\bevent\("(\w+)"', path.read_text())}
    assert sent == {"tile", "error", "epoch", "start", "changes", "status"}
    assert all(f"| `{name}` |" in HTTP for name in sent)


def test_every_format_is_documented() -> None:
    assert all(f"`{format_.media_type}`" in HTTP for format_ in FORMATS)
    assert all(f"`{content_type}`" in HTTP for content_type in CONTENT_TYPES)


def test_every_limit_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", SERVING, flags=re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == {
        field.name: float(field.default) for field in fields(Limits) if isinstance(field.default, int | float)
    }


def test_every_test_that_the_guarantees_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", SERVING))
    defined = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(named) > 20
    assert named - defined == set()


def test_the_exports_are_these() -> None:
    assert sorted(headrace.serve.__all__) == [
        "Answer",
        "EpochResult",
        "Limits",
        "Node",
        "OnStart",
        "Question",
        "Server",
        "Sockets",
        "Stop",
        "app",
        "bind",
        "configure_logs",
        "socket_path",
        "to_arrow",
        "to_csv",
        "to_json",
        "to_parquet",
    ]


def test_pages_may_load_nothing_from_elsewhere() -> None:
    policy = SECURITY_HEADERS["content-security-policy"]
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy, "scripts fall under default-src 'self'"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_serve_knows_no_runtime(path: Path) -> None:
    assert "headrace.runtime" not in re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
