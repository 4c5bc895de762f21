"""What clients send: requirements as YAML text or as an object, names, paths; each of a bounded size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator

from headrace.architect import Requirements
from headrace.architect.read import understood
from headrace.project.declared import refused
from headrace.project.written import dump

LARGEST = 50_000
"""Characters of requirements. The examples have two thousand."""
LONGEST = 1_000
"""Characters of a name, a topic or a path."""
TOO_LARGE = "HR-163"

CALLED = Path("requirements")
"""What messages call requirements that are in no file."""


def _text_or_keys(value: Any) -> str | dict[str, Any]:
    if not isinstance(value, str | dict):
        raise refused("requirements are YAML text, or an object", "send the text of a file, or its keys with values")
    size = len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False))
    if size > LARGEST:
        raise refused(f"the requirements have {size:,} characters", f"send {LARGEST:,} at most", code=TOO_LARGE)
    return value


def _short(value: str) -> str:
    if len(value) > LONGEST:
        raise refused(f"this has {len(value):,} characters", f"send {LONGEST:,} at most", code=TOO_LARGE)
    return value


RequirementsGiven = Annotated[
    str | dict[str, Any], PlainValidator(_text_or_keys, json_schema_input_type=str | Requirements)
]
"""The schema that clients see is that of requirements; what is wrong is told by the reader of files, which says where and how to mend it."""
RequirementsAgain = Annotated[
    str | dict[str, Any], PlainValidator(_text_or_keys, json_schema_input_type=str | dict[str, Any])
]
"""The same without the schema, which is long, and need not be sent with every tool."""

Short = Annotated[str, AfterValidator(_short), Field(json_schema_extra={"maxLength": LONGEST})]


def requirements_of(given: str | Mapping[str, Any]) -> tuple[Requirements, str]:
    """Read requirements; with them, the text of a file that says the same.

    Raises:
        ProjectErrors: with every problem there is, each at its line and column of that text.
    """
    text = given if isinstance(given, str) else dump(_told(given))
    return understood(text, CALLED), text


def _told(value: Any) -> Any:
    """Without keys that are null: in an object that is the way to leave them out."""
    if isinstance(value, Mapping):
        return {key: _told(held) for key, held in value.items() if held is not None}
    return [_told(held) for held in value] if isinstance(value, list) else value
