"""Kafka topics that others write, as sources: every record is kept or refused, once, from wherever reading is taken up."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic, TopicPartition

from headrace.errors import SourceError
from headrace.ingest import Chunk, Reader, open_reader, resolve, topic
from headrace.project import KafkaSource, ProjectErrors, load
from tests.services import KAFKA, need_kafka

pytestmark = pytest.mark.xdist_group("broker")

COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}


class Topic:
    """A topic of the test's own, and what is written to it."""

    def __init__(self, admin: AdminClient, partitions: int = 3) -> None:
        self.admin = admin
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        for done in admin.create_topics([NewTopic(self.name, partitions, 1)]).values():
            done.result()
        self.producer = Producer({"bootstrap.servers": KAFKA, "linger.ms": 0})

    def put(self, value: Any, *, key: Any = None, partition: int = 0) -> None:
        """One record; text and bytes as they are, anything else as JSON, None as none."""
        self.producer.produce(self.name, written(value), key=written(key), partition=partition)

    def flush(self) -> None:
        assert self.producer.flush(20) == 0

    def delete_before(self, partition: int, offset: int) -> None:
        for done in self.admin.delete_records([TopicPartition(self.name, partition, offset)]).values():
            done.result()


def written(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture
def admin() -> AdminClient:
    need_kafka()
    return AdminClient({"bootstrap.servers": KAFKA})


@pytest.fixture
def make(admin: AdminClient) -> Iterator[Callable[..., Topic]]:
    made: list[Topic] = []

    def topic(partitions: int = 3) -> Topic:
        made.append(Topic(admin, partitions))
        return made[-1]

    yield topic
    for one in made:
        for done in admin.delete_topics([one.name]).values():
            done.result()


def source(topic: Topic, **more: Any) -> KafkaSource:
    given = {"servers": KAFKA, "bounded": True, "schema": COLUMNS, **more}
    return KafkaSource(name="s", file=Path("sources/s.yaml"), topic=topic.name, **given)


def opened(given: KafkaSource, position: str | None = None, *, full_speed: bool = True) -> Reader:
    return open_reader(given, Path(), position=position, full_speed=full_speed, clock=time.monotonic)


def chunks(given: KafkaSource, position: str | None = None, rows: Callable[[], int] = lambda: 1000) -> list[Chunk]:
    """All that there is from the position on."""
    reader = opened(given, position)
    found = []
    try:
        while not reader.done:
            chunk = reader.poll(rows())
            if chunk is not None:
                found.append(chunk)
    finally:
        reader.close()
    return found


def rows_of(found: list[Chunk]) -> list[dict[str, Any]]:
    return [row for chunk in found if chunk.rows is not None for row in chunk.rows.to_pylist()]


def rejects_of(found: list[Chunk]) -> dict[str, tuple[str, str]]:
    rejected = [row for chunk in found if chunk.rejected is not None for row in chunk.rejected.to_pylist()]
    return {row["position"].rpartition("/")[2]: (row["reason"], row["raw"]) for row in rejected}


def test_every_record_of_every_partition_comes_once_from_wherever_it_is_taken_up(make: Callable[..., Topic]) -> None:
    made = make()
    for n in range(300):
        made.put({"id": n, "name": f"n{n}"}, partition=n % 3)
    made.flush()
    rng = random.Random(1)
    found = chunks(source(made), rows=lambda: rng.randrange(1, 40))
    assert sorted(row["id"] for row in rows_of(found)) == list(range(300))
    for partition in range(3):
        own = [row["id"] for row in rows_of(found) if row["id"] % 3 == partition]
        assert own == sorted(own)
    assert sum(chunk.read for chunk in found) == sum(chunk.kept for chunk in found) == 300
    for at in (0, len(found) // 2, len(found) - 1):
        before = [row["id"] for row in rows_of(found[: at + 1])]
        after = [row["id"] for row in rows_of(chunks(source(made), found[at].position))]
        assert sorted(before + after) == list(range(300))


def test_what_is_no_row_is_refused_with_its_place(make: Callable[..., Topic]) -> None:
    made = make(1)
    values = [
        {"id": 1},
        "hello",
        "",
        None,
        b"\x00\x00\x00\x00\x07avro",
        [1],
        {"id": "x"},
        b"\xff",
        '{\n"id": 2}',
        {"id": 3},
    ]
    for value in values:
        made.put(value)
    made.flush()
    found = chunks(source(made))
    assert [row["id"] for row in rows_of(found)] == [1, 2, 3]
    refused = rejects_of(found)
    assert sorted(refused) == [f"0:{n}" for n in range(1, 8)]
    assert refused["0:1"][1] == "hello"
    assert "empty" in refused["0:2"][0]
    assert "tombstone" in refused["0:3"][0]
    assert "x" in refused["0:6"][1]
    assert sum(chunk.read for chunk in found) == len(values) == 3 + len(refused)


def test_with_a_key_values_replace_and_tombstones_delete(make: Callable[..., Topic]) -> None:
    made = make(1)
    made.put({"id": 1, "name": "a"}, key="1")
    made.put({"id": 1, "name": "b"}, key="1")
    made.put({"id": 2, "name": "c"}, key={"id": 2})
    made.put(None, key="1")
    made.put(None, key={"id": 2})
    made.put(None, key={"schema": {}, "payload": {"id": 7}})
    made.put(None)
    made.put(None, key={"other": 1})
    made.put({"name": "no key"})
    made.put(None, key="not a number")
    made.put(None, key={"schema": {"type": "int64"}, "payload": 8})
    made.put(None, key={"schema": {}, "payload": None})
    made.put(None, key="[" * 100_000)
    made.flush()
    found = chunks(source(made, key=["id"]))
    assert [(row["id"], row["name"], row["__w"]) for row in rows_of(found)] == [
        (1, "a", 1),
        (1, "b", 1),
        (2, "c", 1),
        (1, None, -1),
        (2, None, -1),
        (7, None, -1),
        (8, None, -1),
    ]
    assert sorted(rejects_of(found)) == ["0:11", "0:12", "0:6", "0:7", "0:8", "0:9"]
    assert sum(chunk.read for chunk in found) == 13


def test_a_text_key_of_one_column_need_not_be_json(make: Callable[..., Topic]) -> None:
    made = make(1)
    made.put(None, key="Müller")
    made.put(None, key='"quoted"')
    texts = ["1.10", "1e5", "0.1000000000000000000000000000001", "true", "null", "[1]", "12 "]
    for text in texts:
        made.put(None, key=text)
    made.put(None, key={"schema": {"type": "string"}, "payload": "2.50"})
    made.flush()
    found = chunks(source(made, key=["name"]))
    assert [row["name"] for row in rows_of(found)] == ["Müller", "quoted", *texts, "2.50"]
    assert {row["__w"] for row in rows_of(found)} == {-1}


def test_a_number_in_a_key_keeps_its_digits(make: Callable[..., Topic]) -> None:
    made = make(1)
    made.put(None, key="12345678901234567890.123456789")
    made.put(None, key='{"id": 12345678901234567890.123456789}')
    made.flush()
    found = chunks(source(made, key=["id"], schema={"id": "DECIMAL(38,9)"}))
    assert [str(row["id"]) for row in rows_of(found)] == ["12345678901234567890.123456789"] * 2


def test_debezium_envelopes_are_changes_and_their_tombstones_are_none(make: Callable[..., Topic]) -> None:
    made = make(1)
    made.put({"payload": {"op": "c", "before": None, "after": {"id": 1, "name": "a"}}}, key={"id": 1})
    made.put({"op": "u", "before": {"id": 1, "name": "a"}, "after": {"id": 1, "name": "b"}}, key={"id": 1})
    made.put({"op": "d", "before": {"id": 1, "name": "b"}, "after": None}, key={"id": 1})
    made.put(None, key={"id": 1})
    made.put({"op": "dance", "after": {"id": 2}})
    made.flush()
    found = chunks(source(made, format="debezium", key=["id"]))
    assert [(row["id"], row["name"], row["__w"]) for row in rows_of(found)] == [(1, "a", 1), (1, "b", 1), (1, "b", -1)]
    assert list(rejects_of(found)) == ["0:4"]
    assert (sum(chunk.read for chunk in found), sum(chunk.kept for chunk in found)) == (5, 4)


def test_only_committed_records_are_read_and_markers_at_the_end_are_no_records(make: Callable[..., Topic]) -> None:
    made = make(1)
    producer = Producer({"bootstrap.servers": KAFKA, "transactional.id": made.name})
    producer.init_transactions(20)
    for n, commit in enumerate([True, False, True, False]):
        producer.begin_transaction()
        producer.produce(made.name, json.dumps({"id": n}), partition=0)
        if commit:
            producer.commit_transaction(20)
        else:
            producer.flush(20)
            producer.abort_transaction(20)
    found = chunks(source(made))
    assert [row["id"] for row in rows_of(found)] == [0, 2]
    position = found[-1].position
    made.delete_before(0, made_end(made))
    assert (
        rows_of(chunks(source(made), position)) == []
    )  # what was marked as aborted, or committed, was no record to be missed
    made.put({"id": 9})
    made.flush()
    assert [row["id"] for row in rows_of(chunks(source(made), position))] == [9]


def made_end(made: Topic) -> int:
    consumer = Consumer({"bootstrap.servers": KAFKA, "group.id": "test"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(made.name, 0), timeout=10)[1]
    finally:
        consumer.close()


def test_a_topic_is_followed_into_new_partitions(make: Callable[..., Topic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic, "LOOK_SECONDS", 0.2)
    made = make(1)
    made.put({"id": 1})
    made.flush()
    reader = opened(source(made, bounded=False), full_speed=False)
    found: list[Chunk] = []

    def until(ids: list[int]) -> None:
        deadline = time.monotonic() + 40
        while sorted(row["id"] for row in rows_of(found)) != ids:
            assert time.monotonic() < deadline
            if (chunk := reader.poll(10)) is not None:
                found.append(chunk)

    until([1])
    while not reader.caught_up:
        reader.poll(10)
    for done in made.admin.create_partitions([NewPartitions(made.name, 3)]).values():
        done.result()
    time.sleep(0.5)
    made.producer = Producer({"bootstrap.servers": KAFKA})
    made.put({"id": 2}, partition=2)
    made.put({"id": 3}, partition=0)
    made.flush()
    until([1, 2, 3])
    reader.close()
    assert json.loads(found[-1].position)["partitions"].keys() >= {"0", "2"}


def refused(code: str, call: Callable[[], object]) -> SourceError:
    with pytest.raises(SourceError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.fix
    assert caught.value.state
    return caught.value


def test_a_retention_that_ran_ahead_stops_the_source(make: Callable[..., Topic]) -> None:
    made = make(1)
    for n in range(10):
        made.put({"id": n})
    made.flush()
    position = '{"topic": "", "partitions": {"0": 4}}'
    made.delete_before(0, 7)
    error = refused("HR-417", lambda: chunks(source(made), position))
    assert "3 records" in error.what
    assert [row["id"] for row in rows_of(chunks(source(made)))] == [
        7,
        8,
        9,
    ]  # what is there, where nothing was read before


def test_a_topic_that_was_made_anew_stops_the_source(make: Callable[..., Topic]) -> None:
    made = make(1)
    made.put({"id": 1})
    made.flush()
    refused("HR-405", lambda: chunks(source(made), '{"topic": "", "partitions": {"0": 40}}'))
    refused("HR-409", lambda: chunks(source(made), '{"files": {}}'))
    position = chunks(source(made))[-1].position
    for done in made.admin.delete_topics([made.name]).values():
        done.result()
    time.sleep(1)
    for done in made.admin.create_topics([NewTopic(made.name, 1, 1)]).values():
        done.result()
    made.producer = Producer({"bootstrap.servers": KAFKA})
    for n in range(5):
        made.put({"id": n})
    made.flush()
    assert "made anew" in refused("HR-405", lambda: chunks(source(made), position)).what


def test_a_broker_that_is_not_there_is_waited_for_or_named(
    make: Callable[..., Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "ASK_SECONDS", 0.5)
    made = make(1)
    reader = opened(source(made, servers="127.0.0.1:9", bounded=False), full_speed=False)
    for _ in range(3):
        assert reader.poll(10) is None
        assert not reader.caught_up
    reader.close()
    monkeypatch.setattr(topic, "PATIENCE", 1.0)
    error = refused("HR-416", lambda: chunks(source(made, servers="127.0.0.1:9")))
    assert "127.0.0.1:9" in error.what


def test_a_topic_that_is_not_there_is_named(make: Callable[..., Topic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic, "PATIENCE", 1.0)
    given = source(make(1)).model_copy(update={"topic": "test-nobody-made-this"})
    assert "test-nobody-made-this" in refused("HR-416", lambda: chunks(given)).what


def test_columns_are_inferred_from_what_is_there(make: Callable[..., Topic]) -> None:
    made = make(2)
    made.put({"id": 1, "at": "2026-01-02T03:04:05", "ok": True})
    made.put("no JSON", partition=1)
    made.put({"id": 2, "price": 1.5}, partition=1)
    made.flush()
    assert resolve(source(made, schema=None), Path()) == {
        "id": "BIGINT",
        "at": "TIMESTAMP",
        "ok": "BOOLEAN",
        "price": "DOUBLE",
    }
    refused("HR-407", lambda: resolve(source(make(1), schema=None), Path()))


def test_secrets_are_references(make: Callable[..., Topic], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(1)
    given = source(made, client={"sasl.password": {"env": "NO_SUCH_VARIABLE"}, "client.id": "x"})
    assert "NO_SUCH_VARIABLE" in refused("HR-418", lambda: opened(given)).what
    (tmp_path / "password").write_text("hunter2\n")
    kept = source(made, client={"sasl.password": {"file": str(tmp_path / "password")}})
    opened(kept).close()
    assert "hunter2" not in repr(kept)
    misplaced = refused("HR-416", lambda: opened(source(made, client={"fetch.wait.max.ms": "hunter2"})))
    assert "hunter2" not in str(misplaced)
    assert "fetch.wait.max.ms" in misplaced.what
    project = tmp_path / "project"
    (project / "sources").mkdir(parents=True)
    (project / "headrace.yaml").write_text("name: p\n")
    (project / "sources" / "s.yaml").write_text(
        "kind: kafka\nservers: a:1\ntopic: t\nclient: {sasl.password: hunter2}\nschema: {id: BIGINT}\n"
    )
    with pytest.raises(ProjectErrors) as caught:
        load(project)
    assert "secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_project_takes_a_topic_and_goes_on_where_it_was(make: Callable[..., Topic], tmp_path: Path) -> None:
    made = make()
    for folder in ("sources", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "headrace.yaml").write_text("name: shop\n")
    (tmp_path / "sources" / "orders.yaml").write_text(
        f"kind: kafka\nservers: {KAFKA}\ntopic: {made.name}\nkey: [id]\nschema: {{id: BIGINT, name: VARCHAR}}\n"
    )
    (tmp_path / "models" / "by_name.sql").write_text("SELECT name, count(*) AS n FROM orders GROUP BY name")

    def headrace(*words: str) -> str:
        command = [Path(sys.executable).with_name("headrace"), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    def counted() -> dict[str, int]:
        headrace("run", str(tmp_path), "--until-caught-up", "--no-serve")
        told = headrace("query", "SELECT name, n FROM by_name", "--format", "json", "--project", str(tmp_path))
        return {row["name"]: row["n"] for row in json.loads(told)}

    for n in range(100):
        made.put({"id": n, "name": "a" if n < 60 else "b"}, key=str(n), partition=n % 3)
    made.flush()
    assert counted() == {"a": 60, "b": 40}
    for n in range(50):
        made.put({"id": n, "name": "c"} if n % 2 else None, key=str(n), partition=n % 3)
    made.flush()
    assert counted() == {"a": 10, "b": 40, "c": 25}
    assert json.loads(headrace("parity", "--json", "--project", str(tmp_path)))["models"][0]["equal"] is True
