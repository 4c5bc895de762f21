"""``headrace target check``: what a target's engine makes of each model, without any service."""

from __future__ import annotations

from .conftest import Folder, Refused, headrace

TARGET = """\
name: shop
targets:
  cluster:
    lake:
      kind: s3
      warehouse: s3://nowhere/shop
      key: k
      secret: {env: NOT_THERE}
      catalog:
        postgres: {host: nowhere, database: d, user: u, password: {env: NOT_THERE}}
    engine: {kind: spark, master: "spark://nowhere:7077"}
"""
MEDIAN = "SELECT\n  shop,\n  median(amount) AS m\nFROM orders\nGROUP BY shop\n"
LAMBDA = "SELECT\n  shop,\n  list_sum(list_transform([amount], x -> x * 2)) AS m\nFROM orders\n"


def test_a_model_that_spark_cannot_keep_is_named_with_its_place(project: Folder) -> None:
    project.write("headrace.yaml", TARGET)
    assert headrace("target", "check", project.root, "--target", "cluster").ok().text.split() == ["ok", "by_shop"]
    project.write("models/middle.sql", LAMBDA)
    done = headrace("target", "check", project.root, "--target", "cluster")
    assert done.code == 3
    assert "HR-311" in done.text
    assert f"{project.root / 'models/middle.sql'}:3:3" in done.text
    assert "  list_sum(list_transform([amount], x -> x * 2)) AS m\n" in done.text
    said = headrace("target", "check", project.root, "--target", "cluster", "--json").json
    assert {model["model"]: model["ok"] for model in said["models"]} == {"by_shop": True, "middle": False}
    assert "LIST_SUM" in next(model for model in said["models"] if not model["ok"])["error"]["what"]


def test_without_an_engine_every_model_can_be_kept(project: Folder) -> None:
    project.write("models/middle.sql", MEDIAN)
    assert headrace("target", "check", project.root).ok().text.split() == ["ok", "by_shop", "ok", "middle"]


def test_a_target_that_is_not_there(project: Folder, refused: Refused) -> None:
    refused(headrace("target", "check", project.root, "--target", "cluster"), "HR-114", exit_code=2)
