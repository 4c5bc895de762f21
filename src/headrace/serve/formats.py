"""The formats of an answer over HTTP, and the choice among them by the Accept header (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headrace.errors import UsageError
from headrace.serve.encode import columns_of, dumps, to_arrow, to_csv, to_parquet, to_rows, utc
from headrace.serve.protocol import Answer


@dataclass(frozen=True)
class Format:
    """One way to write an answer."""

    media_type: str
    write: Callable[[Answer], str | bytes]


def _json(answer: Answer) -> str:
    columns, rows = dumps(columns_of(answer.table)), to_rows(answer.table)
    about = {
        "epoch": answer.epoch,
        "as_of": answer.as_of,
        "complete_to": answer.complete_to,
        "parity": answer.parity,
        "relations": list(answer.relations),
    }
    return f'{{"columns":{columns},"rows":{rows},{dumps(about)[1:]}'


JSON = Format("application/json", _json)
CSV = Format("text/csv", lambda answer: to_csv(answer.table))
FORMATS = (
    JSON,
    CSV,
    Format("application/vnd.apache.arrow.stream", lambda answer: to_arrow(answer.table)),
    Format("application/vnd.apache.parquet", lambda answer: to_parquet(answer.table)),
)


def provenance(answer: Answer) -> dict[str, str]:
    """Return the headers that say what an answer is worth; ``none`` before the first event, or where there is no watermark."""
    return {
        "headrace-epoch": str(answer.epoch),
        "headrace-as-of": utc(answer.as_of) if answer.as_of is not None else "none",
        "headrace-complete-to": utc(answer.complete_to) if answer.complete_to is not None else "none",
        "headrace-parity": answer.parity,
    }


def negotiate(accept: str | None) -> Format:
    """Return the format that an Accept header prefers; JSON when it does not care.

    Raises:
        UsageError: HR-143, none of ours is acceptable.
    """
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    best = max(FORMATS, key=lambda format_: _quality(format_.media_type, ranges))
    if _quality(best.media_type, ranges) <= 0:
        raise UsageError(
            f"no format in Accept ({accept}) can be written",
            code="HR-143",
            fix=f"Accept one of: {', '.join(format_.media_type for format_ in FORMATS)}.",
        )
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip() for part in text.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return name.lower(), float(quality)
    except ValueError:
        return name.lower(), 0.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """Return the quality of the most specific range that matches; 0 when none does."""
    family = media_type.partition("/")[0] + "/*"
    for wanted in (media_type, family, "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
