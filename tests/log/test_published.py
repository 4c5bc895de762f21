"""Models published on Kafka: what counts is told by a marker, whatever else is in the topics."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from headrace.errors import LogError
from headrace.log.kafka import (
    Build,
    KafkaSettings,
    Marker,
    Published,
    Publisher,
    delete_kafka,
    fetch,
    follower,
    open_kafka,
    open_published,
    open_publisher,
    published,
)
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.topics import Topics
from tests.services import KAFKA, need_kafka

from .clients import Away, Said

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.timeout(120)]

MODELS = ["counts", "näme"]
BUILD = Build({"counts": "1", "näme": "1"}, {"ev": {"id": "BIGINT"}})
NOTHING: dict[str, tuple[int, ...]] = {}


class SetClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def settings() -> Iterator[KafkaSettings]:
    need_kafka()
    found = KafkaSettings(KAFKA, f"test-{uuid.uuid4().hex[:12]}")
    yield found
    delete_kafka(found)


@pytest.fixture
def publisher(settings: KafkaSettings, clock: SetClock) -> Iterator[Publisher]:
    opened = open_publisher(settings, clock=clock)
    found = opened.begin(MODELS)
    assert (found.marker, found.build, found.whole) == (None, None, False)
    opened.build(BUILD)
    yield opened
    opened.close()


def put(publisher: Publisher, model: str, rows: Mapping[str, str | None]) -> None:
    keys, values = (
        pa.chunked_array([pa.array(list(rows))]),
        pa.chunked_array([pa.array(list(rows.values()), pa.string())]),
    )
    publisher.put(model, keys, values)


def mark(publisher: Publisher, epoch: int) -> None:
    publisher.mark(Marker(epoch, datetime(2020, 1, 1, tzinfo=UTC), {"ev": epoch * 10}, frozenset({"ev"}), NOTHING))


def rows(table: pa.Table | None) -> dict[str, str | None]:
    """The newest of each key."""
    found: dict[str, tuple[int, str | None]] = {}
    for record in [] if table is None else table.to_pylist():
        if record["number"] >= found.get(record["key"], (-1, None))[0]:
            found[record["key"]] = record["number"], record["value"]
    return {key: value for key, (_, value) in found.items()}


def taken(reader: Published, seconds: float = 20) -> tuple[int, dict[str, dict[str, str | None]]]:
    marker = reader.newest(seconds)
    assert marker is not None
    return marker.epoch, {model: rows(table) for model, table in reader.records(marker).items()}


def test_epochs_are_taken_whole(settings: KafkaSettings, publisher: Publisher, clock: SetClock) -> None:
    put(publisher, "counts", {str(n): "1" for n in range(1000)})
    put(publisher, "näme", {"x": "y"})
    mark(publisher, 1)
    reader = open_published(settings, MODELS, clock=clock)
    epoch, found = taken(reader)
    assert (epoch, len(found["counts"]), found["näme"]) == (1, 1000, {"x": "y"})
    assert reader.build == BUILD
    put(publisher, "counts", {"1": "2", "2": None})
    assert reader.newest(1) is None  # not marked yet
    mark(publisher, 2)
    assert taken(reader) == (2, {"counts": {"1": "2", "2": None}})
    for number in (3, 4, 5):  # several together, if they are there
        put(publisher, "näme", {"x": str(number)})
        mark(publisher, number)
    publisher.receipts(b'{"counts": {}}')
    until = time.monotonic() + 20
    while reader.receipts == b"{}" and time.monotonic() < until:
        reader.newest(0.1)
    marker = Marker(5, datetime(2020, 1, 1, tzinfo=UTC), {"ev": 50}, frozenset({"ev"}), NOTHING)
    assert rows(reader.records(Marker(**{**marker.__dict__, "ends": reader.standing()}))["näme"]) == {"x": "5"}
    reader.close()


def test_what_a_dead_publisher_left_does_not_count_until_it_is_marked(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    put(publisher, "counts", {"a": "1"})
    mark(publisher, 1)
    put(publisher, "counts", {"a": "2", "b": "2"})
    publisher._settle()  # and dies
    reader = open_published(settings, MODELS, clock=clock)
    assert taken(reader) == (1, {"counts": {"a": "1"}})
    again = open_publisher(settings, clock=clock)
    found = again.begin(MODELS)
    assert found.marker is not None
    assert (found.marker.epoch, found.build, found.whole) == (1, BUILD, False)
    assert rows(again.everything("counts")) == {"a": "2", "b": "2"}
    put(again, "counts", {"b": None})
    mark(again, 2)
    assert taken(reader) == (2, {"counts": {"a": "2", "b": None}})
    assert again.begin(MODELS).whole
    again.close()
    reader.close()


def test_a_marker_is_not_taken_that_compaction_may_have_overtaken(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    """What is beyond an old marker may have replaced what is before it: then only a newer one tells what is whole."""
    put(publisher, "counts", {"a": "1"})
    mark(publisher, 1)
    clock.ahead = timedelta(hours=3)
    reader = open_published(settings, MODELS, clock=clock)
    assert taken(reader)[0] == 1  # old, and nothing is beyond it
    put(publisher, "counts", {"a": "2"})
    publisher._settle()
    other = open_published(settings, MODELS, clock=clock)
    assert other.newest(2) is None
    mark(publisher, 2)
    assert taken(other) == (2, {"counts": {"a": "2"}})
    reader.close()
    other.close()


def test_a_reader_that_stood_still_for_a_day_says_so(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    mark(publisher, 1)
    reader = open_published(settings, MODELS, clock=clock)
    assert reader.newest(20) is not None
    clock.ahead = timedelta(hours=13)
    with pytest.raises(LogError, match="HR-523"):
        reader.newest(0)
    # Nothing may happen for days: it is asked whether anything did.
    reader._in_touch = clock()

    def later() -> Marker | None:
        clock.ahead += timedelta(hours=11)
        reader._looked = 0.0
        return reader.newest(0)

    assert (later(), later()) == (None, None)
    put(publisher, "counts", {"a": "1"})
    publisher._settle()
    reader._take = lambda _: None  # type: ignore[method-assign]  # and hears nothing of it
    assert later() is None
    with pytest.raises(LogError, match="HR-523"):
        later()
    reader.close()


def test_what_was_published_of_another_build_does_not_count(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    """A node that dies after it has said what it publishes now, and before it has: what is there is of the build before."""
    put(publisher, "counts", {"a": "1"})
    mark(publisher, 1)
    early = open_published(settings, MODELS, clock=clock)
    assert taken(early)[0] == 1
    other = Build({"counts": "2", "näme": "1"}, {"ev": {"id": "BIGINT"}})
    publisher.build(other)
    fresh = open_published(settings, MODELS, clock=clock)
    assert fresh.newest(2) is None
    found = open_publisher(settings, clock=clock).begin(MODELS)
    assert (found.marker, found.build, found.whole) == (None, other, False)
    put(publisher, "counts", {"a": "2"})
    mark(publisher, 1)
    assert taken(fresh) == (1, {"counts": {"a": "2"}})
    assert taken(early) == (1, {"counts": {"a": "2"}})
    early.close()
    fresh.close()


def test_topics_that_come_later_are_read(settings: KafkaSettings, clock: SetClock) -> None:
    reader = open_published(settings, MODELS, clock=clock)
    assert reader.newest(0.1) is None
    opened = open_publisher(settings, clock=clock)
    opened.begin(MODELS)
    opened.build(BUILD)
    put(opened, "näme", {"a": "1"})
    mark(opened, 3)
    assert taken(reader, 30) == (3, {"näme": {"a": "1"}})
    opened.close()
    reader.close()


def test_topics_that_come_while_the_broker_goes_away_are_read(
    settings: KafkaSettings, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = open_published(settings, MODELS, clock=clock)
    opened = open_publisher(settings, clock=clock)
    opened.begin(MODELS)
    opened.build(BUILD)
    put(opened, "näme", {"a": "1"})
    mark(opened, 3)
    ends, silent = reader._ends, [reader._broker.silent("Asking for the end")]

    def asked() -> dict[tuple[str, int], int]:
        if silent and reader._partitions:
            raise silent.pop()
        return ends()

    monkeypatch.setattr(reader, "_ends", asked)
    with pytest.raises(LogError, match="HR-515"):
        reader.newest(30)
    assert taken(reader, 30) == (3, {"näme": {"a": "1"}})
    opened.close()
    reader.close()


@pytest.mark.parametrize(
    ("errors", "code"),
    [([KafkaError._FAIL], "HR-515"), ([KafkaError._FAIL, KafkaError.TOPIC_AUTHORIZATION_FAILED], "HR-516")],
)
def test_records_that_came_with_an_error_are_taken(
    settings: KafkaSettings,
    publisher: Publisher,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    errors: list[int],
    code: str,
) -> None:
    put(publisher, "counts", {str(n): "1" for n in range(500)})
    put(publisher, "näme", {"x": "y"})
    mark(publisher, 1)
    reader = open_published(settings, MODELS, clock=clock)
    heard, left = published.available, list(errors)

    def available(*given: Any) -> list[object]:
        records = heard(*given)
        if not left or not any(record.error() is None for record in records):
            return [*records]
        reader._broker._complained(KafkaError(KafkaError._TRANSPORT))
        odd = [Said(code) for code in left]
        left.clear()
        return [*odd, *records]

    monkeypatch.setattr(published, "available", available)
    with pytest.raises(LogError, match=code):
        reader.newest(20)
    epoch, found = taken(reader)
    assert (epoch, len(found["counts"]), found["näme"]) == (1, 500, {"x": "y"})
    reader.close()


def test_records_that_come_while_something_else_is_asked_are_taken(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    for model in MODELS:
        put(publisher, model, {str(n): "1" for n in range(500)})
    mark(publisher, 1)
    reader = open_published(settings, MODELS, clock=clock)
    time.sleep(1)  # until the client has records
    client, reader._reader = reader._reader, Away(reader._reader)  # type: ignore[assignment]
    for _ in range(5):
        with pytest.raises(LogError, match="HR-515"):
            reader.standing()
    reader._reader = client
    epoch, found = taken(reader)
    assert (epoch, {model: len(rows) for model, rows in found.items()}) == (1, dict.fromkeys(MODELS, 500))
    reader.close()


def test_topics_of_a_log_with_a_like_name_stay(settings: KafkaSettings, publisher: Publisher, clock: SetClock) -> None:
    like = replace(settings, name=f"{settings.name}.models.other")
    open_kafka(like, clock=clock).close()
    again = open_publisher(settings, clock=clock)
    again.begin(["counts"])
    again.close()
    delete_kafka(settings)
    admin = AdminClient({"bootstrap.servers": KAFKA})
    assert f"{like.name}.journal" in admin.list_topics(timeout=10).topics
    delete_kafka(like)


def test_a_topic_that_is_not_compacted_is_named(settings: KafkaSettings, clock: SetClock) -> None:
    admin = AdminClient({"bootstrap.servers": KAFKA})
    for made in admin.create_topics([NewTopic(f"{settings.name}.models.counts", 1, 1)]).values():
        made.result()
    with pytest.raises(LogError, match=r"HR-517.*cleanup.policy"):
        open_publisher(settings, clock=clock).begin(MODELS)


def test_models_that_are_gone_lose_their_topics_and_the_rest_is_compacted(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    put(publisher, "counts", {"a": "1"})
    mark(publisher, 1)
    publisher.build(BUILD)
    again = open_publisher(settings, clock=clock)
    again.begin(["näme"])
    admin = AdminClient({"bootstrap.servers": KAFKA})
    name = settings.name
    until = time.monotonic() + 20
    while f"{name}.models.counts" in (there := admin.list_topics(timeout=10).topics) and time.monotonic() < until:
        time.sleep(0.1)
    assert sorted(topic for topic in there if topic.startswith(f"{name}.")) == [
        f"{name}.models.n_e4_me",
        f"{name}.published",
    ]
    (asked,) = admin.describe_configs([ConfigResource("topic", f"{name}.models.n_e4_me")]).values()
    said = {key: entry.value for key, entry in asked.result().items()}
    assert said["cleanup.policy"] == "compact"
    assert said["min.compaction.lag.ms"] == "3600000"
    again.close()


def test_a_log_deletes_what_was_published_with_it(
    settings: KafkaSettings, publisher: Publisher, clock: SetClock
) -> None:
    open_kafka(settings, clock=clock).close()
    put(publisher, "counts", {"a": "1"})
    mark(publisher, 1)
    delete_kafka(settings)
    admin = AdminClient({"bootstrap.servers": KAFKA})
    until = time.monotonic() + 20
    while time.monotonic() < until:
        left = [topic for topic in admin.list_topics(timeout=10).topics if topic.startswith(f"{settings.name}.")]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def test_what_others_wrote_there_is_told(settings: KafkaSettings, publisher: Publisher, clock: SetClock) -> None:
    mark(publisher, 1)
    stranger = Producer({"bootstrap.servers": KAFKA})
    stranger.produce(f"{settings.name}.published", b"{}", b"epoch")
    stranger.flush()
    reader = open_published(settings, MODELS, clock=clock)
    with pytest.raises(LogError, match="HR-505"):
        reader.newest(10)
    reader.close()


def test_a_broker_that_does_not_answer_is_named(clock: SetClock) -> None:
    away = KafkaSettings("127.0.0.1:9", "test", patience=timedelta(seconds=1))
    for opened in (
        lambda: open_publisher(away, clock=clock).begin(MODELS),
        lambda: open_published(away, MODELS, clock=clock),
    ):
        with pytest.raises(LogError, match=r"HR-515.*127.0.0.1:9"):
            opened()


def test_what_cannot_be_opened_leaves_no_client_open(monkeypatch: pytest.MonkeyPatch) -> None:
    away = KafkaSettings("127.0.0.1:9", "test", patience=timedelta(seconds=0.5))
    broker = Broker(away)
    topics = Topics(away, broker)
    opened: list[Consumer] = []

    def consumer(*given: Any) -> Consumer:
        opened.append(fetch_consumer(*given))
        return opened[-1]

    fetch_consumer = fetch.consumer
    for module in (fetch, follower, published):
        monkeypatch.setattr(module, "consumer", consumer)
    with pytest.raises(LogError, match="HR-515"):
        follower.Follower(away, broker, topics)
    assert len(opened) == 4
    with pytest.raises(LogError, match="HR-515"):
        open_published(away, MODELS, clock=SetClock())
    assert len(opened) == 5
    for one in opened:
        with pytest.raises(RuntimeError, match="closed"):
            one.poll(0)


def test_who_waits_for_a_silent_broker_can_be_called_back() -> None:
    """A node that ends while its broker is away does not wait for it."""
    settings = KafkaSettings("127.0.0.1:9", "away", patience=timedelta(seconds=60))
    broker = Broker(settings)
    publisher = Publisher(settings, broker, Topics(settings, broker), SetClock())
    told: list[LogError] = []

    def publish() -> None:
        try:
            publisher.receipts(b"{}")
        except LogError as error:
            told.append(error)

    waiting = threading.Thread(target=publish)
    waiting.start()
    waiting.join(1)
    assert waiting.is_alive()
    publisher.give_up()
    waiting.join(5)
    assert not waiting.is_alive()
    assert [error.code for error in told] == ["HR-515"]
    publisher.close()
