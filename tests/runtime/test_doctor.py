"""What doctor says of services that are well, and of each that is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from headrace.log.kafka import KafkaSettings, open_kafka
from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.doctor import Finding, examined
from tests.log.implementations import SetClock
from tests.services import KAFKA, path

from .cluster import Services, on_cluster, project

pytestmark = pytest.mark.xdist_group("broker")


def found(at: Path) -> dict[str, Finding]:
    return {one.part: one for one in examined(load(at), DataDir(at / ".headrace", "cluster"))}


def test_all_is_well(tmp_path: Path) -> None:
    with on_cluster() as (_, target):
        at = project(tmp_path / "p", target)
        (at / "sources" / "events.yaml").write_text(
            f"kind: kafka\nservers: {KAFKA}\ntopic: not-there\nschema: {{a: BIGINT}}\n"
        )
        first = found(at)
        command = [Path(sys.executable).with_name("headrace"), "doctor", at, "--target", "cluster", "--json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    parts = ["project", "data", "log", "storage", "catalog", "source events"]
    assert list(first) == parts
    failed = first.pop("source events").error
    assert failed is not None
    assert failed.code == "HR-416"
    assert not [one for one in first.values() if one.error]
    assert "no topic of this log yet" in first["log"].said
    said = json.loads(done.stdout)
    assert done.returncode == 3
    assert [(part["part"], part["ok"]) for part in said["parts"]] == [(name, name != "source events") for name in parts]
    assert said["parts"][-1]["error"]["code"] == "HR-416"


def test_without_a_target_the_data_directory_is_looked_at(tmp_path: Path) -> None:
    at = project(tmp_path / "p", Services().target("unused"))
    all_of_it = {one.part: one for one in examined(load(at), DataDir(at / ".headrace"))}
    assert list(all_of_it) == ["project", "data", "log", "lake"]
    assert not [one for one in all_of_it.values() if one.error]
    assert not (at / ".headrace").exists(), "doctor changes nothing"


Spoil = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("spoil", "part", "code"),
    [
        (lambda target: target["log"].update(servers="127.0.0.1:9"), "log", "HR-515"),
        (lambda target: target["log"].update(replicas=3), "log", "HR-520"),
        (lambda target: target["log"].update(client={"no.such.setting": "x"}), "log", "HR-516"),
        (lambda target: target["lake"].update(endpoint="http://127.0.0.1:9"), "storage", "HR-715"),
        (lambda target: target["lake"].update(key="nobody"), "storage", "HR-716"),
        (lambda target: target["lake"].update(secret={"file": "/dev/null"}), "storage", "HR-716"),
        (lambda target: target["lake"].update(secret={"env": "NOT_THERE"}), "storage", "HR-418"),
        (lambda target: target["lake"].update(warehouse="s3://nosuchbucket/x"), "storage", "HR-716"),
        (lambda target: target["lake"]["catalog"]["postgres"].update(port=9), "catalog", "HR-715"),
        (lambda target: target["lake"]["catalog"]["postgres"].update(user="nobody"), "catalog", "HR-716"),
        (lambda target: target["lake"]["catalog"]["postgres"].update(database="nothing"), "catalog", "HR-716"),
    ],
)
def test_each_part_that_is_amiss_is_told_apart(tmp_path: Path, spoil: Spoil, part: str, code: str) -> None:
    with on_cluster() as (_, target):
        spoil(target)
        all_of_it = found(project(tmp_path / "p", target))
    failed = all_of_it[part].error
    assert failed is not None
    assert failed.code == code
    assert failed.fix
    amiss = {name for name, one in all_of_it.items() if one.error}
    assert amiss == ({"storage", "catalog"} if code == "HR-418" else {part})
    told = "".join(str(one.error) for one in all_of_it.values())
    for secret in ("s3", "postgres"):
        assert path(secret).read_text().strip() not in told


def test_a_topic_that_lets_go_of_what_it_holds_is_named(tmp_path: Path) -> None:
    with on_cluster() as (name, target):
        at = project(tmp_path / "p", target)
        open_kafka(KafkaSettings(KAFKA, name), clock=SetClock()).close()
        assert not found(at)["log"].error
        entry = ConfigEntry("retention.ms", "86400000", incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, f"{name}.journal", incremental_configs=[entry])
        admin = AdminClient({"bootstrap.servers": KAFKA})
        for done in admin.incremental_alter_configs([resource]).values():
            done.result()
        failed = found(at)["log"].error
    assert failed is not None
    assert failed.code == "HR-517"
    assert f"{name}.journal" in failed.what
