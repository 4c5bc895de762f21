"""Reports: sections with parameters, all as of one epoch; each section also as CSV."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from headrace.project import Report, Section
from headrace.security import Principal
from headrace.serve.encode import Raw, columns_of, dumps, fragments, to_rows
from headrace.serve.errors import bad_request, known, not_found
from headrace.serve.formats import CSV, provenance
from headrace.serve.protocol import Answer, Node, OnStart, Question
from headrace.serve.site import Site, answer_json, find, principal_within, unless_gone
from headrace.serve.sql import check_rows


@dataclass(frozen=True)
class Choice:
    """One value that a parameter may take: the value, its JSON text, and how an address spells it."""

    value: Any
    json: str

    @property
    def text(self) -> str:
        """The value in an address: a text as it is, anything else as its JSON."""
        return str(json.loads(self.json)) if self.json.startswith('"') else self.json


@dataclass(frozen=True)
class Page:
    """A report with its parameters settled, and the answers of the sections that ask something."""

    choices: Mapping[str, list[Choice]]
    chosen: Mapping[str, Choice]
    answers: Mapping[int, Answer | Exception]
    receipts: Mapping[str, Mapping[str, Any]]


async def report(site: Site, request: Request) -> Response:
    """Answer a report's sections; a section that fails carries its error, the others are shown."""
    one = find("report", request, site.node.project.reports)
    most = site.limits.section_rows
    page = await _page(
        site, request, one, dict(request.query_params.multi_items()), indexes=range(len(one.sections)), most=most
    )
    return answer_json(await asyncio.to_thread(_body, site.node, one, page, most))


async def section_csv(site: Site, request: Request) -> Response:
    """Answer one section as CSV, with every row it has."""
    one = find("report", request, site.node.project.reports)
    wanted = dict(request.query_params.multi_items())
    index = _index(one, wanted.pop("section", None))
    most = site.limits.answer_rows
    answer = (await _page(site, request, one, wanted, indexes=[index], most=most)).answers[index]
    if isinstance(answer, Exception):
        raise answer
    check_rows(answer, most)
    body = await asyncio.to_thread(CSV.write, answer)
    name = f'attachment; filename="{one.name}-{index}.csv"'
    return Response(body, headers={**provenance(answer), "content-disposition": name}, media_type=CSV.media_type)


def _index(one: Report, text: str | None) -> int:
    asking = [str(index) for index, section in enumerate(one.sections) if section.sql]
    if text not in asking:
        raise not_found(f"report {one.name} has no table {text}", f"Give section= one of: {', '.join(asking)}.")
    return int(text)


async def _page(
    site: Site, request: Request, one: Report, wanted: Mapping[str, str], *, indexes: Sequence[int], most: int
) -> Page:
    who = principal_within(site, request, one)

    def work(on_start: OnStart) -> Page:
        choices = {name: _choices(site.node, who, parameter, on_start) for name, parameter in one.parameters.items()}
        chosen = settle(one, choices, wanted)
        asked = [index for index in indexes if one.sections[index].sql]
        questions = [_question(one.sections[index], chosen, most + 1) for index in asked]
        answers = site.node.query_all(questions, who, on_start=on_start)
        return Page(choices, chosen, dict(zip(asked, answers, strict=True)), site.node.receipts())

    return await unless_gone(request, site.queries.run(work, seconds=site.limits.query_seconds))


def _choices(node: Node, who: Principal, parameter: Any, on_start: OnStart) -> list[Choice]:
    if parameter.sql is not None:
        column = node.query(parameter.sql, who, on_start=on_start).table.column(0)
        return [Choice(scalar.as_py(), text) for scalar, text in zip(column, fragments(column), strict=True)]
    return [Choice(value, dumps(value)) for value in parameter.values]


def settle(one: Report, choices: Mapping[str, list[Choice]], wanted: Mapping[str, str]) -> dict[str, Choice]:
    """Choose each parameter's value: the one asked for, else the default, else the first; NULL when there is none.

    Raises:
        UsageError: HR-140, a parameter that the report lacks, or a value that is not offered.
    """
    strange = sorted(set(wanted) - set(one.parameters))
    if strange:
        fix = f"It has: {', '.join(one.parameters) or 'none'}."
        raise bad_request(f"report {one.name} has no parameter {', '.join(strange)}", fix)
    return {
        name: _settle_one(name, choices[name], parameter.default, wanted) for name, parameter in one.parameters.items()
    }


def _settle_one(name: str, offered: list[Choice], default: Any, wanted: Mapping[str, str]) -> Choice:
    by_text = {choice.text: choice for choice in offered}
    if name in wanted:
        if wanted[name] not in by_text:
            some = ", ".join(list(by_text)[:20]) + (", …" if len(by_text) > 20 else "")
            raise bad_request(f"parameter {name} cannot be {wanted[name]!r}", f"Use one of: {some}.")
        return by_text[wanted[name]]
    usual = by_text.get(Choice(default, dumps(default)).text) if default is not None else None
    return usual or next(iter(offered), Choice(None, "null"))


def _question(section: Section, chosen: Mapping[str, Choice], limit: int) -> Question:
    """Ask a section's SQL with the parameters that it names."""
    named = set(re.findall(r"\$([a-z][a-z0-9_]*)", section.sql or ""))
    return Question(section.sql or "", {name: chosen[name].value for name in chosen if name in named}, limit)


def _body(node: Node, one: Report, page: Page, most: int) -> dict[str, Any]:
    answers = [answer for answer in page.answers.values() if not isinstance(answer, Exception)]
    first = answers[0] if answers else None
    return {
        "name": one.name,
        "title": one.title,
        "description": one.description,
        "parameters": [_parameter(name, page) for name in one.parameters],
        "sections": [_section(section, page.answers.get(index), most) for index, section in enumerate(one.sections)],
        "epoch": first.epoch if first else None,
        "as_of": first.as_of if first else None,
        "complete_to": min((answer.complete_to for answer in answers if answer.complete_to), default=None),
        "parity": _verdicts(node, answers, page.receipts),
    }


def _parameter(name: str, page: Page) -> dict[str, Any]:
    values = [Raw(choice.json) for choice in page.choices[name]]
    label = name.replace("_", " ").capitalize()
    return {"name": name, "label": label, "values": values, "value": Raw(page.chosen[name].json)}


def _section(section: Section, answer: Answer | Exception | None, most: int) -> dict[str, Any]:
    shown = {
        "title": section.title,
        "text": section.text,
        "kind": section.kind,
        "columns": None,
        "rows": None,
        "x": section.x,
        "y": list(section.y),
        "series": section.series,
        "unit": section.unit,
        "format": section.format,
    }
    if answer is None:
        return shown
    try:
        if isinstance(answer, Exception):
            raise answer
        check_rows(answer, most)
    except Exception as error:  # noqa: BLE001 - one section's error must not hide the others
        return {**shown, "columns": [], "rows": [], **known(error).as_dict()}
    return {**shown, "columns": columns_of(answer.table), "rows": Raw(to_rows(answer.table))}


def _verdicts(node: Node, answers: list[Answer], receipts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    read = {relation for answer in answers for relation in answer.relations}
    return {name: verdict(receipts.get(name)) for name in sorted(read & set(node.project.models))}


def verdict(receipt: Mapping[str, Any] | None) -> str:
    """Return what a receipt says in one word."""
    if receipt is None:
        return "unproven"
    return "equal" if receipt.get("equal") else "differs"
