"""What is filled in -> what a file states, and back.

What is filled in is text by key, as a browser sends it: of a `group` by its keys, of a `list` item by item, of `choices` the words
that are chosen. What is empty is left out of the file, and the file's reader assumes what is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.architect.form.fields import Field
from headrace.errors import UsageError
from headrace.project.document import scalar

Values = Mapping[str, Any]


class UnfitError(Exception):
    """A file states something that no field of the form can show."""


def stated(fields: Sequence[Field], values: object, at: str = "") -> dict[str, Any]:
    """Return what a file states that says no more than what is filled in.

    Raises:
        UsageError: HR-140, these are not values of these fields.
    """
    if not isinstance(values, Mapping):
        raise _strange(at, "keys with values")
    if unknown := sorted(set(map(str, values)) - {field.key for field in fields}):
        raise _strange(f"{at}{unknown[0]}", "a field of the form")
    found = {field.key: _stated(field, values.get(field.key), f"{at}{field.key}") for field in fields}
    return {key: value for key, value in found.items() if value is not None}


def _stated(field: Field, value: object, at: str) -> Any:
    if value is None:
        return None
    match field.kind:
        case "group":
            return stated(field.fields, value, f"{at}.") or None
        case "list":
            items = [stated(field.fields, item, f"{at}.{i}.") for i, item in enumerate(_sequence(value, at))]
            return [item for item in items if item] or None
        case "choices":
            words = [_text(word, at) for word in _sequence(value, at)]
            return words if words or field.none_said else None
    text = _text(value, at).strip()
    if not text:
        return None
    if field.kind == "flag" and text in ("true", "false"):
        return text == "true"
    if field.kind in ("whole", "number") and not isinstance(number := scalar(text), bool):
        return number
    return text


def _sequence(value: object, at: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise _strange(at, "a list")
    return value


def _text(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise _strange(at, "text")
    return value


def _strange(at: str, wanted: str) -> UsageError:
    what = f"`{at}` is not {wanted}" if at else f"what is filled in is not {wanted}"
    fix = "Reload the form's page; a program asks for the fields first: GET /v1/form."
    return UsageError(what, code="HR-140", state="Nothing was changed.", fix=fix)


def shown(fields: Sequence[Field], declared: object) -> dict[str, Any]:
    """Return what a form that says the same as a file has filled in.

    Raises:
        UnfitError: it states what no field can show.
    """
    by_key = {field.key: field for field in fields}
    if not isinstance(declared, Mapping) or not set(declared) <= set(by_key):
        raise UnfitError
    return {key: _shown(by_key[key], value) for key, value in declared.items()}


def _shown(field: Field, value: object) -> Any:
    if field.kind == "group":
        return shown(field.fields, value)
    if field.kind in ("list", "choices"):
        if not isinstance(value, list):
            raise UnfitError
        return [shown(field.fields, item) if field.kind == "list" else _written(item) for item in value]
    return _written(value)


def _written(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise UnfitError
    return str(value)
