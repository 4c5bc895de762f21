"""What the architect knows holds together: names, grounds, prices, licences and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args
from urllib.parse import urlparse

import pytest
from pydantic import ValidationError

from headrace.architect.costs import priced
from headrace.architect.knowledge import PROVIDERS, Component, Knowledge, Technology, knowledge

from .made import technology

ROOT = Path(__file__).parents[2]
KNOWN = knowledge()
EVERY = [(component, name) for component, group in KNOWN.technologies.items() for name in group]
EVERYWHERE = pytest.mark.parametrize(("component", "name"), EVERY)

OPEN = {
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "MIT",
    "MPL-2.0",
    "PostgreSQL",
}
"""Licences that the Open Source Initiative has approved, by SPDX identifier."""

SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*( (AND|OR) [A-Za-z0-9][A-Za-z0-9.-]*)*")

PACKAGE_INDEX = re.compile(
    r"(^|\.)(pypi\.org|pythonhosted\.org|npmjs\.(com|org)|yarnpkg\.com|crates\.io|rubygems\.org|nuget\.org|packagist\.org"
    r"|mvnrepository\.com|maven\.org|maven\.apache\.org|search\.maven\.org|anaconda\.(org|com)|conda\.io|brew\.sh"
    r"|proxy\.golang\.org|pkg\.go\.dev|hub\.docker\.com|docker\.io|quay\.io|ghcr\.io|artifacthub\.io|jsdelivr\.net|unpkg\.com"
    r"|libraries\.io|repology\.org|jfrog\.io|sonatype\.(org|com))$"
    r"|(^|[.-])mirrors?[.-]|artifactory|nexus|(^|\.)packages\."
)
"""Hosts of indexes of packages and of their mirrors: they are where software is fetched, not who answers for a fact."""


def at(component: Component, name: str) -> Technology:
    return KNOWN.technologies[component][name]


def cited(made: Technology) -> set[str]:
    return {name for rating in made.ratings.values() for name in rating.evidence} | {*made.evidence}


def urls() -> Iterator[tuple[str, str]]:
    yield from ((name, evidence.url) for name, evidence in KNOWN.evidence.items())
    yield from ((name, each.url) for name, each in KNOWN.prices.items())


def test_every_component_has_technologies_and_two_open_ones_at_least() -> None:
    assert set(KNOWN.technologies) == set(get_args(Component))
    for component, group in KNOWN.technologies.items():
        assert sum(made.kind == "open_source" for made in group.values()) >= 2, component


def test_a_name_is_of_one_component_only() -> None:
    names = [name for _, name in EVERY]
    assert sorted(names) == sorted(set(names))


@EVERYWHERE
def test_a_technology_cites_evidence_that_there_is(component: Component, name: str) -> None:
    names = cited(at(component, name))
    assert names, "nothing is cited, not even for the licence"
    assert names <= set(KNOWN.evidence)


def test_all_evidence_is_cited() -> None:
    assert set(KNOWN.evidence) == {each for component, name in EVERY for each in cited(at(component, name))}


@EVERYWHERE
def test_what_is_proprietary_has_a_price_or_says_that_it_has_none(component: Component, name: str) -> None:
    made = at(component, name)
    if made.kind == "proprietary":
        assert bool(made.items) != made.unpriced
    else:
        assert not made.unpriced


@EVERYWHERE
def test_what_is_bought_has_a_price_wherever_it_may_run(component: Component, name: str) -> None:
    made = at(component, name)
    for where in PROVIDERS if made.provider == "any" else (made.provider,):
        assert {priced(item.price, KNOWN.prices, where) for item in made.items} <= set(KNOWN.prices)


@EVERYWHERE
def test_a_licence_is_an_spdx_identifier_or_proprietary(component: Component, name: str) -> None:
    made = at(component, name)
    assert SPDX.fullmatch(made.licence)
    parts = set(re.split(" AND | OR ", made.licence))
    if made.kind == "open_source":
        assert parts <= OPEN
    else:
        assert not parts & OPEN
    assert (made.licence == "proprietary") == (made.kind == "proprietary")
    if made.hosted or made.provider != "any":
        assert made.kind == "proprietary"


def test_every_price_is_used_or_is_the_codes_own() -> None:
    used = {"labour_hour", "usd_per_eur"}
    for component, name in EVERY:
        made = at(component, name)
        for where in PROVIDERS if made.provider == "any" else (made.provider,):
            used |= {priced(item.price, KNOWN.prices, where) for item in made.items}
    assert set(KNOWN.prices) - used == set()


def test_a_price_of_nothing_is_no_price() -> None:
    assert [name for name, each in KNOWN.prices.items() if each.amount == 0] == []


@pytest.mark.parametrize(
    "host",
    [
        "pypi.org",
        "files.pythonhosted.org",
        "pkg.go.dev",
        "mirror.example.org",
        "mirrors.example.org",
        "repo1.maven.org",
    ],
)
def test_hosts_of_packages_are_recognised(host: str) -> None:
    assert PACKAGE_INDEX.search(host)


@pytest.mark.parametrize("host", ["github.com", "docs.confluent.io", "kafka.apache.org", "learn.microsoft.com"])
def test_other_hosts_are_let_through(host: str) -> None:
    assert not PACKAGE_INDEX.search(host)


def test_nothing_rests_on_an_index_of_packages_or_a_mirror() -> None:
    assert [(name, url) for name, url in urls() if PACKAGE_INDEX.search(urlparse(url).netloc)] == []


def test_a_url_is_of_the_web_and_a_measurement_in_the_documentation() -> None:
    for name, url in urls():
        if not url.startswith("https://"):
            assert (ROOT / url.partition("#")[0]).is_file(), name
    for name, evidence in KNOWN.evidence.items():
        if evidence.basis == "measured":
            assert not evidence.url.startswith("http"), name


def test_nothing_is_of_a_later_day_than_today() -> None:
    today = date.today()
    dated = {**{n: e.date for n, e in KNOWN.evidence.items()}, **{n: p.date for n, p in KNOWN.prices.items()}}
    assert {name: day for name, day in dated.items() if day > today} == {}


def test_what_goes_together_are_technologies_that_there_are() -> None:
    names = {name for _, name in EVERY}
    central = {*KNOWN.technologies["stream_processing"], *KNOWN.technologies["batch_processing"]}
    fits = KNOWN.fits
    assert set(fits.only_with) <= names
    assert {engine for engines in fits.only_with.values() for engine in engines} <= central
    assert set(fits.reads) <= set(KNOWN.technologies["stream_processing"])
    assert {log for logs in fits.reads.values() for log in logs} <= set(KNOWN.technologies["event_log"])
    assert set(fits.serves) <= central
    for places in fits.serves.values():
        for component, served in places.items():
            assert set(served) <= set(KNOWN.technologies[component])
    assert all([*fits.only_with.values(), *fits.reads.values()])


def test_every_stream_processor_says_which_logs_it_reads() -> None:
    assert set(KNOWN.fits.reads) == set(KNOWN.technologies["stream_processing"])


def test_every_log_has_a_processor_that_reads_it() -> None:
    assert {log for logs in KNOWN.fits.reads.values() for log in logs} == set(KNOWN.technologies["event_log"])


def test_evidence_and_prices_that_nothing_defines_are_refused() -> None:
    held = KNOWN.model_dump()
    made = technology(evidence=["nonesuch"]).model_dump()
    with pytest.raises(ValidationError, match="event_log/made cites nonesuch"):
        Knowledge.model_validate({**held, "technologies": {"event_log": {"made": made}}})
    made = technology(items=[{"price": "nonesuch"}]).model_dump()
    with pytest.raises(ValidationError, match="event_log/made buys nonesuch"):
        Knowledge.model_validate({**held, "technologies": {"event_log": {"made": made}}})


def test_a_price_of_one_cloud_is_none_for_what_runs_on_any() -> None:
    held = KNOWN.model_dump()
    held["prices"] = {"aws_thing": {**held["prices"]["aws_vm_4"]}}
    anywhere = technology(items=[{"price": "thing"}]).model_dump()
    with pytest.raises(ValidationError, match="which has no price"):
        Knowledge.model_validate({**held, "technologies": {"event_log": {"made": anywhere}}})
    Knowledge.model_validate({**held, "technologies": {"event_log": {"made": {**anywhere, "provider": "aws"}}}})


def test_a_technology_is_rated_for_every_factor() -> None:
    made = technology().model_dump()
    del made["ratings"]["reliability"]
    with pytest.raises(ValidationError, match="no rating of reliability"):
        Technology.model_validate(made)
