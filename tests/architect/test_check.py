"""``headrace design check``: a project that is as designed, and each way in which it may have drifted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headrace.architect import write
from headrace.architect.document.marks import SECTION_MARK
from headrace.cli.app import app

ROOT = Path(__file__).parents[2]
SIMPLE = """\
name: Shop
sources:
  - {name: orders, kind: database, holds: [personal]}
  - {name: prices, kind: files}
  - {name: stock, kind: files}
workloads:
  - {name: daily, kind: report, freshness: 1 day}
  - {name: customers, kind: exploration, freshness: 1 day}
"""
TARGET = """\
targets:
  large:
    lake:
      kind: s3
      warehouse: s3://history/shop
      endpoint: https://s3.example.com
      key: shop
      secret: {env: S3_SECRET}
      catalog: {postgres: {host: db.example.com, database: catalog, user: shop, password: {env: CATALOG_PASSWORD}}}
"""


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    """A project as it was handed over, and its design beside it."""
    (tmp_path / "r.yaml").write_text(SIMPLE)
    write(tmp_path / "r.yaml", tmp_path / "architecture")
    project = tmp_path / "architecture" / "project"
    with (project / "headrace.yaml").open("a") as settings:
        settings.write(TARGET)
    return project


def checked(project: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(app, ["design", "check", str(project), "--json", *more])
    return done.exit_code, json.loads(done.stdout)["drift"]


def only(project: Path) -> dict[str, Any]:
    code, found = checked(project, "--target", "large")
    assert code == 3
    (one,) = found
    assert SECTION_MARK.search(one["section"])
    assert one["fix"]
    return one


def test_what_was_handed_over_is_as_designed(handed: Path) -> None:
    assert checked(handed, "--target", "large") == (0, [])
    assert "as designed" in CliRunner().invoke(app, ["design", "check", str(handed), "--target", "large"]).stdout


def test_history_on_the_nodes_own_disk(handed: Path) -> None:
    code, (one,) = checked(handed)
    assert code == 3
    assert one["found"] == "history on the node's disk"
    assert "`lake: {kind: s3, …}`" in one["fix"]


def test_a_source_that_is_gone(handed: Path) -> None:
    (handed / "sources" / "stock.yaml").unlink()
    assert only(handed)["what"] == "the source stock"


def test_a_source_that_nobody_designed(handed: Path) -> None:
    (handed / "sources" / "more.yaml").write_text("kind: push\nschema: {id: BIGINT}\n")
    assert only(handed)["designed"] == "not in the design"


def test_differences_have_an_order(handed: Path) -> None:
    plain = (handed / "sources" / "prices.yaml").read_text()
    names = ["delta", "alpha", "echo", "bravo", "charlie", "foxtrot"]
    for name in names:
        (handed / "sources" / f"{name}.yaml").write_text(plain)
    _, found = checked(handed, "--target", "large")
    assert [one["what"] for one in found] == [f"the source {name}" for name in sorted(names)]


def test_a_workload_without_a_model(handed: Path) -> None:
    (handed / "models" / "customers.sql").unlink()
    assert only(handed)["what"] == "the workload customers"


def test_persons_that_a_second_model_reads(handed: Path) -> None:
    (handed / "models" / "more.sql").write_text("SELECT subject FROM orders")
    one = only(handed)
    assert "holds persons" in one["what"]
    assert one["found"] == "more, orders_pseudonymised"


def test_a_door_that_is_open_to_others(handed: Path) -> None:
    settings = handed / "headrace.yaml"
    settings.write_text(settings.read_text() + "serve: {host: 0.0.0.0}\n")
    assert only(handed)["found"] == "0.0.0.0"


def test_a_design_for_streams_beside_its_small_form(tmp_path: Path) -> None:
    """Files that end, and the log on the node's own machine, are not yet as designed; the command says what to do."""
    write(ROOT / "examples" / "requirements" / "brief.yaml", tmp_path)
    code, found = checked(tmp_path / "project")
    assert code == 3
    assert {one["what"] for one in found} >= {"the source application_events", "event log"}
    settings = tmp_path / "project" / "headrace.yaml"
    settings.write_text(settings.read_text().replace("pattern: lambda\n", ""))
    assert "the pattern" in {one["what"] for one in checked(tmp_path / "project")[1]}


def test_a_mesh_whose_domain_is_gone(tmp_path: Path) -> None:
    write(ROOT / "examples" / "requirements" / "many_domains.yaml", tmp_path)
    shutil.rmtree(tmp_path / "project" / "domains" / "partners")
    found = {one["what"] for one in checked(tmp_path / "project")[1]}
    assert found >= {"the domain partners", "the source partners", "the workload commissions"}
    assert "the pattern" not in found


def test_data_of_persons_without_a_policy(handed: Path) -> None:
    (handed / "policies" / "personal_data.yaml").unlink()
    assert only(handed)["what"] == "data of persons"


def test_no_design_to_compare_with_is_told(handed: Path) -> None:
    for words, text in (([], None), (["--design", str(handed / "headrace.yaml")], None)):
        if not words:
            (handed.parent / "design.json").write_text(text or '{"version": 99}')
        done = CliRunner().invoke(app, ["design", "check", str(handed), *words])
        assert getattr(done.exception, "code", "") == "HR-117"


def test_the_short_form_is_the_long_one(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(SIMPLE)
    short = CliRunner().invoke(app, ["design", str(path), "--out", str(tmp_path / "a")])
    long = CliRunner().invoke(app, ["design", "make", str(path), "--out", str(tmp_path / "b")])
    assert short.exit_code == long.exit_code == 0
    assert (tmp_path / "a" / "design.json").read_bytes() == (tmp_path / "b" / "design.json").read_bytes()
    assert "make" in CliRunner().invoke(app, ["design", "--help"]).stdout
