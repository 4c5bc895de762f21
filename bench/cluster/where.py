"""Where an epoch's time goes: what the driver does, by timers around it; what workers do, by the events that Spark writes down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Any

import headrace.engine.spark.engine as spark_engine
from bench.cluster.kept import Epoch, epochs, on_cluster
from bench.cluster.plan import Case
from bench.cluster.results import Where
from headrace.engine import DuckDBEngine
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.ledger import Ledger
from headrace.engine.spark.session import SparkPlace
from headrace.engine.spark.store import Store

Span = tuple[float, float]
KINDS = ("jobs", "commits", "looking up", "handing over", "the copy", "planning")
"""A moment belongs to the first that has it; the last is what no other has."""
_TIMED = (
    *((Store, name, "writes") for name in ("append", "replace", "merge", "delete")),
    (Ledger, "set_mark", "writes"),
    (Store, "last", "looking up"),
    (Ledger, "mark", "looking up"),
    (spark_engine, "raw_rows", "handing over"),
    (SparkEngine, "changes", "the copy"),
    (DuckDBEngine, "run", "the copy"),
)


def settings(folder: Path) -> Mapping[str, str]:
    """Of a session that writes its events down, as they are, in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": folder.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }


def measured(place: SparkPlace, cases: Sequence[Case], files: Path, folder: Path, events: Path) -> Iterator[Where]:
    """Each case, after one that does not count. Spark's events are in ``events``."""
    spans = _timed()
    took: list[tuple[Case, list[Epoch]]] = []
    with on_cluster(place, folder, "where") as opened:
        for case in (cases[0], *cases):
            engine = opened()
            took.append((case, list(epochs(engine, case.query, files, case.sizes))[case.warm :]))
            engine.close()
    (log,) = events.iterdir()
    work = _work(log)
    for case, counted in took[1:]:
        yield _where(case, counted, spans, work)


def _timed() -> dict[str, list[Span]]:
    """When each of what is timed ran: filled as it runs."""
    spans: dict[str, list[Span]] = {}
    for owner, name, kind in _TIMED:
        setattr(owner, name, _spanning(getattr(owner, name), spans.setdefault(kind, [])))
    return spans


def _spanning(timed: Callable[..., Any], spans: list[Span]) -> Callable[..., Any]:
    @wraps(timed)
    def spanning(*args: Any, **named: Any) -> Any:
        began = time.time()
        try:
            return timed(*args, **named)
        finally:
            spans.append((began, time.time()))

    return spanning


@dataclass(frozen=True)
class Work:
    """Jobs, from when they are submitted until they are done; tasks by their end, with the seconds that they ran."""

    jobs: list[Span]
    tasks: list[tuple[float, float]]


def _work(log: Path) -> Work:
    began: dict[int, float] = {}
    work = Work([], [])
    for line in log.read_text().splitlines():
        match json.loads(line):
            case {"Event": "SparkListenerJobStart", "Job ID": job, "Submission Time": at}:
                began[job] = at / 1000
            case {"Event": "SparkListenerJobEnd", "Job ID": job, "Completion Time": at}:
                work.jobs.append((began[job], at / 1000))
            case {"Event": "SparkListenerTaskEnd", "Task Info": info, "Task Metrics": {"Executor Run Time": ran}}:
                work.tasks.append((info["Finish Time"] / 1000, ran / 1000))
    return work


def _where(case: Case, counted: Sequence[Epoch], spans: Mapping[str, Sequence[Span]], work: Work) -> Where:
    seconds = dict.fromkeys(KINDS, 0.0)
    jobs = tasks = commits = worked = 0.0
    for epoch in counted:
        of_epoch = _within(work.jobs, epoch)
        writes = _within(spans["writes"], epoch)
        held = [of_epoch, [_commit(write, of_epoch) for write in writes], *(_within(spans[k], epoch) for k in KINDS[2:-1])]  # fmt: skip
        for kind, found in zip(KINDS, shared((epoch.began, epoch.ended), held), strict=True):
            seconds[kind] += found
        ran = [ran for ended, ran in work.tasks if epoch.began <= ended <= epoch.ended]
        jobs, tasks, commits, worked = (
            jobs + len(of_epoch),
            tasks + len(ran),
            commits + len(writes),
            worked + sum(ran),
        )
    mean = len(counted)
    shares = {kind: total / mean for kind, total in seconds.items()}
    return Where(case.query, case.size, shares, jobs / mean, tasks / mean, commits / mean, worked / mean)


def _within(spans: Iterable[Span], epoch: Epoch) -> list[Span]:
    return [(max(a, epoch.began), min(b, epoch.ended)) for a, b in spans if a < epoch.ended and b > epoch.began]


def _commit(write: Span, jobs: Iterable[Span]) -> Span:
    """What of a write comes after its job: files are listed in manifests, and the catalog is told."""
    began, ended = write
    return max((b for _, b in jobs if began <= b <= ended), default=began), ended


def shared(whole: Span, held: Sequence[Sequence[Span]]) -> list[float]:
    """Seconds of ``whole`` that each has, the first of those that share a moment; and last what nobody has."""
    edges = sorted({*whole, *(edge for spans in held for span in spans for edge in span)})
    seconds = [0.0] * (len(held) + 1)
    for began, ended in pairwise(edges):
        owner = next((i for i, spans in enumerate(held) if any(a <= began and ended <= b for a, b in spans)), len(held))
        seconds[owner] += ended - began
    return seconds
