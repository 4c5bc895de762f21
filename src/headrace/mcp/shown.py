"""The knowledge base as JSON, piece by piece. A piece that is not there is a KeyError."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.architect.framework import CHARACTERISTICS, MATRIX, PATTERNS, SCALE, SECTIONS, WORDS
from headrace.architect.knowledge import Technology
from headrace.architect.schema import schema as requirements_schema
from headrace.mcp.session import Session
from headrace.mcp.telling import TELLS
from headrace.mcp.told import source, sources

Values = Mapping[str, str]


def index(session: Session, _: Values) -> str:
    known = session.known
    return _json(
        {
            "components": {component: list(group) for component, group in known.technologies.items()},
            "patterns": list(PATTERNS),
            "evidence": list(known.evidence),
            "prices": list(known.prices),
        }
    )


def patterns(_: Session, __: Values) -> str:
    return _json(
        {
            "section": SECTIONS["pattern"].cited,
            "scale": {WORDS[letter]: points for letter, points in SCALE.items()},
            "ratings": {
                PATTERNS[pattern]: {
                    CHARACTERISTICS[name]: {"rating": WORDS[row[pattern][0]], "remark": row[pattern][1]}
                    for name, row in MATRIX.items()
                }
                for pattern in PATTERNS
            },
        }
    )


def pattern(session: Session, values: Values) -> str:
    if values["pattern"] not in PATTERNS:
        raise KeyError(values["pattern"])
    return _json(TELLS["pattern"](values["pattern"], session.known).model_dump(mode="json"))


def sections(_: Session, __: Values) -> str:
    found = [
        {"key": key, "cited": each.cited, "published": each.published, "brief": each.brief}
        for key, each in SECTIONS.items()
    ]
    return _json(found)


def schema(_: Session, __: Values) -> str:
    return _json(requirements_schema())


def component(session: Session, values: Values) -> str:
    group = _group(session, values["component"])
    return _json({name: _told(each) for name, each in group.items()})


def technology(session: Session, values: Values) -> str:
    each = _group(session, values["component"])[values["technology"]]
    cited = [*each.evidence, *(name for rating in each.ratings.values() for name in rating.evidence)]
    found = sources(cited, session.known)
    return _json({**_told(each), "sources": [one.model_dump(mode="json") for one in found]})


def evidence(session: Session, values: Values) -> str:
    return _json(source(values["id"], session.known).model_dump(mode="json"))


def _group(session: Session, name: str) -> Mapping[str, Technology]:
    return {str(key): group for key, group in session.known.technologies.items()}[name]


def _told(each: Technology) -> dict[str, Any]:
    return each.model_dump(mode="json")


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
