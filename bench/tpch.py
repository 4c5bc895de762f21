"""TPC-H kept under refreshes, query by query, beside running the query again: python bench/tpch.py [QUERY ...] [--sf N] [--refreshes N] [--updates] [--json]

A refresh, one epoch, is what the standard's are: new orders with their lines (RF1) and orders that leave with theirs (RF2), each 0.1%
of its table. With ``--updates``, which the standard does not have, as large a part of six tables also changes: suppliers move to
another nation, parts are of another brand. Each query is kept alone. Milliseconds of the processor, medians over the refreshes:

bare      an epoch without any query: what it costs to take the rows in
epoch     an epoch with the query
kept      the difference of the two, of the same rows: what keeping the query costs
one shot  the query run once by DuckDB on plain tables of the same rows
ratio     one shot / kept: above 1, keeping is cheaper than running again after each refresh
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from tpch.data import queries
from tpch.kept import Kept, embedded
from tpch.plain import PlainTables
from tpch.refresh import Form, Refreshes

SHARE = 0.001


@dataclass(frozen=True)
class Figures:
    query: str
    incremental: bool
    steps: int
    bare_epoch_ms: float
    epoch_ms: float
    kept_ms: float
    one_shot_ms: float
    ratio: float | None


def milliseconds(action: Callable[[], object]) -> float:
    """Of the processor, by all threads: other processes on the machine do not show."""
    began = time.process_time()
    action()
    return 1e3 * (time.process_time() - began)


def refreshed(
    bare: Kept, kept: Kept, stream: Refreshes, refreshes: int, text: str, *, updates: bool
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each epoch without the query and with it, and of ``text`` run on the plain tables after each refresh.

    The same rows go to both, one right after the other, so that both meet the same neighbours on the machine.
    """
    without: list[float] = []
    epochs: list[float] = []
    shots: list[float] = []
    for number in range(refreshes):
        for changes in stream.refresh(SHARE, epochs=1, updates=updates):
            turns = [(bare, without), (kept, epochs)]
            for engine, spent in turns if number % 2 else reversed(turns):
                spent.append(milliseconds(lambda engine=engine, changes=changes: engine.run(changes)))
            kept.apply(changes)
        shots.append(milliseconds(lambda: kept.plain.answer(text)))
    return without, epochs, shots


def measure(scale: float, refreshes: int, names: list[str], *, updates: bool) -> list[Figures]:
    texts = queries()
    with tempfile.TemporaryDirectory() as folder, closing(PlainTables(scale)) as plain:
        folders = [Path(folder) / name for name in ("bare", "kept")]
        for made in folders:
            made.mkdir()
        engines = [Kept(embedded(made), plain, Form.KEYED) for made in folders]
        stream = Refreshes(plain, Form.KEYED, seed=1)
        for engine in engines:
            engine.install({})
        for changes in stream.load(epochs=1):
            for engine in engines:
                engine.run(changes)
            engines[0].apply(changes)
        found = [query(*engines, stream, refreshes, name, texts[name], updates=updates) for name in names or texts]
        for engine in engines:
            engine.engine.close()
    return found


def query(bare: Kept, kept: Kept, stream: Refreshes, refreshes: int, name: str, text: str, *, updates: bool) -> Figures:
    """State has been saved before, as the runtime does it every few seconds."""
    (program,) = kept.install({name: text})
    for engine in (bare, kept):
        engine.engine.checkpoint()
    without, epochs, shots = refreshed(bare, kept, stream, refreshes, text, updates=updates)
    assert not (wrong := kept.wrong()), wrong
    steps = len(program.steps) + len(program.advance)
    share = max(median(epoch - other for epoch, other in zip(epochs, without, strict=True)), 0.0)
    shot = median(shots)
    ratio = shot / share if share else None
    return Figures(name, program.incremental, steps, median(without), median(epochs), share, shot, ratio)


def printed(figures: Figures) -> str:
    ratio = "-" if figures.ratio is None else f"{figures.ratio:.2f}"
    return (
        f"{figures.query:6}{'yes' if figures.incremental else 'no':>12}{figures.steps:>7}{figures.bare_epoch_ms:>9.1f}{figures.epoch_ms:>10.1f}"
        f"{figures.kept_ms:>10.1f}{figures.one_shot_ms:>13.1f}{ratio:>8}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("queries", nargs="*", help="such as q1 q6; default: all 22")
    arguments.add_argument("--sf", type=float, default=0.1)
    arguments.add_argument("--refreshes", type=int, default=7)
    arguments.add_argument("--updates", action="store_true")
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    found = measure(asked.sf, asked.refreshes, asked.queries, updates=asked.updates)
    if asked.json:
        print(
            json.dumps({"scale": asked.sf, "updates": asked.updates, "queries": [asdict(figures) for figures in found]})
        )
        return
    what = "RF1, RF2 and updates" if asked.updates else "RF1 and RF2"
    print(f"scale {asked.sf:g}, {asked.refreshes} refreshes ({what}) for each query, medians of processor time")
    print(
        f"{'query':6}{'incremental':>12}{'steps':>7}{'bare ms':>9}{'epoch ms':>10}{'kept ms':>10}{'one shot ms':>13}{'ratio':>8}"
    )
    print("\n".join(printed(figures) for figures in found))


if __name__ == "__main__":
    main()
