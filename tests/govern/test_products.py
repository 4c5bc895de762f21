"""Products: how they stand to their promises, and contracts over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.govern import Contract, Standing, changed_without_version, contracts, health
from headrace.govern.personal import asks_for_tag
from headrace.project import Domain, Product, Project, parsed_version
from headrace.project.policy import PERSONAL

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = Path("/p/domains/sales/products/daily.yaml")


def product(**more: object) -> Product:
    stated: dict[str, object] = {
        "version": "1.2.0",
        "description": "A day.",
        "schema": {"day": "DATE", "n": "BIGINT"},
        "key": ["day"],
        "not_null": ["n"],
        "freshness": "10 minutes",
    }
    return Product.model_validate({"name": "daily", "file": FILE, "domain": "sales", **stated, **more})


def project(of: Product) -> Project:
    domain = Domain(name="sales", file=Path("/p/domains/sales/domain.yaml"), owner="sales")
    return Project(root=Path("/p"), name="p", pattern="mesh", domains={"sales": domain}, products={of.name: of})


STANDING = Standing(
    now=NOW, complete_to=NOW, timed=True, ended=False, waiting=0, taken_at=NOW, equal=True, proven_at=NOW, clock=NOW
)


@pytest.mark.parametrize(
    ("change", "freshness", "behind"),
    [
        ({}, "met", 0),
        ({"complete_to": NOW - timedelta(minutes=10)}, "met", 600),
        ({"complete_to": NOW - timedelta(minutes=10, seconds=1)}, "broken", 601),
        ({"complete_to": NOW + timedelta(minutes=1)}, "met", 0),
        ({"complete_to": None}, "unknown", None),
        ({"taken_at": None}, "unknown", None),
        ({"now": None}, "unknown", None),
        ({"complete_to": None, "timed": False}, "met", 0),
        ({"complete_to": None, "timed": False, "waiting": 5, "taken_at": NOW - timedelta(hours=1)}, "broken", 3600),
        ({"complete_to": NOW - timedelta(days=1), "ended": True}, "met", 0),
        ({"complete_to": NOW - timedelta(days=1), "ended": True, "waiting": 1}, "broken", 86400),
    ],
)
def test_freshness(change: dict[str, object], freshness: str, behind: float | None) -> None:
    found = health(product(), replace(STANDING, **change))  # type: ignore[arg-type]
    assert (found.freshness, None if found.behind is None else found.behind.total_seconds()) == (freshness, behind)
    assert found.ok == (freshness != "broken")


@pytest.mark.parametrize(
    ("promised", "equal", "age", "verdict"),
    [
        (None, False, 0, "not promised"),
        ("1 hour", None, 0, "unknown"),
        ("1 hour", True, 3600, "met"),
        ("1 hour", True, 3601, "broken"),
        ("1 hour", False, 0, "broken"),
    ],
)
def test_proof(promised: str | None, equal: bool | None, age: int, verdict: str) -> None:
    one = product(**({} if promised is None else {"proven": promised}))
    at = None if equal is None else NOW - timedelta(seconds=age)
    found = health(one, replace(STANDING, equal=equal, proven_at=at))
    assert found.proven == verdict
    assert found.ok == (verdict != "broken")


@pytest.mark.parametrize(
    ("now", "says", "version"),
    [
        ({}, "", ""),
        ({"version": "1.2.1"}, "", ""),
        ({"version": "1.1.9"}, "is older than 1.2.0", "1.2.0"),
        ({"schema": {"day": "DATE", "n": "BIGINT", "m": "BIGINT"}}, "m is new", "1.3.0"),
        ({"schema": {"day": "DATE", "n": "BIGINT", "m": "BIGINT"}, "version": "1.2.9"}, "m is new", "1.3.0"),
        ({"schema": {"day": "DATE", "n": "BIGINT", "m": "BIGINT"}, "version": "1.3.0"}, "", ""),
        ({"schema": {"day": "DATE"}, "not_null": [], "version": "1.9.0"}, "n is gone", "2.0.0"),
        ({"schema": {"day": "DATE", "n": "INTEGER"}, "version": "1.9.0"}, "n is INTEGER, and was BIGINT", "2.0.0"),
        ({"key": ["n"], "version": "1.9.0"}, "another key", "2.0.0"),
        ({"not_null": [], "version": "1.9.0"}, "n may be NULL", "2.0.0"),
        ({"schema": {"n": "BIGINT"}, "key": [], "version": "2.0.0"}, "", ""),
    ],
)
def test_a_contract_that_changes_says_so_in_its_version(now: dict[str, object], says: str, version: str) -> None:
    before = contracts(project(product()))
    found = list(changed_without_version(project(product(**now)), before))
    assert bool(found) == bool(says)
    for problem in found:
        assert problem.code == "HR-225"
        assert says in problem.what
        assert f"version: {version}" in problem.fix


def test_what_is_not_published_yet_may_be_anything() -> None:
    assert list(changed_without_version(project(product(version="0.0.1")), {})) == []


VERSIONS = st.tuples(*[st.integers(0, 30)] * 3)
COLUMNS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["BIGINT", "VARCHAR"]), min_size=1)


@given(COLUMNS, COLUMNS, VERSIONS, VERSIONS)
def test_the_version_that_is_asked_for_is_enough_and_none_below_it_is(
    old: dict[str, str], new: dict[str, str], was: tuple[int, int, int], now: tuple[int, int, int]
) -> None:
    def told(version: tuple[int, int, int]) -> str:
        one = product(schema=new, key=[], not_null=[], version=".".join(map(str, version)))
        found = list(changed_without_version(project(one), {"daily": Contract(".".join(map(str, was)), old, ())}))
        return found[0].fix if found else ""

    least = was if old == new else (was[0], was[1] + 1, 0) if old.items() <= new.items() else (was[0] + 1, 0, 0)
    assert told(least) == ""
    assert bool(told(now)) == (now < least)


@pytest.mark.parametrize("text", ["1", "1.0", "v1.0.0", "1.0.0-beta", "01.0.0", "1.0.-1", "", "1.0.0.0"])
def test_versions_are_three_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        parsed_version(text)


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("email", "email"),
        ("customer_email", "email"),
        ("CustomerEmail", "email"),
        ("e_mail", "e_mail"),
        ("first_name", "first_name"),
        ("firstName", "first_name"),
        ("ip", "ip"),
        ("ip_address", "ip_address"),
        ("shipping", None),
        ("name", None),
        ("emails", None),
        ("mailing_list", None),
        ("article", None),
        ("IPAddress", "ip_address"),
        ("phone1", "phone"),
    ],
)
def test_names_that_ask_for_a_tag(column: str, word: str | None) -> None:
    assert asks_for_tag(column, PERSONAL) == word
