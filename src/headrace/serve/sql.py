"""SQL over HTTP: one SELECT in, rows in the format that the client asks for out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from headrace.errors import EngineError
from headrace.serve.errors import bad_request
from headrace.serve.formats import negotiate, provenance
from headrace.serve.protocol import Answer
from headrace.serve.site import Site, principal, read_fields, unless_gone

_FIELDS = {
    "sql": "one SELECT",
    "as_of": "an epoch number or an ISO 8601 time",
    "limit": "the most rows wanted",
}


async def ask(site: Site, request: Request) -> Response:
    """Answer a SELECT in JSON, CSV, Arrow or Parquet, by the Accept header."""
    chosen = negotiate(request.headers.get("accept"))
    fields = await read_fields(request, site.limits, _FIELDS)
    sql, as_of, limit = _sql(fields), as_of_epoch(fields.get("as_of")), _limit(fields)
    who, most = principal(request), site.limits.answer_rows
    answer = await unless_gone(
        request,
        site.queries.run(
            lambda on_start: site.node.query(
                sql, who, as_of=as_of, limit=most + 1 if limit is None else min(limit, most + 1), on_start=on_start
            ),
            seconds=site.limits.query_seconds,
        ),
    )
    check_rows(answer, most)
    body = await asyncio.to_thread(chosen.write, answer)
    return Response(body, headers=provenance(answer), media_type=chosen.media_type)


def as_of_epoch(value: Any) -> int | datetime | None:
    """Read the moment asked for: an epoch number, an ISO 8601 time (UTC unless it says otherwise), or nothing.

    Raises:
        UsageError: HR-140, it is neither.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    text = str(value)
    if text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(
            f"`as_of` {text!r} is neither", "Give an epoch number or a time: 2013-06-01T12:00:00Z."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def check_rows(answer: Answer, most: int) -> None:
    """Refuse an answer that was cut: fewer rows than there are would look like all of them.

    Raises:
        EngineError: HR-642.
    """
    if answer.table.num_rows > most:
        raise EngineError(
            f"the answer has more than {most:,} rows",
            code="HR-642",
            state="Nothing was sent.",
            fix="Aggregate, add a WHERE, or ask for at most that many rows with LIMIT.",
        )


def _sql(fields: dict[str, Any]) -> str:
    sql = fields.get("sql")
    if not isinstance(sql, str) or not sql.strip():
        raise bad_request("`sql` is missing", 'Send {"sql": "select …"}.')
    return sql


def _limit(fields: dict[str, Any]) -> int | None:
    limit = fields.get("limit")
    if limit is None:
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise bad_request("`limit` is not a number of rows", "Give a whole number from 0 on, or leave it out.")
    return limit
