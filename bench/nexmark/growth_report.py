"""The page of state as queries go on: python -m bench.nexmark.growth_report TITLE PAGE FILE [FILE …]

Each FILE is the output of :mod:`bench.nexmark.growth` for the query that it is named after. PAGE is written with a table, and beside it the
chart, of the same name.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

MEASURES = (
    ("rows", "rows of state and result"),
    ("file_mb", "state file, MB"),
    ("memory_mb", "most memory so far, MB"),
    ("epoch_ms", "an epoch of 200,000 events, ms"),
)
LEFT, TOP, WIDTH, HEIGHT, GAP = 70, 40, 300, 120, 46
COLOURS = ("#0b6e8f", "#d9822b", "#8a63b5", "#3a8f4d", "#b5443c", "#8c8c8c")

Lines = Sequence[dict[str, float]]


def drawn(runs: dict[str, Lines], title: str) -> str:
    """A chart for each measure, with a line for each query; each scale begins at nothing."""
    parts = [_text(LEFT, 18, title)]
    for i, (name, colour) in enumerate(zip(runs, COLOURS, strict=False)):
        parts += [
            f'<rect x="{LEFT + i * 70}" y="24" width="10" height="10" fill="{colour}"/>',
            _text(LEFT + 14 + i * 70, 33, name),
        ]
    for number, (measure, words) in enumerate(MEASURES):
        x = LEFT + (number % 2) * (WIDTH + LEFT)
        y = TOP + 20 + (number // 2) * (HEIGHT + GAP)
        parts += _panel(runs, measure, words, x, y)
    width, height = 2 * (WIDTH + LEFT) + 20, TOP + 2 * (HEIGHT + GAP) + 20
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>\n"])


def _panel(runs: dict[str, Lines], measure: str, words: str, x: int, y: int) -> list[str]:
    most = max(line[measure] for lines in runs.values() for line in lines) or 1
    last = max(line["events"] for lines in runs.values() for line in lines)
    parts = [
        _text(x, y - 6, words),
        f'<path d="M{x} {y}V{y + HEIGHT}H{x + WIDTH}" fill="none" stroke="#999"/>',
        _text(x - 6, y + 8, f"{most:,.0f}", "end"),
        _text(x + WIDTH, y + HEIGHT + 14, f"{last / 1e6:,.0f} M events", "end"),
    ]
    for lines, colour in zip(runs.values(), COLOURS, strict=False):
        at = (
            f"{x + WIDTH * line['events'] / last:.1f},{y + HEIGHT * (1 - line[measure] / most):.1f}" for line in lines
        )
        parts.append(f'<polyline points="{" ".join(at)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    style = 'font-size="11" font-family="sans-serif" fill="#333"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {style} text-anchor="{anchor}">{text}</text>'


def page(runs: dict[str, Lines], title: str, chart: str) -> str:
    """The chart, and the figures after a tenth of the events, half of them, and all."""
    shown = " | ".join(words for _, words in MEASURES)
    rows = [f"| query | events | {shown} |", "| --- | --- | " + " | ".join("---" for _ in MEASURES) + " |"]
    for name, lines in runs.items():
        for line in (lines[len(lines) // 10], lines[len(lines) // 2], lines[-1]):
            figures = " | ".join(f"{line[measure]:,.0f}" for measure, _ in MEASURES)
            rows.append(f"| {name} | {line['events'] / 1e6:,.0f} M | {figures} |")
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, DuckDB {duckdb.__version__}"
    told = "Made by `python -m bench.nexmark.growth` and `python -m bench.nexmark.growth_report`"
    return f"# {title}\n\n![{title}]({chart})\n\n{told} on {machine}.\n\n" + "\n".join(rows) + "\n"


def main(title: str, target: Path, files: Sequence[Path]) -> None:
    runs = {file.stem: [json.loads(line) for line in file.read_text().splitlines()] for file in files}
    target.parent.mkdir(parents=True, exist_ok=True)
    chart = target.with_suffix(".svg")
    chart.write_text(drawn(runs, title))
    target.write_text(page(runs, title, chart.name))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
