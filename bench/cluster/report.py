"""The page in docs/benchmarks, made from the results: tables, a chart, and the sentences that rest on figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.cluster.results import PEERS, Results, Run
from bench.cluster.where import KINDS
from bench.nexmark.chart import Bar, drawn

PAGE = Path("docs/benchmarks/cluster.md")
# As the chart names them.
SHORT = {
    "cluster-1": "Headrace, 1 worker",
    "cluster-2": "Headrace, 2 workers",
    "streams-1": "Streaming, 1",
    "streams-2": "Streaming, 2",
    "embedded": "Headrace, one process",
}


def write_page(results: Results, page: Path) -> None:
    """The page, and beside it the chart."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_page(results, page))
    groups = [(f"{query} {_short(size)}", _bars(results, query, size)) for query, size in results.cases()]
    page.with_suffix(".svg").write_text(drawn(groups, "Thousand events/s, by events an epoch"))


def _page(results: Results, page: Path) -> str:
    template = Path(__file__).with_name("page.md").read_text()
    return template.format(
        name=page.stem,
        machine=", ".join(f"{name} {value}" for name, value in results.machine.items()),
        versions=", ".join(f"{name} {value}" for name, value in results.versions.items()),
        minutes=f"{results.minutes:.0f}",
        seconds=_cases(results, lambda run: f"{run.epoch:.2f}" if run.epoch >= 1 else f"{run.epoch:.3f}"),
        rates=_cases(results, lambda run: f"{run.rate:,.0f}"),
        growth=_growth(results),
        where=_where(results),
        beside_embedded=_times(results, "cluster-2", "embedded"),
        beside_streams=_times(results, "cluster-2", "streams-2"),
        beside_one_worker=_times(results, "cluster-2", "cluster-1"),
        marginal=_marginal(results),
    )


def _cases(results: Results, shown: Callable[[Run], str]) -> str:
    heads = ["", "events an epoch", *PEERS.values()]
    lines = []
    for query, size in results.cases():
        runs = [results.run(peer, query, size) for peer in PEERS]
        lines.append([query, f"{size:,}", *("–" if run is None else shown(run) for run in runs)])
    return _table(heads, lines)


def _growth(results: Results) -> str:
    peers = list(dict.fromkeys(grown.peer for grown in results.growth))
    found = {(g.query, g.after, g.peer): g for g in results.growth}
    lines = []
    for query, after in dict.fromkeys((g.query, g.after) for g in results.growth):
        each = [found[query, after, peer] for peer in peers]
        lines.append(
            [
                query,
                f"{after:,}",
                f"{found[query, after, 'embedded'].state:,}",
                *(f"{grown.epoch:.3f}" for grown in each),
            ]
        )
    return _table(["", "events before", "rows of state", *(f"{PEERS[peer]}, s" for peer in peers)], lines)


def _where(results: Results) -> str:
    heads = ["", "events an epoch", "s", *KINDS, "jobs", "tasks", "seconds of tasks", "commits"]
    lines = []
    for found in results.where:
        whole = sum(found.seconds.values())
        shares = [f"{found.seconds[kind] / whole:.0%}" for kind in KINDS]
        counts = [f"{found.jobs:.0f}", f"{found.tasks:.0f}", f"{found.worked:.2f}", f"{found.commits:.0f}"]
        lines.append([found.query, f"{found.size:,}", f"{whole:.2f}", *shares, *counts])
    return _table(heads, lines)


def _times(results: Results, peer: str, other: str) -> str:
    """How many times as long as the other's its epochs take, for each size: from the least to the most of the queries."""
    lines = []
    for size in sorted({size for _, size in results.cases()}):
        ratios = [
            ours.epoch / theirs.epoch
            for query, s in results.cases()
            if s == size and (ours := results.run(peer, query, s)) and (theirs := results.run(other, query, s))
        ]
        if ratios:
            span = dict.fromkeys(map(_ratio, (min(ratios), max(ratios))))
            lines.append(f"{' to '.join(span)} times at {size:,}")
    return ", ".join(lines)


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _marginal(results: Results) -> str:
    """What a thousand events more cost, from the smallest epochs to the largest of each query; the rest is what an epoch costs."""
    lines = []
    for query in dict.fromkeys(query for query, _ in results.cases()):
        sizes = [size for q, size in results.cases() if q == query]
        ends = {peer: [results.run(peer, query, size) for size in (sizes[0], sizes[-1])] for peer in ("cluster-2", "embedded")}  # fmt: skip
        if len(sizes) > 1:
            slopes = [_slope(*(run for run in runs if run)) for runs in ends.values()]
            lines.append([query, f"{sizes[0]:,} to {sizes[-1]:,}", *(f"{slope * 1e6:.1f}" for slope in slopes)])
    return _table(["", "events an epoch", *(f"{PEERS[peer]}, ms" for peer in ("cluster-2", "embedded"))], lines)


def _slope(small: Run, large: Run) -> float:
    """Seconds for an event more."""
    return (large.epoch - small.epoch) / (large.size - small.size)


def _bars(results: Results, query: str, size: int) -> list[Bar]:
    runs = ((name, results.run(peer, query, size)) for peer, name in SHORT.items())
    return [Bar(name, run.rate / 1000) for name, run in runs if run]


def _short(size: int) -> str:
    return f"{size // 1_000_000}M" if size >= 1_000_000 else f"{size // 1000}k"


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---", *["---:"] * (len(heads) - 1)], *lines))
