"""The diagrams of a design, each as Mermaid and as SVG made here, from the same nodes and edges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import get_args

from headrace.architect.deployment import MODELS
from headrace.architect.design import Design
from headrace.architect.document.charts import framed, text
from headrace.architect.flow import Edge, Flow, Layer, Node
from headrace.architect.needs import duration
from headrace.architect.pattern import real_time

WIDTH, HEIGHT, GAP_X, GAP_Y = 158.0, 46.0, 74.0, 22.0
TITLES: dict[Layer, str] = {
    "source": "sources",
    "ingestion": "ingestion",
    "storage": "storage",
    "processing": "processing",
    "serving": "serving",
    "consumption": "consumption",
    "use": "workloads",
}
_STROKES = {
    "real-time": "stroke-width:2.4",
    "batch": "stroke-dasharray:6 4;stroke-width:1.6",
    "both": "stroke-width:1.6",
}
_ARROW = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
)


def flow_mermaid(flow: Flow) -> str:
    """The data flow: thick lines for real time, dashed ones for batch."""
    lines = ["flowchart LR"]
    for layer in get_args(Layer):
        nodes = [node for node in flow.nodes if node.layer == layer]
        if nodes:
            lines.append(f"  subgraph {layer}[{TITLES[layer]}]")
            lines += [f'    {node.name}["{_plain(node.title)}"]' for node in nodes]
            lines.append("  end")
    arrows = {"real-time": "==>", "batch": "-.->", "both": "-->"}
    lines += [f"  {edge.start} {arrows[edge.way]}|{_plain(edge.says)}| {edge.end}" for edge in flow.edges]
    return "\n".join(lines)


def flow_svg(flow: Flow) -> str:
    """The same, in columns by layer."""
    layers = [layer for layer in get_args(Layer) if any(node.layer == layer for node in flow.nodes)]
    places: dict[str, tuple[float, float]] = {}
    tallest = max(sum(node.layer == layer for node in flow.nodes) for layer in layers)
    for column, layer in enumerate(layers):
        nodes = [node for node in flow.nodes if node.layer == layer]
        offset = (tallest - len(nodes)) * (HEIGHT + GAP_Y) / 2
        for row, node in enumerate(nodes):
            places[node.name] = (20 + column * (WIDTH + GAP_X), 40 + offset + row * (HEIGHT + GAP_Y))
    heads = [
        text(20 + i * (WIDTH + GAP_X) + WIDTH / 2, 22, TITLES[layer], "middle", "soft")
        for i, layer in enumerate(layers)
    ]
    lines = "".join(_line(edge, places) for edge in flow.edges)
    boxes = "".join(_box(places[node.name], [node.title]) for node in flow.nodes)
    height = 40 + tallest * (HEIGHT + GAP_Y) + 34
    key = (
        f'<line class="way" style="stroke-width:2.4" x1="20" y1="{height - 14}" x2="60" y2="{height - 14}"/>{text(68, height - 10, "real time", kind="soft")}'
        f'<line class="way" style="stroke-dasharray:6 4;stroke-width:1.6" x1="150" y1="{height - 14}" x2="190" y2="{height - 14}"/>{text(198, height - 10, "batch", kind="soft")}'
        f'<line class="way" style="stroke-width:1.6" x1="260" y1="{height - 14}" x2="300" y2="{height - 14}"/>{text(308, height - 10, "both", kind="soft")}'
    )
    width = 40 + len(layers) * WIDTH + (len(layers) - 1) * GAP_X
    return framed(width, height, _ARROW + lines + boxes + "".join(heads) + key, "Data flow")


def _line(edge: Edge, places: Mapping[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[edge.start], places[edge.end]
    style = f'class="way" style="{_STROKES[edge.way]}" marker-end="url(#end)"'
    if x1 == x2:  # within a layer: down or up its right side
        a, b = y1 + HEIGHT / 2, y2 + HEIGHT / 2
        return f'<path {style} d="M{x1 + WIDTH:g} {a:g}C{x1 + WIDTH + 34:g} {a:g} {x1 + WIDTH + 34:g} {b:g} {x2 + WIDTH + 3:g} {b:g}"/>'
    start, end = (x1 + WIDTH, x2 - 3) if x1 < x2 else (x1, x2 + WIDTH + 3)
    bend = (end - start) / 2
    # Over or under the columns between, not through their boxes.
    lift = 0 if abs(x2 - x1) < WIDTH + GAP_X + 1 else -96 if edge.way == "batch" else 46
    a, b = y1 + HEIGHT / 2, y2 + HEIGHT / 2
    bent = f"C{start + bend:g} {a - lift:g} {end - bend:g} {b - lift:g} {end:g} {b:g}"
    return f'<path {style} d="M{start:g} {a:g}{bent}"/>'


def _box(place: tuple[float, float], lines: Sequence[str], width: float = WIDTH, height: float = HEIGHT) -> str:
    x, y = place
    told = [part for line in lines for part in _wrapped(line, int(width / 7.2))][: int(height // 15)]
    first = y + height / 2 + 4.5 - (len(told) - 1) * 7.5
    said = "".join(text(x + width / 2, first + i * 15, part, "middle") for i, part in enumerate(told))
    return f'<rect class="box" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>{said}'


def _wrapped(said: str, most: int) -> list[str]:
    words = re.split(r"(?<=[_ ])", said)
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > most:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def _plain(said: str) -> str:
    return escape(said, quote=False).replace('"', "'").replace("|", "/")


def sequence_mermaid(design: Design) -> str:
    """A record on its way to the freshest answer."""
    actors, steps = _sequence(design)
    lines = ["sequenceDiagram", *(f"  participant p{i} as {_plain(actor)}" for i, actor in enumerate(actors))]
    lines += [f"  p{actors.index(start)}->>p{actors.index(end)}: {_plain(says)}" for start, end, says in steps]
    return "\n".join(lines)


def sequence_svg(design: Design) -> str:
    """The same."""
    actors, steps = _sequence(design)
    wide = 190.0
    bottom = 84 + len(steps) * 40
    parts = []
    for i, actor in enumerate(actors):
        x = 20 + i * wide
        parts.append(f'<line class="line" x1="{x + 75:g}" y1="56" x2="{x + 75:g}" y2="{bottom:g}"/>')
        parts.append(_box((x, 10), [actor], 150, 46))
    for row, (start, end, says) in enumerate(steps):
        a, b, y = 20 + actors.index(start) * wide + 75, 20 + actors.index(end) * wide + 75, 92 + row * 40
        way = 3 if b > a else -3
        parts.append(
            f'<line class="way" style="stroke-width:1.8" marker-end="url(#end)" x1="{a:g}" y1="{y:g}" x2="{b - way:g}" y2="{y:g}"/>'
        )
        parts.append(text((a + b) / 2, y - 6, says, "middle"))
    return framed(40 + len(actors) * wide - 40, bottom + 10, _ARROW + "".join(parts), "A record on its way")


def _sequence(design: Design) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Who takes part, and what passes from one to the next."""
    flow = design.flow
    titles = {node.name: node.title for node in flow.nodes}
    live = [use for use in design.needs.uses if real_time(use)]
    goal = f"use_{(min(live, key=lambda use: use.freshness) if live else design.needs.uses[0]).need.name}"
    way = _way(flow, goal)
    steps = [(titles[edge.start], titles[edge.end], edge.says) for edge in way]
    actors = [titles[way[0].start], *(titles[edge.end] for edge in way)] if way else [design.needs.requirements.name]
    return list(dict.fromkeys(actors)), steps


def _way(flow: Flow, goal: str) -> list[Edge]:
    """The edges from a source to a goal, by the fewest steps; real-time ones are gone first."""
    rank = {"real-time": 0, "both": 1, "batch": 2}
    ways = [[edge] for edge in sorted(flow.edges, key=lambda edge: rank[edge.way]) if edge.start.startswith("source_")]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1].end == goal:
            return way
        if way[-1].end not in seen:
            seen.add(way[-1].end)
            ways += [
                [*way, edge]
                for edge in sorted(flow.edges, key=lambda edge: rank[edge.way])
                if edge.start == way[-1].end
            ]
    return []


def context_mermaid(design: Design) -> str:
    """C4, context: the platform between its sources and those who use it."""
    name = _plain(design.needs.requirements.name)
    lines = ["C4Context", f'  System(platform, "{name}", "{MODELS[design.deployment.model]}")']
    for load in design.needs.sources:
        lines.append(f'  System_Ext(source_{load.need.name}, "{load.need.name}", "{load.need.kind}")')
        lines.append(f'  Rel(source_{load.need.name}, platform, "{load.events_per_second:g} records/s")')
    for use in design.needs.uses:
        lines.append(f'  Person(use_{use.need.name}, "{use.need.name}", "{use.users} users")')
        lines.append(
            f'  Rel(platform, use_{use.need.name}, "{use.need.kind}, {duration(use.need.freshness)} old at most")'
        )
    return "\n".join(lines)


def context_svg(design: Design) -> str:
    """The same, in three columns."""
    needs = design.needs
    sources = [Node(f"s{i}", load.need.name, "source") for i, load in enumerate(needs.sources)]
    uses = [Node(f"u{i}", use.need.name, "use") for i, use in enumerate(needs.uses)]
    rows = max(len(sources), len(uses))
    height = 30 + rows * 68.0
    middle = (350.0, height / 2 - 40)
    parts = [_box(middle, [needs.requirements.name, MODELS[design.deployment.model]], 200, 80)]
    for group, x, left in ((sources, 20.0, True), (uses, 740.0, False)):
        for i, node in enumerate(group):
            y = 16 + (rows - len(group)) * 34 + i * 68.0
            says = (
                f"{needs.sources[i].events_per_second:g} records/s"
                if left
                else f"{duration(needs.uses[i].need.freshness)} old at most"
            )
            parts.append(_box((x, y), [node.title, says], 180, 46))
            start, end = (200.0, 347.0) if left else (550.0, 737.0)
            a, b = (y + 23, middle[1] + 40) if left else (middle[1] + 40, y + 23)
            parts.append(
                f'<path class="way" style="stroke-width:1.8" marker-end="url(#end)" d="M{start:g} {a:g}C{start + 60:g} {a:g} {end - 60:g} {b:g} {end:g} {b:g}"/>'
            )
    return framed(940, height, _ARROW + "".join(parts), "Context")


def containers_mermaid(design: Design) -> str:
    """C4, containers: the parts of the platform."""
    lines = ["C4Container", f'  Container_Boundary(platform, "{_plain(design.needs.requirements.name)}") {{']
    for component, part in design.stack.parts.items():
        technology = part.chosen.technology
        lines.append(
            f'    Container({component}, "{component.replace("_", " ")}", "{_plain(technology.title)}", "{_plain(technology.summary)}")'
        )
    lines.append("  }")
    within = [edge for edge in design.flow.edges if edge.start in design.stack.parts and edge.end in design.stack.parts]
    lines += [f'  Rel({edge.start}, {edge.end}, "{_plain(edge.says)}")' for edge in within]
    return "\n".join(lines)


def containers_svg(design: Design) -> str:
    """The same, as a grid: what each part is for, and what it is."""
    across, wide, tall = 4, 216.0, 66.0
    parts = []
    for i, (component, part) in enumerate(design.stack.parts.items()):
        x, y = 20 + i % across * (wide + 16), 20 + i // across * (tall + 14)
        parts.append(_box((x, y), [component.replace("_", " ") + ":", part.chosen.technology.title], wide, tall))
    rows = -(-len(design.stack.parts) // across)
    return framed(40 + across * wide + (across - 1) * 16, 30 + rows * (tall + 14), "".join(parts), "Containers")
