"""Charts of a design, as SVG that needs nothing else; colours follow the reader's light or dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from math import cos, pi, sin

_CSS = (files("headrace.architect.document") / "picture.css").read_text("utf-8")
STYLE = f"<style>{_CSS}</style>"
PLAIN_STYLE = f"<style>{_CSS.split('@media')[0]}</style>"
"""Within a page, the page's colours hold."""

SERIES = ("a", "b", "c")


def framed(width: float, height: float, body: str, says: str = "") -> str:
    """A picture around its parts."""
    title = f"<title>{escape(says)}</title>" if says else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">{title}{STYLE}{body}</svg>'


def text(x: float, y: float, said: str, anchor: str = "start", kind: str = "") -> str:
    """A line of text."""
    cls = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{cls}>{escape(said)}</text>'


def bars(values: Sequence[tuple[str, float]], most: float, says: str) -> str:
    """One bar for each value, the label before it and the figure behind."""
    left, wide, tall = 190.0, 360.0, 30.0
    parts = []
    for i, (label, value) in enumerate(values):
        y = 10 + i * tall
        parts.append(text(left - 10, y + 16, label, "end"))
        parts.append(
            f'<rect class="{"a" if i == 0 else "box"}" x="{left}" y="{y + 2:g}" width="{value / most * wide:.1f}" height="20"/>'
        )
        parts.append(text(left + value / most * wide + 8, y + 17, f"{value:.2f}"))
    return framed(left + wide + 60, len(values) * tall + 16, "".join(parts), says)


def radar(series: Mapping[str, Mapping[str, float]], titles: Mapping[str, str]) -> str:
    """Criteria from 1 to 5 around a centre, a line for each technology; three at most."""
    middle, reach, keys = (230.0, 165.0), 110.0, list(titles)

    def point(i: int, value: float) -> tuple[float, float]:
        angle = -pi / 2 + 2 * pi * i / len(keys)
        return middle[0] + cos(angle) * reach * (value - 1) / 4, middle[1] + sin(angle) * reach * (value - 1) / 4

    parts = [
        f'<polygon class="line" points="{_points(point(i, ring) for i in range(len(keys)))}"/>' for ring in range(2, 6)
    ]
    for i, key in enumerate(keys):
        x, y = point(i, 5.4)
        anchor = "middle" if abs(x - middle[0]) < 1 else "start" if x > middle[0] else "end"
        parts.append(text(x, y + (0 if i == 0 else 10 if anchor == "middle" else 4), titles[key], anchor))
    for kind, (name, values) in zip(SERIES, series.items(), strict=False):
        parts.append(
            f'<polygon class="{kind}" style="fill-opacity:.12;stroke-width:2" points="{_points(point(i, values[k]) for i, k in enumerate(keys))}"/>'
        )
        at = 320 + SERIES.index(kind) * 22
        parts.append(f'<rect class="{kind}" x="60" y="{at - 10}" width="12" height="12"/>{text(80, at, name)}')
    return framed(460, 330 + 22 * len(series), "".join(parts), "Criteria from 1 to 5: " + ", ".join(series))


def _points(points: object) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)  # type: ignore[attr-defined]


def sensitivity(rows: Sequence[tuple[str, float, float | None]]) -> str:
    """For each criterion the weight in use, and the one from which on another leads, between 0 and 1."""
    left, wide, tall = 160.0, 380.0, 34.0
    parts = []
    for i, (label, weight, flip) in enumerate(rows):
        y = 22 + i * tall
        parts.append(text(left - 12, y + 5, label, "end"))
        parts.append(f'<line class="line" x1="{left}" y1="{y:g}" x2="{left + wide:g}" y2="{y:g}"/>')
        if flip is not None:
            start, end = (flip, 1.0) if flip > weight else (0.0, flip)
            parts.append(
                f'<rect class="b" style="fill-opacity:.25;stroke:none" x="{left + start * wide:.1f}" y="{y - 9:g}" width="{(end - start) * wide:.1f}" height="18"/>'
            )
            parts.append(f'<rect class="b" x="{left + flip * wide - 1.5:.1f}" y="{y - 11:g}" width="3" height="22"/>')
        parts.append(f'<circle class="a" cx="{left + weight * wide:.1f}" cy="{y:g}" r="6"/>')
    bottom = 22 + len(rows) * tall
    parts += [text(left, bottom + 4, "0", "middle", "soft"), text(left + wide, bottom + 4, "1", "middle", "soft")]
    parts.append(
        f'<circle class="a" cx="{left + 70}" cy="{bottom}" r="6"/>{text(left + 82, bottom + 4, "weight in use", kind="soft")}'
    )
    parts.append(
        f'<rect class="b" style="fill-opacity:.25" x="{left + 190}" y="{bottom - 8}" width="16" height="14"/>{text(left + 214, bottom + 4, "another leads", kind="soft")}'
    )
    return framed(left + wide + 40, bottom + 18, "".join(parts), "Weights at which another technology would lead")
