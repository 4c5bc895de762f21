"""Serving nodes: they answer as the node that keeps the models, and never anything in between, whatever is killed on the way."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from confluent_kafka import Consumer

from headrace.errors import EngineError, HeadraceError, LogError
from headrace.project import load
from headrace.runtime.answers import Ask
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from headrace.runtime.publishing import Publishing
from headrace.runtime.serving import ServingNode
from tests.services import KAFKA, Service, broker

from .cluster import LOCAL, Services, on_cluster, project, write

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.timeout(600)]

HEADRACE = Path(sys.executable).with_name("headrace")
MODELS = {
    "bag": "SELECT k, id % 5 AS m FROM ev WHERE id % 2 = 0",
    "top": "SELECT k, n FROM by_k ORDER BY n DESC, k LIMIT 2",
    "parts": "SELECT m, count(*) AS n FROM bag GROUP BY m",
    "one": "SELECT 1 AS one",
}
QUESTIONS = {
    "by_k": "SELECT k, n, total::BIGINT AS total, newest FROM by_k",
    "bag": "SELECT *, count(*) AS n FROM bag GROUP BY ALL",
    "top": "SELECT * FROM top",
    "parts": "SELECT * FROM parts",
    "one": "SELECT * FROM one",
    "ev": "SELECT count(*) AS n, sum(id)::BIGINT AS total FROM ev",
}


def wall() -> datetime:
    return datetime.now(UTC)


def grown(folder: Path, target: dict[str, object], **settings: object) -> Path:
    at = project(folder, target, **settings)
    for name, sql in MODELS.items():
        (at / "models" / f"{name}.sql").write_text(sql)
    return at


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Path]:
    with on_cluster() as (_, target):
        yield grown(tmp_path / "p", target)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A broker of the test's own, which it may kill."""
    yield from broker(tmp_path)


@contextmanager
def keeping(at: Path, data: Path) -> Iterator[Node]:
    node = Node(load(at), DataDir(data, "cluster"), Settings(), wall)
    node.open()
    try:
        node.start()
        yield node
    finally:
        node.close()


@contextmanager
def serving(at: Path, data: Path) -> Iterator[ServingNode]:
    node = ServingNode(load(at), DataDir(data, "cluster"), wall)
    node.open()
    try:
        node.start()
        yield node
    finally:
        node.close()


def answers(node: Node) -> tuple[int, dict[str, list[str]]]:
    """All as of one epoch."""

    found = node.query_all([Ask(sql) for sql in QUESTIONS.values()], LOCAL)
    epochs, tables = set(), {}
    for name, answer in zip(QUESTIONS, found, strict=True):
        if isinstance(answer, Exception):
            raise answer
        epochs.add(answer.epoch)
        tables[name] = sorted(repr(list(row.values())) for row in answer.table.to_pylist())
    (epoch,) = epochs
    return epoch, tables


def expected(count: int) -> dict[str, list[str]]:
    """What the models are of the events below that number, worked out here."""
    by_k = [(f"k{k}", len(ids), sum(ids), max(ids)) for k in range(3) if (ids := range(k, count, 3))]
    bag: dict[tuple[str, int], int] = {}
    for n in range(0, count, 2):
        bag[f"k{n % 3}", n % 5] = bag.get((f"k{n % 3}", n % 5), 0) + 1
    parts = [(m, sum(n for (_, of), n in bag.items() if of == m)) for m in {m for _, m in bag}]
    top = sorted(((k, n) for k, n, *_ in by_k), key=lambda row: (-row[1], row[0]))[:2]
    found: dict[str, list[Any]] = {
        "by_k": by_k,
        "bag": [(*key, n) for key, n in bag.items()],
        "top": top,
        "parts": parts,
        "one": [(1,)],
        "ev": [(count, sum(range(count)) if count else None)],
    }
    return {name: sorted(repr(list(row)) for row in rows) for name, rows in found.items()}


def seen(node: Node) -> int:
    found = node.query("SELECT count(*) AS n FROM ev", LOCAL).table["n"][0].as_py()
    assert isinstance(found, int)
    return found


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_answers_as_the_node_that_keeps_the_models(at: Path, tmp_path: Path) -> None:
    write(at, range(500))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 500)
        with serving(at, tmp_path / "a") as one, serving(at, tmp_path / "b") as other:
            told: list[tuple[int, dict[str, int]]] = []
            one.watch(
                lambda result: told.append(
                    (result.epoch, {name: result.changes(name).num_rows for name in result.changed})
                )
            )
            for start in range(500, 1000, 50):
                write(at, range(start, start + 50))
                until(lambda start=start: seen(one) == start + 50)  # type: ignore[misc]
                # Whatever it tells is one epoch of all: as many rows counted by each model as by the source.
                epoch, found = answers(one)
                assert found == expected(start + 50)
                assert epoch <= kept.query("SELECT 1 AS one", LOCAL).epoch
            until(lambda: seen(other) == 1000)
            assert answers(one) == answers(other) == answers(kept)
            assert [epoch for epoch, _ in told] == list(range(told[0][0], told[-1][0] + 1))
            assert all(changed["ev"] == 50 for _, changed in told)
            # Earlier epochs, sources, counts and proofs are there as well.
            before = one.query("SELECT sum(n)::BIGINT AS n FROM by_k", LOCAL, as_of=told[0][0]).table
            assert before["n"].to_pylist() == [550]
            assert [receipt["equal"] for receipt in one.parity()["models"]] == [True] * 5
            assert kept.parity()["models"]
            until(lambda: len(other.receipts()) == 5)
            status, wanted = one.status(), kept.status()
            assert status["sources"][0]["read"] == wanted["sources"][0]["read"] == 1000
            assert [m["rows"] for m in status["models"]] == [m["rows"] for m in wanted["models"]]
            assert one.lineage()["edges"] == kept.lineage()["edges"]


def test_it_serves_while_the_other_is_away_and_goes_on_when_it_is_back(at: Path, tmp_path: Path) -> None:
    write(at, range(300))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 300)
        follower = serving(at, tmp_path / "serving")
        node = follower.__enter__()
    try:
        assert answers(node)[1] == expected(300)
        write(at, range(300, 400))
        with keeping(at, tmp_path / "other machine") as kept:  # which has nothing of what the first one had
            until(lambda: seen(kept) == 400)
            until(lambda: seen(node) == 400)
            assert answers(node)[1] == expected(400)
    finally:
        follower.__exit__(None, None, None)


def test_nothing_is_served_before_anything_is_published(
    at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.runtime.following.FIRST_SECONDS", 1)
    with pytest.raises(LogError, match="HR-521"), serving(at, tmp_path / "serving"):
        pass


def test_another_version_of_the_project_is_not_served(at: Path, tmp_path: Path) -> None:
    write(at, range(100))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 100)
        (at / "models" / "bag.sql").write_text("SELECT k, id % 7 AS m FROM ev")
        with pytest.raises(LogError, match=r"HR-522.*bag, parts differ"), serving(at, tmp_path / "serving"):
            pass
        (at / "models" / "bag.sql").write_text(MODELS["bag"])
        follower = serving(at, tmp_path / "serving")
        node = follower.__enter__()
        assert answers(node)[1] == expected(100)
    try:
        (at / "models" / "top.sql").write_text("SELECT k FROM by_k")
        with keeping(at, tmp_path / "kept"):
            until(lambda: node.wait(0))
        with pytest.raises(LogError, match=r"HR-522.*top differ"):
            node.check()
        # What it has is of what was published before, and still answers.
        assert answers(node)[1] == expected(100)
    finally:
        follower.__exit__(None, None, None)


def test_a_node_that_dies_between_a_new_version_and_its_rows_publishes_them_later(
    at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(at, range(30))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 30)
    (at / "models" / "parts.sql").write_text("SELECT m, count(*) * 1000 AS n FROM bag GROUP BY m")
    with monkeypatch.context() as patch:
        patch.setattr(Publishing, "_level", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt), keeping(at, tmp_path / "kept"):
            pass
    with keeping(at, tmp_path / "kept") as kept, serving(at, tmp_path / "serving") as node:
        assert answers(node) == answers(kept)


def test_a_state_that_is_made_again_is_published_again(at: Path, tmp_path: Path) -> None:
    """Sums of DOUBLE may then differ in their last digits, and keys of rows that have them."""
    (at / "models" / "sums.sql").write_text("SELECT k, sum(id * 0.1::DOUBLE) AS x FROM ev GROUP BY k")
    (at / "models" / "rows.sql").write_text("SELECT x FROM sums")
    question = "SELECT count(*) AS n, list(x ORDER BY x) AS x FROM rows"
    with keeping(at, tmp_path / "kept") as kept:
        for start in range(0, 100, 7):
            write(at, range(start, start + 7))
            until(lambda start=start: seen(kept) == start + 7)  # type: ignore[misc]
        until(lambda: kept._publishing is not None and kept._publishing.idle)
        follower = serving(at, tmp_path / "serving")
        node = follower.__enter__()
    try:
        shutil.rmtree(tmp_path / "kept")
        with keeping(at, tmp_path / "kept") as kept:
            write(at, range(105, 112))
            until(lambda: seen(kept) == 112)
            until(lambda: seen(node) == 112)
            for one in (kept, node):
                assert one.query(question, LOCAL).table["n"].to_pylist() == [3]
            with serving(at, tmp_path / "another") as fresh:
                assert fresh.query(question, LOCAL).table == kept.query(question, LOCAL).table
                assert [receipt["equal"] for receipt in fresh.parity()["models"]] == [True] * 7
    finally:
        follower.__exit__(None, None, None)


def test_changes_that_cannot_be_read_for_a_while_are_published_all_the_same(
    at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(at, range(30))
    with keeping(at, tmp_path / "kept") as kept, serving(at, tmp_path / "serving") as node:
        until(lambda: seen(kept) == 30)
        left, records = [3], kept._engine.records

        def failing(relation: str, key: Sequence[str]) -> pa.Table:
            if left[0] > 0:
                left[0] -= 1
                raise EngineError("S3 is away", code="HR-610")
            return records(relation, key)

        monkeypatch.setattr(kept._engine, "records", failing)
        write(at, range(30, 60))
        until(lambda: seen(node) == 60)
        assert left == [0]
        assert answers(node)[1] == expected(60)


def test_a_node_ends_though_the_broker_is_away_and_much_waits(
    own: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.runtime.publishing.MOST_WAITING", 1)
    monkeypatch.setattr("headrace.runtime.publishing.CLOSE_SECONDS", 1)
    with on_cluster(Services(kafka=own.address)) as (_, target):
        at = grown(tmp_path / "p", target)
    write(at, range(30))
    node = Node(load(at), DataDir(tmp_path / "kept", "cluster"), Settings(), wall)
    node.open()
    node.start()
    until(lambda: seen(node) == 30)
    held = threading.Event()
    publishing = node._publishing
    assert publishing is not None
    publishing._publish = lambda _: held.wait()  # type: ignore[method-assign, assignment]
    for start in range(30, 60, 10):
        write(at, range(start, start + 10))
        time.sleep(1)
    closing = threading.Thread(target=node.close)
    closing.start()
    time.sleep(0.5)
    held.set()
    closing.join(60)
    assert not closing.is_alive()


def test_the_proofs_there_are_those_of_this_version(at: Path, tmp_path: Path) -> None:
    write(at, range(30))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 30)
        kept.parity()
    (at / "models" / "bag.sql").write_text("SELECT k, id % 3 AS m FROM ev")
    with keeping(at, tmp_path / "kept") as kept:
        assert kept.receipts().keys() == {"by_k", "top", "one"}
        until(lambda: kept._publishing is not None and kept._publishing.idle)
        with serving(at, tmp_path / "serving") as node:
            until(lambda: node.receipts().keys() == {"by_k", "top", "one"})
            node.parity(["bag"])
        with serving(at, tmp_path / "serving") as node:
            until(lambda: node.receipts().keys() == {"by_k", "top", "one"})


def test_the_data_of_a_node_that_keeps_models_is_not_served_from(at: Path, tmp_path: Path) -> None:
    write(at, range(30))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 30)
    with pytest.raises(HeadraceError, match="HR-808"), serving(at, tmp_path / "kept"):
        pass
    assert (tmp_path / "kept" / "state.duckdb").exists()


def test_where_nothing_is_published_it_says_so(tmp_path: Path) -> None:
    with on_cluster() as (_, target):
        target["log"]["publish"] = False  # type: ignore[index]
        at = grown(tmp_path / "p", target)
        for words in (("--target", "cluster"), ()):
            done = subprocess.run([HEADRACE, "serve", at, *words], check=False, capture_output=True, text=True)
            assert done.returncode == 2
            assert "HR-115" in done.stderr
        write(at, range(10))
        with keeping(at, tmp_path / "kept") as kept:
            until(lambda: seen(kept) == 10)
            assert kept._publishing is None


def test_what_is_complete_is_complete_there_too(tmp_path: Path) -> None:
    """A bounded source that has ended holds nobody's time back; it may end long after its last epoch."""
    with on_cluster() as (_, target):
        at = project(tmp_path / "p", target)
        (at / "sources" / "ev.yaml").write_text(
            "kind: file\npath: data/*.ndjson\nformat: ndjson\nschema: {id: BIGINT, k: VARCHAR, t: TIMESTAMP}\n"
            "event_time: t\nlateness: 10 minutes\nbounded: true\n"
        )
        with (at / "data" / "ev.ndjson").open("a") as file:
            file.writelines(json.dumps({"id": n, "k": "a", "t": f"2020-01-01 00:{n:02}:00"}) + "\n" for n in range(30))
        with keeping(at, tmp_path / "kept") as kept:
            until(lambda: kept.status()["sources"][0]["done"] and kept.status()["lag_rows"] == 0)
        with keeping(at, tmp_path / "kept") as kept, serving(at, tmp_path / "serving") as node:
            until(lambda: kept.status()["sources"][0]["done"])
            until(lambda: node.status()["complete_to"] == kept.status()["complete_to"] == "2020-01-01T00:29:00Z")


def test_late_rows_are_late_there_too_though_epochs_are_taken_together(tmp_path: Path) -> None:
    with on_cluster() as (_, target):
        at = project(tmp_path / "p", target)
        (at / "sources" / "ev.yaml").write_text(
            "kind: file\npath: data/*.ndjson\nformat: ndjson\nschema: {id: BIGINT, t: TIMESTAMP}\n"
            "event_time: t\nlateness: 10 minutes\nlate: ledger\n"
        )
        (at / "models" / "by_k.sql").write_text(
            "SELECT date_trunc('hour', t) AS hour, count(*) AS n FROM ev GROUP BY 1"
        )
        pick = random.Random(5)

        def rows(start: int) -> None:
            with (at / "data" / "ev.ndjson").open("a") as file:
                for n in range(start, start + 40):
                    moment = datetime.fromtimestamp(1_700_000_000 + n * 60 - pick.choice([0, 0, 300, 1200, 9000]), UTC)
                    file.write(json.dumps({"id": n, "t": moment.strftime("%Y-%m-%d %H:%M:%S")}) + "\n")

        with keeping(at, tmp_path / "kept") as kept:
            rows(0)
            until(lambda: kept.status()["sources"][0]["read"] == 40 and kept.status()["lag_rows"] == 0)
            with serving(at, tmp_path / "serving") as node:
                following = node._loop.following  # type: ignore[attr-defined]
                forward = following.next
                paused = threading.Event()
                following.next = lambda seconds: False if paused.is_set() else forward(seconds)
                paused.set()
                for turn in range(1, 6):
                    rows(turn * 40)
                    until(lambda turn=turn: kept.status()["sources"][0]["offset"] == 40 * (turn + 1))  # type: ignore[misc]
                paused.clear()
                until(lambda: node.status()["sources"][0]["offset"] == 240)

                def told(of: Node) -> list[Any]:
                    tables = [
                        of.query(sql, LOCAL).table.to_pylist()
                        for sql in (
                            "SELECT * FROM by_k",
                            "SELECT id FROM ev",
                            "SELECT source, count(*) FROM headrace_late GROUP BY 1",
                        )
                    ]
                    return [sorted(map(repr, table)) for table in tables]

                assert told(node) == told(kept)
                assert node.status()["sources"][0]["late"] == kept.status()["sources"][0]["late"] > 0
                assert [receipt["equal"] for receipt in node.parity()["models"]] == [True]


KEEP = """
import os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
sys.path[:0] = [{tests!r}, {scripts!r}]
from headrace.project import load
from headrace.runtime.answers import Ask
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
node = Node(load(Path(sys.argv[1])), DataDir(Path(sys.argv[2]), "cluster"), Settings(), lambda: datetime.now(UTC))
node.open()
node.start()
print("up", flush=True)
while not node.wait(0.1):
    pass
node.check()
"""


def test_whoever_is_killed_each_answer_is_of_one_epoch(own: Service, tmp_path: Path) -> None:
    """The node that keeps the models is killed, again and again, with publishing under way; so is the broker."""
    with on_cluster(Services(kafka=own.address)) as (_, target):
        at = grown(tmp_path / "p", target, lake={"commit_age": "1 second"})
    keeper = Keeper(at, tmp_path)
    pick, written, counts = random.Random(3), 200, [0]
    write(at, range(written))
    keeper.start()

    def look(node: Node) -> None:
        _, found = answers(node)
        counts.append(int(found["ev"][0].strip("[]").split(",")[0]))
        assert found == expected(counts[-1])

    try:
        with serving(at, tmp_path / "serving") as node:
            for turn in range(4):
                end = time.monotonic() + pick.uniform(0.3, 1.5)
                while time.monotonic() < end:
                    write(at, range(written, written + 10))
                    written += 10
                    look(node)
                if turn % 3 == 2:
                    own.down(signal.SIGKILL)
                    look(node)
                    own.up()
                else:
                    keeper.kill()
                    keeper.start()
            count = written
            until(lambda: seen(node) == count)
            look(node)
            node.check()
            with serving(at, tmp_path / "another") as fresh:  # reads it all from the beginning
                until(lambda: seen(fresh) == count)
                look(fresh)
    finally:
        keeper.kill()
    assert counts == sorted(counts)
    assert len(set(counts)) > 5


class Keeper:
    """The node that keeps the models, as a process."""

    def __init__(self, at: Path, folder: Path) -> None:
        root = Path(__file__).parents[2]
        script = folder / "keep.py"
        script.write_text(KEEP.format(tests=str(root), scripts=str(root / "scripts")))
        self._words = [sys.executable, script, at, folder / "kept"]

    def start(self) -> None:
        self._process = subprocess.Popen(self._words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "up\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def test_other_applications_read_the_topics(at: Path, tmp_path: Path) -> None:
    write(at, range(30))
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 30)
        write(at, range(30, 40))
        until(lambda: kept._publishing is not None and kept._publishing.published.offsets.get("ev") == 40)
        name = yaml.safe_load((at / "headrace.yaml").read_text())["targets"]["cluster"]["log"]["name"]
        newest = table_of(f"{name}.models.by_5fk".replace("_5fk", "_5f_k"))
    assert newest == {
        f'{{"k":"k{k}"}}': {"k": f"k{k}", "n": len(ids), "total": sum(ids), "newest": max(ids)}
        for k in range(3)
        if (ids := range(k, 40, 3))
    }


def table_of(topic: str) -> dict[str, Any]:
    """What a consumer that knows nothing of us makes of a compacted topic."""
    reader = Consumer({"bootstrap.servers": KAFKA, "group.id": f"test-{time.time()}", "auto.offset.reset": "earliest"})
    reader.subscribe([topic])
    found: dict[str, Any] = {}
    quiet = 0
    while quiet < 3 or not found:
        message = reader.poll(1)
        if message is None:
            quiet += 1
            continue
        assert message.error() is None
        quiet, key, value = 0, message.key(), message.value()
        assert key is not None
        if value is None:
            found.pop(key.decode(), None)
        else:
            found[key.decode()] = json.loads(value)
    reader.close()
    return found


def test_the_command_serves_dashboards_and_sql(at: Path, tmp_path: Path) -> None:
    write(at, range(90))
    (at / "sources" / "said.yaml").write_text("kind: push\nschema: {what: VARCHAR}\n")
    with keeping(at, tmp_path / "kept") as kept:
        until(lambda: seen(kept) == 90)
        words = [HEADRACE, "serve", at, "--target", "cluster", "--port", "0"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split(" ")[-1].strip()
            asked = ["SELECT k, n FROM by_k ORDER BY k", "--format", "json", "--project", str(at)]
            data = ["--data", str(at / ".headrace" / "serving" / "cluster")]
            told = subprocess.run([HEADRACE, "query", *asked, *data], check=True, capture_output=True, text=True)
            assert json.loads(told.stdout) == [{"k": f"k{k}", "n": 30} for k in range(3)]
            with urllib.request.urlopen(url) as page:  # the link logs in, and leads to the first page
                assert page.status == 200
            # Rows that are pushed here are taken by the node that keeps the models, and seen here again.
            token = url.split("token=")[1]
            request = urllib.request.Request(
                url.split("/login")[0] + "/v1/sources/said",
                data=b'{"what": "hello"}',
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                assert json.load(answer)["kept"] == 1
            until(lambda: len(kept.query("SELECT * FROM said", LOCAL).table) == 1)
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Nothing is kept here" in said
        assert not (at / ".headrace" / "serving" / "cluster" / "state.duckdb").exists()
