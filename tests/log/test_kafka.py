"""The log on Kafka: what the contract does not say of it. Snapshots, topics that are not as we left them, a broker that goes away."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient, ConfigResource
from confluent_kafka.cimpl import TopicPartition

from headrace.errors import LogError
from headrace.log import Epoch, Log, Part, Receipt
from headrace.log.kafka import KafkaLog, KafkaSettings, committer, delete_kafka, follower, ledger, open_kafka, snapshots
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.committer import _Sending
from headrace.log.kafka.entries import HEADERS, Appended, BlockPlaced, Columns, Entry, Placed, encode
from tests.services import Service, broker, need_kafka

from .clients import Away, Said
from .implementations import SetClock, kafka_settings

pytestmark = pytest.mark.xdist_group("broker")

Reopen = Callable[..., KafkaLog]

AT_ONCE = timedelta(0)
"""The age of a snapshot whose entries are deleted as soon as there is another."""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[KafkaSettings]:
    need_kafka()
    given = kafka_settings(tmp_path)
    yield given
    delete_kafka(given)


@pytest.fixture
def reopen(settings: KafkaSettings, clock: SetClock) -> Iterator[Reopen]:
    """Opens the log of the test, with other settings if they are given; all are closed at the end."""
    opened: list[KafkaLog] = []

    def again(**other: object) -> KafkaLog:
        opened.append(open_kafka(replace(settings, **other), clock=clock))  # type: ignore[arg-type]
        return opened[-1]

    yield again
    for log in opened:
        log.close()


def table(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int64())})


def put(log: Log, *values: int, stream: str = "s", **more: str) -> Receipt:
    return log.append([Part(stream, table(*values))], source="test", **more)


@pytest.fixture
def admin(settings: KafkaSettings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.servers})


def refused(code: str, call: Callable[[], object]) -> LogError:
    with pytest.raises(LogError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.where
    assert caught.value.fix
    return caught.value


# Snapshots


def test_a_log_opens_from_its_snapshot(reopen: Reopen, settings: KafkaSettings, clock: SetClock) -> None:
    """Opened anew, it is what it was, though the entries that made it are deleted."""
    log = reopen(snapshot_entries=20, snapshot_age=AT_ONCE)
    for n in range(70):
        put(log, n, n, key=str(n), position=f"at {n}")
        if n % 3 == 0:
            log.record(Epoch(n // 3 + 1, {"s": 2 * n}, clock.now))
            clock.advance(timedelta(minutes=10))
    log.trim({"s": 60}, clock.now)
    log.append([Part("t", pa.table({"m": ["x"]}))], source="other")
    before = (log.ends(), log.starts(), log.counts(), log.position("test"), log.epochs(0), log.read("s", 60, 140))
    log.close()

    first = log_starts(settings, f"{settings.name}.journal")
    assert first > 0
    again = reopen()
    assert before == (
        again.ends(),
        again.starts(),
        again.counts(),
        again.position("test"),
        again.epochs(0),
        again.read("s", 60, 140),
    )
    assert again.starts()["s"] == 60
    assert put(again, 1, key="69") == Receipt({"s": (138, 140)}, duplicate=True)
    assert put(again, 70).offsets == {"s": (140, 141)}
    refused("HR-512", lambda: again.append([Part("t", pa.table({"m": [1]}))], source="other"))
    assert again.epoch(7) == again.epochs(6)[0]
    assert again.epoch_at(clock.now) == again.last_epoch()
    again.record(Epoch(25, {"s": 141}, clock.now))


def test_processes_that_write_snapshots_all_the_time_disturb_nobody(reopen: Reopen) -> None:
    logs = [reopen(snapshot_entries=5) for _ in range(3)]

    def append(n: int) -> list[tuple[int, int]]:
        return [put(logs[n], n, key=f"{n} {k}").offsets["s"] for k in range(60)]

    with ThreadPoolExecutor(3) as threads:
        offsets = [offset for part in threads.map(append, range(3)) for offset in part]
    assert sorted(offsets) == [(n, n + 1) for n in range(180)]
    for log in [*logs, reopen()]:
        assert log.ends() == {"s": 180}


def test_entries_are_deleted_once_their_snapshot_is_old_enough(reopen: Reopen, settings: KafkaSettings) -> None:
    log = reopen(snapshot_entries=5, snapshot_age=timedelta(seconds=2))
    for n in range(20):
        put(log, n)
    journal = f"{settings.name}.journal"
    assert log_starts(settings, journal) == 0
    time.sleep(2)
    for n in range(20, 40):
        put(log, n)
        time.sleep(0.01)
    log.close()
    assert 5 <= log_starts(settings, journal) <= 20
    assert reopen().read("s", 0, 40)["n"].to_pylist() == list(range(40))


def test_a_large_append_is_sent_in_turn(reopen: Reopen, monkeypatch: pytest.MonkeyPatch) -> None:
    log = reopen(batch_bytes=1000)
    monkeypatch.setattr(committer, "FLIGHT_BYTES", 5_000)
    send, sent = log._committer._send, list[_Sending]()

    def watched(*given: Any) -> _Sending:
        sent.append(send(*given))
        assert sum(one.size for one in sent if not one.ended) < 10_000
        return sent[-1]

    monkeypatch.setattr(log._committer, "_send", watched)
    assert put(log, *range(10_000)).offsets == {"s": (0, 10_000)}
    assert len(sent) > 80
    assert log.read("s", 0, 10_000)["n"].to_pylist() == list(range(10_000))


def test_an_append_that_takes_too_long_is_refused(reopen: Reopen, monkeypatch: pytest.MonkeyPatch) -> None:
    log = reopen()
    put(log, 1)
    monkeypatch.setattr(committer, "LONGEST", timedelta(0))
    assert "Append fewer rows" in refused("HR-515", lambda: put(log, 2)).fix
    monkeypatch.undo()
    assert put(log, 3).offsets == {"s": (1, 2)}


def test_a_snapshot_that_comes_late_is_not_begun_from(reopen: Reopen) -> None:
    log = reopen(snapshot_entries=1_000)
    for n in range(10):
        put(log, n)
    old = log._follower.lately(snapshots.written)
    for n in range(10, 30):
        put(log, n)
    log._committer.send(log._topics.snapshots, log._follower.lately(snapshots.written))
    log._committer.send(log._topics.snapshots, old)
    log._topics.forget_records({(log._topics.journal, 0): 25})
    assert reopen().read("s", 0, 30)["n"].to_pylist() == list(range(30))


def test_processes_that_are_open_briefly_write_snapshots_too(reopen: Reopen, settings: KafkaSettings) -> None:
    for n in range(12):
        log = reopen(snapshot_entries=5, snapshot_age=AT_ONCE)
        put(log, n)
        log.close()
    assert log_starts(settings, f"{settings.name}.journal") > 0
    assert reopen().ends() == {"s": 12}


def test_epochs_that_are_no_longer_in_memory_are_read(
    reopen: Reopen, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "EVERY", 8)
    monkeypatch.setattr(ledger, "RECENT", 10)
    log = reopen(snapshot_entries=20, snapshot_age=AT_ONCE)
    epochs = []
    for n in range(1, 61):
        epochs.append(Epoch(n, {}, clock.now))
        log.record(epochs[-1])
        refused("HR-513", lambda: log.record(epochs[-1]))
        clock.advance(timedelta(seconds=1))
    for one in (log, reopen()):
        assert one.epochs(-1) == one.epochs(0) == epochs
        for id in range(1, 61):
            assert one.epoch(id) == epochs[id - 1]
            assert one.epochs(id) == epochs[id:]
            assert one.epoch_at(epochs[id - 1].time + timedelta(milliseconds=500)) == epochs[id - 1]
        assert one.epoch_at(epochs[0].time - timedelta(seconds=1)) is None
        assert one.epoch(0) is one.epoch(61) is None


@pytest.mark.parametrize("silences", [0, 3])
def test_a_follower_that_fell_behind_a_snapshot_begins_again(
    reopen: Reopen, monkeypatch: pytest.MonkeyPatch, silences: int
) -> None:
    """Also when the broker does not answer just then."""
    heard = follower.available
    held = threading.Event()
    told: list[object] = []

    def available(reader: Consumer, timeout: float) -> list[object]:
        if threading.current_thread() is not behind._follower._thread:
            return heard(reader, timeout)  # type: ignore[return-value]
        if not held.is_set():
            time.sleep(0.05)
            return []
        if not told:
            told.append(Said(KafkaError._AUTO_OFFSET_RESET))  # its entries are deleted
            return told
        return heard(reader, timeout)  # type: ignore[return-value]

    behind, ahead = reopen(), reopen(snapshot_entries=10, snapshot_age=AT_ONCE)
    find, silent = behind._follower.snapshots, [behind._broker.silent("Reading snapshots") for _ in range(silences)]

    def find_snapshots() -> object:
        if silent:
            raise silent.pop()
        return find()

    monkeypatch.setattr(behind._follower, "snapshots", find_snapshots)
    monkeypatch.setattr(follower, "available", available)
    for n in range(60):
        put(ahead, n)
    held.set()
    assert behind.ends() == {"s": 60}
    assert told
    assert not silent
    assert behind.read("s", 58, 60)["n"].to_pylist() == [58, 59]


def test_entries_that_came_with_an_error_that_passes_are_added_once(
    reopen: Reopen, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = reopen()
    put(log, 1)
    heard, told, begun = follower.available, list[Said](), threading.Event()

    def available(reader: Consumer, timeout: float) -> list[object]:
        begun.set()
        records: list[object] = [*heard(reader, timeout)]
        if not records or len(told) == 3:
            return records
        told.append(Said(KafkaError._FAIL))
        log._broker._complained(KafkaError(KafkaError._TRANSPORT))
        return [*records, told[-1]]

    monkeypatch.setattr(follower, "available", available)
    assert begun.wait(5)
    assert put(log, 2, 3).offsets == {"s": (1, 3)}
    assert len(told) == 3
    log.record(Epoch(1, {"s": 3}, SetClock().now))
    for one in (log, reopen()):
        assert one.read("s", 0, 3)["n"].to_pylist() == [1, 2, 3]
        assert one.ends() == {"s": 3}


def log_starts(settings: KafkaSettings, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": settings.servers, "group.id": "test"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[0]
    finally:
        consumer.close()


# Topics


def test_rows_and_entries_never_expire_and_are_flushed_where_there_is_one_copy(
    reopen: Reopen, settings: KafkaSettings, admin: AdminClient
) -> None:
    put(reopen(), 1, stream="orders")
    for topic in ("journal", "ledger", "snapshots", "rows.orders"):
        resource = ConfigResource(ConfigResource.Type.TOPIC, f"{settings.name}.{topic}")
        said = admin.describe_configs([resource])[resource].result()
        assert said["retention.ms"].value == said["retention.bytes"].value == "-1"
        assert said["flush.messages"].value == "1"


@pytest.mark.parametrize("stream", ["a.b", "a_2e_b", "été", "headrace_rejected", "x" * 300, "Ω" * 120])
def test_any_name_is_a_stream(reopen: Reopen, stream: str) -> None:
    log = reopen()
    put(log, 1, stream=stream)
    put(log, 2, stream=f"{stream}2")
    assert log.read(stream, 0, 1)["n"].to_pylist() == [1]
    assert log.read(f"{stream}2", 0, 1)["n"].to_pylist() == [2]


def test_rows_spread_over_the_partitions_keep_their_order(reopen: Reopen) -> None:
    log = reopen(partitions=5)
    for n in range(23):
        put(log, 2 * n, 2 * n + 1)
    assert log.read("s", 0, 46)["n"].to_pylist() == list(range(46))
    assert log.read("s", 7, 30)["n"].to_pylist() == list(range(7, 30))


def test_records_of_trimmed_rows_are_deleted_in_time(reopen: Reopen, settings: KafkaSettings, clock: SetClock) -> None:
    log = reopen(partitions=1)
    for n in range(10):
        put(log, n)
    clock.advance(timedelta(minutes=5))
    log.trim({"s": 6}, clock.now)
    assert log_starts(settings, f"{settings.name}.rows.s") == 0  # an append may be on its way
    clock.advance(timedelta(minutes=6))
    log.trim({}, clock.now)
    assert log_starts(settings, f"{settings.name}.rows.s") == 6
    assert log.read("s", 6, 10)["n"].to_pylist() == [6, 7, 8, 9]


def test_a_retention_that_ran_ahead_is_named(reopen: Reopen, settings: KafkaSettings, admin: AdminClient) -> None:
    log = reopen(partitions=1, patience=timedelta(seconds=5))
    for n in range(10):
        put(log, n)
    for done in admin.delete_records([TopicPartition(f"{settings.name}.rows.s", 0, 4)]).values():
        done.result()
    error = refused("HR-517", lambda: log.read("s", 0, 10))
    assert "retention.ms" in error.fix
    assert log.read("s", 4, 10)["n"].to_pylist() == [4, 5, 6, 7, 8, 9]


def test_a_topic_that_was_deleted_is_named(reopen: Reopen, settings: KafkaSettings, admin: AdminClient) -> None:
    log = reopen(patience=timedelta(seconds=3))
    put(log, 1)
    for done in admin.delete_topics([f"{settings.name}.rows.s"]).values():
        done.result()
    time.sleep(1)
    with pytest.raises(LogError) as caught:
        log.read("s", 0, 1)
    assert caught.value.code in ("HR-504", "HR-515", "HR-517")
    assert f"{settings.name}.rows.s" in caught.value.what


def produce(settings: KafkaSettings, topic: str, value: bytes, headers: dict[str, str | bytes | None]) -> None:
    producer = Producer({"bootstrap.servers": settings.servers})
    producer.produce(f"{settings.name}.{topic}", value, partition=0, headers=headers)
    assert producer.flush(10) == 0


@pytest.mark.parametrize(
    ("value", "headers", "code"),
    [
        (b"hello", {}, "HR-505"),
        (b"{}", {"headrace": b"9"}, "HR-506"),
        (b'{"do": "dance"}', {"headrace": b"1"}, "HR-503"),
    ],
    ids=["foreign", "another format", "damaged"],
)
def test_what_is_no_entry_stops_the_log_and_is_named(
    reopen: Reopen, settings: KafkaSettings, value: bytes, headers: dict[str, str | bytes | None], code: str
) -> None:
    log = reopen()
    put(log, 1)
    produce(settings, "journal", value, headers)
    for call in (log.ends, lambda: put(log, 2), lambda: log.wait({}, 1), reopen):
        refused(code, call)


def test_other_records_among_the_rows_do_no_harm(reopen: Reopen, settings: KafkaSettings) -> None:
    log = reopen(partitions=1)
    put(log, 1)
    produce(settings, "rows.s", b"not of any append", {})
    put(log, 2)
    assert log.read("s", 0, 2)["n"].to_pylist() == [1, 2]


def test_a_row_too_large_for_the_broker_is_refused(reopen: Reopen) -> None:
    log = reopen()
    put(log, 1)
    wide = pa.table({"n": [1], "noise": [random.Random(0).randbytes(90_000_000)]})
    error = refused("HR-512", lambda: log.append([Part("s", wide)], source="test"))
    assert "larger" in error.what
    assert log.ends() == {"s": 1}
    assert put(log, 2).offsets == {"s": (1, 2)}


# Entries whose acknowledgement does not come


def test_an_entry_that_arrived_unacknowledged_counts(reopen: Reopen, monkeypatch: pytest.MonkeyPatch) -> None:
    log = reopen()
    put(log, 1)
    unheard(log, monkeypatch, arrives=True)
    assert put(log, 2, key="k").offsets == {"s": (1, 2)}
    assert put(log, 2, key="k").duplicate


def test_an_entry_that_was_taken_back_never_counts(reopen: Reopen, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = reopen(), reopen()
    put(log, 1)
    held = unheard(log, monkeypatch, arrives=False)
    error = refused("HR-515", lambda: put(log, 2, key="k", position="two"))
    assert "Nothing of it was kept" in error.state
    log._committer.send(log._topics.journal, [(encode(held[0]), HEADERS)])  # it was on its way all the time
    for one in (log, other, reopen()):
        assert one.ends() == {"s": 1}
        assert one.position("test") is None
    assert put(log, 2, key="k") == Receipt({"s": (1, 2)}, duplicate=False)


def unheard(log: KafkaLog, monkeypatch: pytest.MonkeyPatch, *, arrives: bool) -> list[Appended]:
    """The acknowledgement of the next append's entry is lost, with the entry or without."""
    entered = log._committer._entered
    held: list[Appended] = []
    silent = _Sending([], error=KafkaError(KafkaError._MSG_TIMED_OUT))

    def lost(entry: Entry) -> object:
        if not isinstance(entry, Appended) or held:
            return entered(entry)
        held.append(entry)
        if not arrives:
            return log._follower.awaited(entry.id), silent
        future, _ = entered(entry)
        log._committer._flush()
        return future, silent

    monkeypatch.setattr(log._committer, "_entered", lost)
    return held


def test_who_asks_for_the_end_takes_nothing_from_who_reads(reopen: Reopen) -> None:
    log = reopen()
    for n in range(50):
        put(log, n)
    fetcher = log._follower._journal
    client = fetcher._consumer
    with fetcher._turn, fetcher._reading({0: 0}) as arriving:
        time.sleep(1)  # until the client has records
        fetcher._consumer = Away(client)  # type: ignore[assignment]
        for _ in range(5):
            refused("HR-515", fetcher.bounds)
        fetcher._consumer = client
        assert [next(arriving).offset() for _ in range(50)] == list(range(50))


def test_rows_that_are_not_what_their_entry_says_are_named(reopen: Reopen) -> None:
    log = reopen()
    put(log, 1)
    schema = table().schema.serialize().to_pybytes()
    wrong = BlockPlaced("s", Columns("x", schema), [Placed(0, 0, 1, 10, 12345)])
    log._committer.send(log._topics.journal, [(encode(Appended("id", 0, "test", None, None, [wrong])), HEADERS)])
    error = refused("HR-503", lambda: log.read("s", 0, 2))
    assert "Rows 1 to 2" in error.what
    assert log.read("s", 0, 1)["n"].to_pylist() == [1]


def test_an_append_that_cannot_have_its_topic_fails_alone(reopen: Reopen, monkeypatch: pytest.MonkeyPatch) -> None:
    log = reopen()
    put(log, 1)
    partitions = log._topics.partitions

    def refusing(stream: str) -> int:
        if stream == "forbidden":
            time.sleep(0.2)  # the other one joins the group
            raise log._broker.explained(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), "Making the topic")
        return partitions(stream)

    monkeypatch.setattr(log._topics, "partitions", refusing)
    with ThreadPoolExecutor(4) as threads:
        bad = threads.submit(put, log, 1, stream="forbidden")
        good = [threads.submit(put, log, n) for n in range(3)]
        assert sorted(one.result().offsets["s"] for one in good) == [(1, 2), (2, 3), (3, 4)]
        refused("HR-516", bad.result)


# The broker


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Service]:
    yield from broker(tmp_path)


def test_a_broker_that_is_not_there_is_named(settings: KafkaSettings, clock: SetClock) -> None:
    nobody = replace(settings, servers="127.0.0.1:9", patience=timedelta(seconds=2))
    started = time.monotonic()
    error = refused("HR-515", lambda: open_kafka(nobody, clock=clock))
    assert "127.0.0.1:9" in error.what
    assert time.monotonic() - started < 20


def test_a_refusal_is_told_though_the_client_says_then_that_no_broker_is_left() -> None:
    broker_ = Broker(KafkaSettings("kafka:9092", "log", {"sasl.username": "ann", "sasl.password": "hunter2"}))
    complain = broker_.client()["error_cb"]
    complain(KafkaError(KafkaError._AUTHENTICATION, "Invalid username or password"))
    complain(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    error = broker_.explained(KafkaError(KafkaError._TRANSPORT, "Failed to get metadata"), "Asking the broker")
    assert error.code == "HR-516"
    assert "Kafka at kafka:9092 refuses user 'ann'" in error.what
    assert "Invalid username or password" in error.what
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_broker_that_goes_away_and_comes_back_loses_nothing(
    own_broker: Service, tmp_path: Path, clock: SetClock, how: signal.Signals
) -> None:
    settings = replace(kafka_settings(tmp_path), servers=own_broker.address, patience=timedelta(seconds=40))
    log = open_kafka(settings, clock=clock)
    acknowledged: list[int] = []
    failed: list[LogError] = []
    done = threading.Event()

    def append() -> None:
        n = 0
        while not done.is_set():
            try:
                put(log, n, key=str(n), position=str(n))
            except LogError as error:
                failed.append(error)
            else:
                acknowledged.append(n)
                n += 1

    writer = threading.Thread(target=append)
    writer.start()
    while len(acknowledged) < 20:
        time.sleep(0.05)
    own_broker.down(how)
    time.sleep(2)
    own_broker.up()
    reached = len(acknowledged)
    while len(acknowledged) < reached + 20:
        time.sleep(0.05)
    done.set()
    writer.join()
    assert not failed
    assert log.read("s", 0, log.ends()["s"])["n"].to_pylist() == acknowledged
    again = open_kafka(settings, clock=clock)
    assert again.ends() == {"s": len(acknowledged)}
    assert again.position("test") == str(acknowledged[-1])
    for each in (log, again):
        each.close()


def test_an_append_that_nobody_answers_fails_and_is_safe_to_repeat(
    own_broker: Service, tmp_path: Path, clock: SetClock
) -> None:
    settings = replace(kafka_settings(tmp_path), servers=own_broker.address, patience=timedelta(seconds=3))
    log = open_kafka(settings, clock=clock)
    put(log, 1, key="one")
    own_broker.down(signal.SIGKILL)
    error = refused("HR-515", lambda: put(log, 2, key="two"))
    assert own_broker.address in error.what
    refused("HR-515", log.ends)
    assert log.wait({"s": 1}, 0.2) is False
    own_broker.up()
    deadline = time.monotonic() + 60
    while True:
        try:
            receipt = put(log, 2, key="two")
        except LogError:
            assert time.monotonic() < deadline
        else:
            break
    assert receipt.offsets == {"s": (1, 2)}
    assert log.read("s", 0, 2)["n"].to_pylist() == [1, 2]
    log.close()
