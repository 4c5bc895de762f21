"""Requirements that cannot be read: each refused at its line, with an edit that mends it, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.architect.read import read
from headrace.errors import ProjectError
from headrace.project.problems import ProjectErrors

from .scenarios import EXAMPLES

FINE = """\
name: Shop
sources:
  - {name: clicks, kind: events, records_per_second: 10}
  - {name: orders, kind: database}
workloads:
  - name: live
    kind: dashboard
    freshness: 5 seconds
budget: {monthly: 1000}
history:
  years: 3
"""

EDITS = [
    # what is edited, into what, the code, the line, and a word of the fix
    ("a_key_that_is_not_known", "name: Shop", "name: Shop\ncolour: red", "HR-205", 2, "`cloud`"),
    ("a_key_within_that_is_not_known", "years: 3", "year: 3", "HR-205", 11, "`years`"),
    ("a_key_of_a_source_that_is_not_known", "kind: database", "kind: database, size: 3", "HR-205", 4, "`record_bytes`"),
    ("a_key_twice", "history:", "name: Shop\nhistory:", "HR-204", 10, "line 1"),
    ("a_name_that_is_missing", "name: Shop\n", "", "HR-206", 1, "`name"),
    ("workloads_that_are_missing", "workloads:", "domains:", "HR-206", 1, "`workloads"),
    ("a_kind_that_there_is_not", "kind: dashboard", "kind: dashbord", "HR-207", 7, "`dashboard`"),
    ("a_number_in_words", "monthly: 1000", "monthly: a lot", "HR-207", 9, "a number"),
    ("a_number_in_quotes", "monthly: 1000", 'monthly: "1000"', "HR-207", 9, "quotes"),
    ("a_number_with_its_unit", "monthly: 1000", "monthly: 1000 USD", "HR-207", 9, "unit"),
    ("a_truth_for_a_number", "monthly: 1000", "monthly: true", "HR-207", 9, "a number"),
    ("a_number_below_nothing", "monthly: 1000", "monthly: -1", "HR-207", 9, "0 or more"),
    ("a_rate_below_nothing", "second: 10", "second: -10", "HR-207", 3, "more than 0"),
    ("a_rate_of_nothing", "second: 10", "second: 0", "HR-207", 3, "more than 0"),
    ("a_rate_without_end", "second: 10", "second: 1e400", "HR-207", 3, "smaller"),
    ("a_peak_below_the_average", "second: 10", "second: 10, peak_factor: 0.5", "HR-207", 3, "1 or more"),
    ("years_of_nothing", "years: 3", "years: 0", "HR-207", 11, "more than 0"),
    ("years_in_a_list", "years: 3", "years: [3]", "HR-207", 11, "a number"),
    ("freshness_without_a_unit", "5 seconds", "5", "HR-207", 8, "`5 seconds`"),
    ("freshness_that_is_no_time", "5 seconds", "soon", "HR-207", 8, "seconds"),
    ("freshness_of_nothing", "5 seconds", "0 seconds", "HR-207", 8, "longer"),
    ("a_yes_for_a_truth", "years: 3", "restated: yes", "HR-207", 11, "`true`"),
    ("text_for_a_list", "budget:", "regulation: gdpr\nbudget:", "HR-207", 9, "[gdpr]"),
    ("a_currency_that_is_not_priced", "monthly: 1000", "monthly: 1, currency: GBP", "HR-207", 9, "`EUR`"),
    ("uptime_of_more_than_all", "budget:", "service_levels: {uptime: 101}\nbudget:", "HR-207", 9, "100 or less"),
    ("engineers_in_parts", "budget:", "team: {engineers: 2.5}\nbudget:", "HR-207", 9, "whole number"),
    ("a_skill_that_there_is_not", "budget:", "team: {skills: [sqll]}\nbudget:", "HR-207", 9, "`sql`"),
    ("users_below_one", "freshness:", "users: 0\n    freshness:", "HR-207", 8, "1 or more"),
    ("a_key_without_a_value", "years: 3", "years:", "HR-207", 11, "delete it"),
    ("weights_short_of_one", "budget:", "weights: {technical_fit: 0.1}\nbudget:", "HR-207", 9, "1"),
    ("weights_beyond_one", "budget:", "weights:\n  technical_fit: 0.4\nbudget:", "HR-207", 10, "1"),
    ("a_weight_below_nothing", "budget:", "weights: {cost_efficiency: -1}\nbudget:", "HR-207", 9, "0 or more"),
    ("a_component_that_there_is_not", "budget:", "matrix: [event_lag]\nbudget:", "HR-207", 9, "`event_log`"),
    ("no_component_to_argue", "budget:", "matrix: []\nbudget:", "HR-207", 9, "add one"),
    ("a_name_in_capitals", "name: clicks", "name: Clicks", "HR-208", 3, "lower-case"),
    ("a_name_that_is_kept", "name: clicks", "name: headrace_clicks", "HR-208", 3, "as in"),
    ("a_source_of_the_same_name", "name: orders", "name: clicks", "HR-209", 3, "rename"),
    ("a_domain_twice", "budget:", "domains: [{name: a}, {name: a}]\nbudget:", "HR-209", 9, "rename"),
    (
        "a_domain_that_is_not_declared",
        "freshness:",
        "domain: sails\n    freshness:",
        "HR-212",
        6,
        "sales",
    ),
    ("an_anchor", "name: Shop", "name: &it Shop", "HR-203", 1, "write the value out"),
    ("not_yaml", "monthly: 1000}", "monthly: 1000", "HR-203", 10, "close the bracket"),
]

FILES = [
    ("a_list", "- a\n- b\n", "HR-203", 1, "key: value"),
    ("only_text", "Just some text.\n", "HR-203", 1, "key: value"),
    ("an_open_quote", 'name: "Shop\n', "HR-203", 1, "close"),
    ("bytes_that_are_no_text", b"name: \xff\n", "HR-202", 1, "UTF-8"),
]


def refused(tmp_path: Path, content: str | bytes) -> tuple[ProjectError, ...]:
    """Read a file that must be refused; nothing may be written beside it."""
    path = tmp_path / "requirements.yaml"
    written = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(written)
    with pytest.raises(ProjectErrors) as caught:
        read(path)
    assert caught.value.state == "No design was made and nothing was written."
    assert [each.name for each in tmp_path.iterdir()] == ["requirements.yaml"]
    assert path.read_bytes() == written
    return caught.value.problems


def test_what_the_edits_start_from_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "requirements.yaml"
    path.write_text(FINE)
    assert [source.name for source in read(path).sources] == ["clicks", "orders"]


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "fix"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS]
)
def test_a_fault_is_refused_at_its_line(
    tmp_path: Path, before: str, after: str, code: str, line: int, fix: str
) -> None:
    assert FINE.count(before) == 1
    text = FINE.replace(before, after)
    if code == "HR-212":
        text += "domains: [{name: sales}]\n"
    told = [(each.code, each.where.line if each.where else None, each.fix) for each in refused(tmp_path, text)]
    assert [(each[0], each[1]) for each in told if each[0] == code] == [(code, line)]
    assert [each[2] for each in told if each[0] == code and fix in each[2]], told


@pytest.mark.parametrize(
    ("content", "code", "line", "fix"), [file[1:] for file in FILES], ids=[file[0] for file in FILES]
)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, content: str | bytes, code: str, line: int, fix: str
) -> None:
    (told,) = refused(tmp_path, content)
    assert told.where is not None
    assert (told.code, told.where.line) == (code, line)
    assert fix in told.fix


def test_lists_with_nothing_in_them_are_refused_together(tmp_path: Path) -> None:
    told = refused(tmp_path, "name: Shop\nsources: []\nworkloads: []\n")
    assert [(each.code, each.where.line if each.where else None) for each in told] == [("HR-207", 2), ("HR-207", 3)]
    assert {each.fix for each in told} == {"add one"}


def test_an_empty_file_is_told_what_it_lacks(tmp_path: Path) -> None:
    told = refused(tmp_path, "")
    assert [each.code for each in told] == ["HR-206"] * 3
    assert {each.fix.split("`")[1].split(":")[0] for each in told} == {"name", "sources", "workloads"}


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = FINE.replace("monthly: 1000", "monthly: -1").replace("kind: database", "kind: datebase")
    text = text.replace("5 seconds", "soon") + "colour: red\n"
    told = refused(tmp_path, text)
    assert [each.where.line if each.where else None for each in told] == [4, 8, 9, 12]
    assert all(each.what and each.fix and each.where and each.where.excerpt for each in told)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectErrors) as caught:
        read(tmp_path / "none.yaml")
    assert caught.value.code == "HR-202"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_an_example_is_read_and_says_again_what_it_said(name: str) -> None:
    requirements = read(EXAMPLES / f"{name}.yaml")
    assert type(requirements).model_validate(requirements.model_dump()) == requirements
