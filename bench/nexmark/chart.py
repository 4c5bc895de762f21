"""A bar chart of rates on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#0b6e8f", "#4aa3bf", "#9fd0de", "#d9822b", "#8a63b5", "#8c8c8c")
LEFT, WIDTH, BAR, GAP, TOP = 64, 704, 9, 10, 64
_TEXT = '<text x="{x:.1f}" y="{y:.1f}" font-size="11" font-family="sans-serif" fill="#333" text-anchor="{anchor}">{text}</text>'


@dataclass(frozen=True)
class Bar:
    """A rate, of the series of that name."""

    series: str
    rate: float


def drawn(groups: Sequence[tuple[str, Sequence[Bar]]], title: str) -> str:
    """The groups one below the other, a bar for each of their rates."""
    series = list(dict.fromkeys(bar.series for _, bars in groups for bar in bars))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(series)}
    rates = [bar.rate for _, bars in groups for bar in bars]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    parts, y = [*_legend(title, colours), *_scale(low, high, groups)], float(TOP)
    for name, bars in groups:
        parts.append(_TEXT.format(x=LEFT - 8, y=y + BAR * len(bars) / 2 + 4, anchor="end", text=name))
        for bar in bars:
            width = _along(bar.rate, low, high) - LEFT
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{colours[bar.series]}"/>'
            )
            y += BAR
        y += GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} {y:.0f}" role="img" aria-label="{title}">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>\n"])


def _along(rate: float, low: int, high: int) -> float:
    return LEFT + WIDTH * (math.log10(rate) - low) / max(high - low, 1)


def _legend(title: str, colours: dict[str, str]) -> list[str]:
    parts = [_TEXT.format(x=LEFT, y=16, anchor="start", text=title)]
    x = float(LEFT)
    for name, colour in colours.items():
        parts.append(f'<rect x="{x:.1f}" y="26" width="10" height="10" fill="{colour}"/>')
        parts.append(_TEXT.format(x=x + 14, y=35, anchor="start", text=name))
        x += 30 + 6.2 * len(name)
    return parts


def _scale(low: int, high: int, groups: Sequence[tuple[str, Sequence[Bar]]]) -> list[str]:
    bottom = TOP + sum(len(bars) * BAR + GAP for _, bars in groups)
    parts = []
    for power in range(low, high + 1):
        x = _along(10**power, low, high)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(_TEXT.format(x=x, y=TOP - 10, anchor="middle", text=f"{10**power:g}"))
    return parts
