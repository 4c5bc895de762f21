"""The form of requirements without its page: what is filled in, the file it makes, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.architect import read
from headrace.architect.conflicts import Conflict
from headrace.architect.form.answer import answer
from headrace.architect.form.fields import Field, fields
from headrace.architect.form.form import RequirementsForm, loaded
from headrace.architect.form.text import HEAD, text
from headrace.architect.form.values import shown, stated
from headrace.architect.read import understood
from headrace.architect.requirements import Requirements
from headrace.errors import UsageError
from headrace.project.declared import Declared
from headrace.project.document import parse
from headrace.project.explain import nested, written
from headrace.project.problems import ProjectErrors

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "requirements").glob("*.yaml"))
FILE = Path("requirements.yaml")
LEAST: dict[str, Any] = {
    "name": "Shop",
    "sources": [{"name": "orders", "kind": "database"}],
    "workloads": [{"name": "now", "kind": "dashboard", "freshness": "5 seconds"}],
}


def keys(cls: type[Declared], at: str = "") -> set[str]:
    """Every key of a class and of what it holds."""
    found = set()
    for key, field in written(cls).items():
        found |= {at + key, *(one for inner in nested(field.annotation) for one in keys(inner, f"{at}{key}."))}
    return found


def asked(described: tuple[Field, ...], at: str = "") -> dict[str, Field]:
    return {at + one.key: one for one in described} | {
        key: field for one in described for key, field in asked(one.fields, f"{at}{one.key}.").items()
    }


def test_every_key_of_requirements_is_a_field_with_its_description() -> None:
    found = asked(fields())
    assert set(found) == keys(Requirements)
    assert all(field.description for field in found.values())
    assert {key for key, field in found.items() if field.required and "." not in key} == {
        "name",
        "sources",
        "workloads",
    }


def test_a_field_says_what_it_takes() -> None:
    found = asked(fields())
    assert found["sources.holds"].choices == ("personal", "payment", "health", "financial")
    assert (found["regulation"].none_said, found["sources.holds"].none_said) == (True, False)
    assert (found["budget.currency"].default, found["weights.technical_fit"].default) == ("USD", "0.3")
    assert "kafka" in found["systems.technology"].suggested
    kinds = {key: found[key].kind for key in ("team.engineers", "history.restated", "workloads.freshness")}
    assert kinds == {"team.engineers": "whole", "history.restated": "flag", "workloads.freshness": "duration"}


def test_a_new_key_is_a_field_by_itself_and_a_strange_one_is_told() -> None:
    class Larger(Requirements):
        colour: str | None = None

    class Strange(Declared):
        colour: complex = 1j

    assert fields(Larger)[-1] == Field("colour", "text", "", required=False)
    with pytest.raises(TypeError, match="colour"):
        fields(Strange)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_file_through_the_form_is_the_same_requirements(path: Path) -> None:
    values = loaded(path, path.read_text())
    made = text(stated(fields(), values))
    assert understood(made, FILE) == read(path)
    assert "null" not in made
    assert "{}" not in made
    assert loaded(FILE, made) == values


def test_what_is_empty_is_left_out_and_none_of_them_is_said() -> None:
    values = {
        **LEAST,
        "summary": "  ",
        "domains": [{"name": "", "owner": " "}],
        "history": {"years": ""},
        "regulation": [],
        "team": {"engineers": "4", "skills": []},
    }
    told = text(stated(fields(), values))
    assert parse(FILE, told).value == {**LEAST, "regulation": [], "team": {"engineers": 4, "skills": []}}
    assert text({}) == HEAD


SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1),
    st.sampled_from(
        ["1e3", "null", "~", "no", "true", "0x1F", "12", "2026-01-05", "- a", "a: b", "a # b", "*", "\\", "'"]
    ),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.one_of(
            SCALARS,
            st.lists(SCALARS),
            st.lists(st.dictionaries(st.sampled_from("de"), SCALARS, min_size=1), min_size=1),
        ),
    )
)
def test_the_file_says_what_is_stated_whatever_it_is(declared: dict[str, Any]) -> None:
    document = parse(FILE, text(declared))
    assert document.problems == ()
    assert document.value == declared


@pytest.mark.parametrize(
    ("values", "at", "code"),
    [
        ({}, "name", "HR-206"),
        ({**LEAST, "sources": [{"name": "orders"}]}, "sources.0.kind", "HR-206"),
        ({**LEAST, "sources": [{"name": "Orders", "kind": "database"}]}, "sources.0.name", "HR-208"),
        ({**LEAST, "sources": [*LEAST["sources"], *LEAST["sources"]]}, "sources", "HR-209"),
        ({**LEAST, "history": {"years": "many"}}, "history.years", "HR-207"),
        ({**LEAST, "history": {"restated": "perhaps"}}, "history.restated", "HR-207"),
        ({**LEAST, "budget": {"currency": "EUR"}}, "budget.monthly", "HR-206"),
        ({**LEAST, "team": {"engineers": "2.5"}}, "team.engineers", "HR-207"),
        ({**LEAST, "regulation": ["gdpr", "gdbr"]}, "regulation.1", "HR-207"),
        ({**LEAST, "weights": {"technical_fit": "0.9"}}, "weights", "HR-207"),
        ({**LEAST, "systems": [{"component": "event_log", "technology": "kafkaa"}]}, "systems.0.technology", "HR-212"),
    ],
)
def test_a_problem_is_told_at_its_field_as_the_command_tells_it(values: dict[str, Any], at: str, code: str) -> None:
    told = text(stated(fields(), values))
    with pytest.raises(ProjectErrors) as refused:
        understood(told, FILE)
    found = answer(FILE, told)
    assert (found.preview, found.contradictions) == (None, None)
    assert [(each["code"], each["what"], each["fix"]) for each in found.problems] == [
        (each.code, each.what, each.fix) for each in refused.value.problems
    ]
    assert (at, code) in [(each["at"], each["code"]) for each in found.problems]


def test_what_is_assumed_is_told_at_its_field() -> None:
    found = answer(FILE, text(stated(fields(), LEAST)))
    places = {each["key"]: each["at"] for each in found.assumptions}
    assert places["sources.orders.record_bytes"] == "sources.0.record_bytes"
    assert places["workloads.now.users"] == "workloads.0.users"
    assert {"budget", "history.years", "team.skills"} <= set(places.values())
    assert found.problems == ()
    assert found.preview is not None
    assert found.preview["pattern"] == "Kappa"
    assert {"component", "technology", "stays"} == set(found.preview["parts"][0])


def test_contradictions_are_told_with_their_causes_and_what_is_nearest() -> None:
    values = {**LEAST, "workloads": [{"name": "now", "kind": "alert", "freshness": "1 ms"}]}
    found = answer(FILE, text(stated(fields(), values)))
    assert found.preview is None
    assert found.contradictions is not None
    assert found.contradictions["code"] == "HR-001"
    first = found.contradictions["conflicts"][0]
    assert {"at": "workloads.0.freshness", "key": "workloads.now.freshness"} in first["given"]
    assert first["nearest"]
    assert found.assumptions
    assert set(first) == {"what", "given", "nearest"} < set(Conflict.__dataclass_fields__)


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {"colour": "red"},
        {"name": 5},
        {"sources": {"name": "a"}},
        {"sources": ["a"]},
        {"regulation": "gdpr"},
        {"regulation": [1]},
        {"team": {"skills": [[]]}},
        {"history": "long"},
    ],
)
def test_what_is_no_filled_in_form_is_refused(values: object) -> None:
    with pytest.raises(UsageError) as refused:
        RequirementsForm(Path("out")).check(values)
    assert refused.value.code == "HR-140"


def test_a_file_with_wrong_values_can_be_loaded_and_mended() -> None:
    values = loaded(FILE, "name: Shop\nsources:\n  - {name: Orders, kind: databas, records_per_second: '40'}\n")
    assert values["sources"] == [{"name": "Orders", "kind": "databas", "records_per_second": "40"}]


@pytest.mark.parametrize(
    ("content", "code"),
    [("name: [", "HR-203"), ("name: a\nname: b", "HR-204"), ("nam: a", "HR-205"), ("- a", "HR-203"), ("sources: 5", "HR-207"), ("sources: [5]", "HR-207")],
)  # fmt: skip
def test_a_file_that_no_field_can_show_is_refused_with_all_that_is_wrong(content: str, code: str) -> None:
    with pytest.raises(ProjectErrors) as refused:
        loaded(FILE, content)
    assert code in [problem.code for problem in refused.value.problems]
    assert "nothing was written" in refused.value.state


def code_of(deed: Any) -> str:
    with pytest.raises(UsageError) as refused:
        deed()
    return refused.value.code


def test_it_writes_over_a_file_only_if_that_is_agreed_to(tmp_path: Path) -> None:
    form, file = RequirementsForm(tmp_path / "out"), tmp_path / "out" / "requirements.yaml"
    form.save(LEAST, replace=False)
    first = file.read_text()
    form.save(LEAST, replace=False)  # it says so already
    file.chmod(0o640)
    assert code_of(lambda: form.save({**LEAST, "name": "Other"}, replace=False)) == "HR-122"
    assert file.read_text() == first
    form.save({**LEAST, "name": "Other"}, replace=True)
    assert "name: Other" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in file.parent.iterdir()] == ["requirements.yaml"]
    assert form.written == [file]


def test_it_makes_the_design_over_another_only_if_that_is_agreed_to(tmp_path: Path) -> None:
    form = RequirementsForm(tmp_path)
    (tmp_path / "design.json").write_text("somebody's")
    assert code_of(lambda: form.make(LEAST, replace=False)) == "HR-122"
    assert [one.name for one in tmp_path.iterdir()] == ["design.json"]
    assert form.page() is None
    form.make(LEAST, replace=True)
    assert form.page() == tmp_path / "architecture.html"
    assert (tmp_path / "design.json").read_text() != "somebody's"
    assert (tmp_path / "project" / "headrace.yaml").exists()


def test_what_cannot_be_met_or_is_wrong_writes_nothing(tmp_path: Path) -> None:
    form = RequirementsForm(tmp_path / "out")
    for values, code in (({**LEAST, "team": {"engineers": "0"}}, "HR-001"), ({}, "HR-200")):
        with pytest.raises(Exception, match=r".") as refused:
            form.make(values, replace=True)
        assert getattr(refused.value, "code", "") == code
    assert not (tmp_path / "out").exists()
    assert form.written == []


def test_nothing_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.write_text("somebody's")
    (folder / "requirements.yaml").symlink_to(elsewhere)
    form = RequirementsForm(folder)
    assert code_of(lambda: form.save(LEAST, replace=False)) == "HR-122"
    form.save(LEAST, replace=True)  # in place of the link
    assert elsewhere.read_text() == "somebody's"
    assert not (folder / "requirements.yaml").is_symlink()
    (folder / "project").mkdir()
    (folder / "project" / "headrace.yaml").symlink_to(elsewhere)
    assert code_of(lambda: form.make(LEAST, replace=True)) == "HR-103"
    assert elsewhere.read_text() == "somebody's"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    assert code_of(lambda: RequirementsForm(tmp_path / "out").save(LEAST, replace=True)) == "HR-103"


def test_shown_is_the_other_way_of_stated() -> None:
    declared = {**LEAST, "history": {"years": 2.5, "restated": False}, "team": {"skills": []}}
    assert stated(fields(), shown(fields(), declared)) == declared
