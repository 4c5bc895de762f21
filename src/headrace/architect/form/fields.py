"""The classes of requirements -> fields to fill in. A key that is added there is a field here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from headrace.architect.knowledge import knowledge
from headrace.architect.requirements import Existing, Requirements
from headrace.project.declared import Declared
from headrace.project.explain import written

Kind = Literal["text", "whole", "number", "duration", "flag", "choice", "choices", "group", "list"]

_PLAIN: dict[Any, Kind] = {str: "text", int: "whole", float: "number", timedelta: "duration", bool: "flag"}


@dataclass(frozen=True)
class Field:
    """Something to fill in.

    Attributes:
        key: as the file has it.
        kind: `choice` is one word, `choices` are any number of them; a `group` has fields, and so has each item of a `list`.
        default: what holds where nothing is filled in, if the classes say so.
        choices: the words that it takes.
        suggested: words that it may take, where there are too many to choose from.
        none_said: whether "none of them" says something else than nothing at all.
        fields: of a group, or of an item.
    """

    key: str
    kind: Kind
    description: str
    required: bool
    default: str = ""
    choices: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    none_said: bool = False
    fields: tuple[Field, ...] = ()


@cache
def fields(cls: type[Declared] = Requirements) -> tuple[Field, ...]:
    """Return the fields of a class, in the order of its keys.

    Raises:
        TypeError: one of them is of a type that a form cannot ask for yet.
    """
    return tuple(_field(cls, key, field) for key, field in written(cls).items())


def _field(cls: type[Declared], key: str, field: FieldInfo) -> Field:
    told, wanted = field.description or "", field.is_required()
    plain = _bare(field.annotation)
    if get_origin(plain) is tuple:
        item = _bare(get_args(plain)[0])
        if isinstance(item, type) and issubclass(item, Declared):
            return Field(key, "list", told, wanted, fields=fields(item))
        if get_origin(item) is Literal:
            empty = not wanted and field.default is None
            return Field(key, "choices", told, wanted, _default(field), get_args(item), none_said=empty)
    elif get_origin(plain) is Literal:
        return Field(key, "choice", told, wanted, _default(field), get_args(plain))
    elif plain in _PLAIN:
        return Field(key, _PLAIN[plain], told, wanted, _default(field), suggested=_suggested(cls, key))
    elif isinstance(plain, type) and issubclass(plain, Declared):
        return Field(key, "group", told, wanted, fields=fields(plain))
    raise TypeError(f"a form cannot ask for `{key}` of {cls.__name__}: {field.annotation}")


def _bare(annotation: Any) -> Any:
    """An annotation without its checks, and without None."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bare(arguments[0])
    some = [one for one in arguments if one is not NoneType]
    return _bare(some[0]) if origin in (Union, UnionType) and len(some) == 1 else annotation


def _default(field: FieldInfo) -> str:
    value = None if field.is_required() else field.default
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _suggested(cls: type[Declared], key: str) -> tuple[str, ...]:
    if (cls, key) != (Existing, "technology"):
        return ()
    return tuple(sorted({name for group in knowledge().technologies.values() for name in group}))
