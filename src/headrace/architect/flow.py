"""How data moves: the parts and sources as nodes, and between them what goes which way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from headrace.architect.claims import Claim
from headrace.architect.framework import Pattern
from headrace.architect.knowledge import Component
from headrace.architect.needs import Needs
from headrace.architect.pattern import real_time
from headrace.architect.stack import STREAMS, Stack

Way = Literal["real-time", "batch", "both"]
Layer = Literal["source", "ingestion", "storage", "processing", "serving", "consumption", "use"]

LAYERS: dict[Component, Layer] = {
    "event_log": "ingestion",
    "batch_ingestion": "ingestion",
    "change_capture": "ingestion",
    "stream_processing": "processing",
    "batch_processing": "processing",
    "object_store": "storage",
    "serving_store": "serving",
    "dashboards": "consumption",
    "sql_access": "consumption",
}
"""Components that data passes through. The others stand beside the way."""


@dataclass(frozen=True)
class Node:
    """A place on the way."""

    name: str
    title: str
    layer: Layer


@dataclass(frozen=True)
class Edge:
    """What goes from one place to another."""

    start: str
    end: str
    says: str
    way: Way


@dataclass(frozen=True)
class Flow:
    """All of it, and in words, step by step for each path."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    real_time: tuple[Claim, ...]
    batch: tuple[Claim, ...]


def flow(needs: Needs, pattern: Pattern, stack: Stack) -> Flow:
    """Trace the data."""
    nodes = [Node(f"source_{load.need.name}", load.need.name, "source") for load in needs.sources]
    for component, layer in LAYERS.items():
        if component in stack.parts:
            nodes.append(Node(component, _title(component, stack), layer))
    nodes += [Node(f"use_{use.need.name}", use.need.name, "use") for use in needs.uses]
    edges = [*_entering(needs, stack), *_within(pattern), *_leaving(needs, stack)]
    there = {node.name for node in nodes}
    return Flow(
        tuple(nodes),
        tuple(edge for edge in edges if {edge.start, edge.end} <= there),
        tuple(_live(needs, pattern, stack)),
        tuple(_batch(needs, pattern, stack)),
    )


def _title(component: Component, stack: Stack) -> str:
    title = stack.parts[component].chosen.technology.title
    beside = {"object_store": "table_format"}.get(component)
    return f"{title} with {stack.parts[beside].chosen.technology.title}" if beside in stack.parts else title  # type: ignore[index]


def _name(component: Component, stack: Stack) -> str:
    return stack.parts[component].chosen.technology.title


def _entering(needs: Needs, stack: Stack) -> list[Edge]:
    streams = "event_log" in stack.parts
    edges = []
    for load in needs.sources:
        start, kind = f"source_{load.need.name}", load.need.kind
        if kind == "database":
            edges.append(Edge(start, "change_capture", "changes", "real-time" if streams else "batch"))
        elif kind in ("files", "api") or not streams:
            edges.append(Edge(start, "batch_ingestion", "files" if kind == "files" else "records", "batch"))
        else:
            edges.append(Edge(start, "event_log", "events", "real-time"))
    edges.append(Edge("change_capture", "event_log", "changes", "real-time"))
    if not streams:
        edges.append(Edge("change_capture", "object_store", "changes", "batch"))
    edges.append(
        Edge("batch_ingestion", "event_log" if streams else "object_store", "records", "both" if streams else "batch")
    )
    return edges


def _within(pattern: Pattern) -> list[Edge]:
    return [
        Edge("event_log", "stream_processing", "as they arrive", "real-time"),
        Edge("event_log", "object_store", "history", "batch"),
        Edge("object_store", "batch_processing", "all of history", "batch"),
        *([Edge("object_store", "stream_processing", "replay", "batch")] if pattern == "kappa" else []),
        Edge("stream_processing", "serving_store", "changes of models", "real-time"),
        Edge("batch_processing", "serving_store", "models, recomputed", "batch"),
        Edge("serving_store", "dashboards", "answers", "both"),
        Edge("serving_store", "sql_access", "answers", "both"),
        Edge("object_store", "sql_access", "history", "batch"),
    ]


def _leaving(needs: Needs, stack: Stack) -> list[Edge]:
    doors: dict[str, Component] = {"dashboard": "dashboards", "report": "dashboards", "alert": "stream_processing"}
    edges = []
    for use in needs.uses:
        door: Component = doors.get(use.need.kind, "sql_access")
        if door not in stack.parts:
            door = "sql_access"
        edges.append(Edge(door, f"use_{use.need.name}", use.need.kind, "real-time" if real_time(use) else "batch"))
    return edges


def _ticked(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _live(needs: Needs, pattern: Pattern, stack: Stack) -> list[Claim]:
    live = [use for use in needs.uses if real_time(use)]
    if "event_log" not in stack.parts or not live:
        return []
    taken = _ticked(load.need.name for load in needs.sources if load.need.kind in STREAMS)
    captured = _ticked(load.need.name for load in needs.sources if load.need.kind == "database")
    served = _ticked(use.need.name for use in live)
    steps = []
    if taken:
        steps.append(
            Claim(
                f"Records of {taken} go to {_name('event_log', stack)}, which has them on disk before it says so.",
                ("ingestion",),
                given=("sources",),
            )
        )
    if captured:
        steps.append(
            Claim(
                f"Changes of {captured} are read from the database's own log by {_name('change_capture', stack)}, inserts, updates and deletes alike.",
                ("ingestion",),
                given=("sources",),
            )
        )
    steps.append(
        Claim(
            f"{_name('stream_processing', stack)} reads the log and keeps each model up to date with every change, together with how far it has read, so that a crash neither loses a row nor counts one twice.",
            ("processing", "kappa" if pattern == "kappa" else "lambda"),
            evidence=stack.parts["stream_processing"].chosen.technology.evidence,
        )
    )
    steps.append(
        Claim(
            f"Changes of models go to {_name('serving_store', stack)}, from where {_name('dashboards', stack)} shows them. This path serves {served}.",
            ("template",),
            given=tuple(f"workloads.{use.need.name}" for use in live),
        )
    )
    return steps


def _batch(needs: Needs, pattern: Pattern, stack: Stack) -> list[Claim]:
    old = [use for use in needs.uses if not real_time(use)]
    served = _ticked(use.need.name for use in old)
    kept = _title("object_store", stack)
    steps = []
    if "batch_ingestion" in stack.parts:
        loaded = _ticked(
            load.need.name
            for load in needs.sources
            if load.need.kind in ("files", "api") or "event_log" not in stack.parts
        )
        steps.append(
            Claim(
                f"{_name('batch_ingestion', stack)} loads {loaded or 'what comes in files'}.",
                ("ingestion",),
                given=("sources",),
            )
        )
    steps.append(
        Claim(
            f"Everything that arrives is kept in {kept} for {needs.years:g} years, as it arrived.",
            ("storage",),
            given=("history.years",),
        )
    )
    if "batch_processing" in stack.parts:
        steps.append(
            Claim(
                f"{_name('batch_processing', stack)} computes the models over all of history"
                + (
                    ", and what it finds replaces what the real-time path had."
                    if pattern in ("lambda", "mesh")
                    else "."
                ),
                ("processing", *(("lambda",) if pattern == "lambda" else ())),
            )
        )
    elif pattern == "kappa":
        steps.append(
            Claim(
                f"What has to be computed again is replayed from {kept} through {_name('stream_processing', stack)}: the same code, from the first record.",
                ("kappa",),
            )
        )
    if served:
        steps.append(
            Claim(
                f"Results stand in {_name('serving_store', stack)}. This path serves {served}.",
                ("template",),
                given=tuple(f"workloads.{use.need.name}" for use in old),
            )
        )
    return steps
