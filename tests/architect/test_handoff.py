"""What is handed over runs as it is: every example's project takes its records, passes its tests, is proven, and all that its pages ask is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from headrace.architect import design, knowledge, read
from headrace.architect.handoff.models import SHAPES, main_source, pseudonym, read_by
from headrace.architect.handoff.project import files
from headrace.cli.reach import data_dir
from headrace.project import load
from headrace.project.written import dump
from headrace.runtime.node import Node, Settings
from headrace.security import Principal
from tests.sampling import in_ci, sampled

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "requirements").glob("*.yaml"))
HEADRACE = Path(sys.executable).with_name("headrace")


def headrace(*words: str | Path) -> str:
    done = subprocess.run([HEADRACE, *words], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def handed_over(example: Path, at: Path) -> Path:
    for name, text in files(design(read(example), knowledge())).items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)
    return at


@in_ci
@pytest.mark.parametrize("example", sampled(EXAMPLES[::-1], 5), ids=lambda path: path.stem)
def test_it_runs_passes_its_tests_and_is_proven(example: Path, tmp_path: Path) -> None:
    at = handed_over(example, tmp_path)
    headrace("run", at, "--until-caught-up", "--no-serve")
    receipts = json.loads(headrace("parity", "--json", "--project", at))["models"]
    assert all(receipt["equal"] and receipt["rows"] for receipt in receipts), receipts
    found = json.loads(headrace("test", "--json", "--project", at))
    uses = read(example).workloads
    assert {one["test"] for one in found["tests"]} == {use.name for use in uses}
    assert found["ok"]
    answered = pages_answer(at)
    assert answered
    assert all(answered)


def pages_answer(at: Path) -> list[int]:
    """Rows of each tile and section, with what the run left."""
    declared = load(at)
    asked = [tile.sql for page in declared.dashboards.values() for tile in page.tiles]
    asked += [section.sql for report in declared.reports.values() for section in report.sections if section.sql]
    node = Node(declared, data_dir(at, None), Settings(intake=False), lambda: datetime.now(UTC))
    node.open()
    try:
        return [node.query(sql, Principal("local", admin=True)).table.num_rows for sql in asked]
    finally:
        node.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_project_without_a_problem(example: Path, tmp_path: Path) -> None:
    project = load(handed_over(example, tmp_path))
    requirements = read(example)
    assert project.sources.keys() == {source.name for source in requirements.sources}
    assert project.models.keys() >= {use.name for use in requirements.workloads}


def test_who_is_meant_is_read_by_one_model_only(tmp_path: Path) -> None:
    example = ROOT / "examples" / "requirements" / "many_domains.yaml"
    made = files(design(read(example), knowledge()))
    for source in read(example).sources:
        readers = [name for name, text in made.items() if name.endswith(".sql") and f"FROM {source.name}\n" in text]
        if read_by(source) != source.name:
            (reader,) = readers
            assert reader == f"domains/{source.domain}/models/{read_by(source)}.sql"
            assert "pseudonym(subject)" in made[reader]
    assert pseudonym("s1") != pseudonym("s2") != "s2"


@in_ci
def test_in_a_mesh_what_other_domains_read_is_published(tmp_path: Path) -> None:
    """A domain that has no source of its own reads those of others, as their products, with persons as pseudonyms or without any."""
    requirements = yaml.safe_load((ROOT / "examples" / "requirements" / "many_domains.yaml").read_text())
    requirements["domains"].append({"name": "board"})
    requirements["domains"].append({"name": "audit"})
    requirements["workloads"].append({"name": "overview", "kind": "report", "freshness": "1 day", "domain": "board"})
    requirements["workloads"].append({"name": "odd_ones", "kind": "alert", "freshness": "1 hour", "domain": "audit"})
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(requirements))
    at = handed_over(tmp_path / "r.yaml", tmp_path / "project")
    found = json.loads(headrace("test", "--json", "--project", at))
    assert found["ok"], found
    project = load(at)
    assert project.domains["board"].owner == "the people of board"
    assert project.products["policies_pseudonymised"].domain == "policies"
    assert "odd_ones" not in project.products
    assert "FROM payments_published" in project.models["odd_ones"].sql
    assert project.models["payments_published"].domain == project.products["payments_published"].domain == "payments"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_its_pattern_and_policies_are_those_of_the_design(example: Path, tmp_path: Path) -> None:
    project = load(handed_over(example, tmp_path))
    made = design(read(example), knowledge())
    assert project.pattern == {"warehouse": "kappa"}.get(made.pattern.chosen, made.pattern.chosen)
    persons = any(read_by(source) != source.name for source in read(example).sources)
    assert ("personal_data" in project.policies) == persons
    assert bool(project.domains) == bool(project.products) == (made.pattern.chosen == "mesh")


@pytest.mark.parametrize("name", ["1e5", "08", "true", "~", "0x1F"])
def test_a_name_that_yaml_takes_for_something_else_stays_text(name: str, tmp_path: Path) -> None:
    told = {"name": name, "sources": [{"name": "a", "kind": "files"}]}
    told["workloads"] = [{"name": "b", "kind": "report", "freshness": "1 day"}]
    (tmp_path / "r.yaml").write_text(dump(told))
    assert load(handed_over(tmp_path / "r.yaml", tmp_path / "project")).name == name


def test_what_must_be_fresh_is_shown_with_a_source_that_streams() -> None:
    made = design(read(ROOT / "examples" / "requirements" / "e_commerce.yaml"), knowledge())
    shown = {use.need.name: main_source(use, made.needs).name for use in made.needs.uses}
    assert shown["fraud_alerts"] == shown["inventory_now"] == "clicks"


@in_ci
def test_every_kind_of_workload_has_a_shape(tmp_path: Path) -> None:
    requirements = {
        "name": "all kinds",
        "sources": [{"name": "events", "kind": "events"}],
        "workloads": [{"name": f"a_{kind}", "kind": kind, "freshness": "1 minute"} for kind in SHAPES],
    }
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(requirements))
    at = handed_over(tmp_path / "r.yaml", tmp_path / "project")
    found = json.loads(headrace("test", "--json", "--project", at))
    assert found["ok"], found
    assert len(found["tests"]) == len(SHAPES)
