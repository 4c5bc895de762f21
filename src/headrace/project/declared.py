"""What every declared thing has in common, and the kinds of value that a project file may hold."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

NAME = re.compile(r"[a-z][a-z0-9_]*")
NAME_FIX = "use lower-case letters, digits and _, as in `late_bids`"
RESERVED = "headrace_"

GIVEN: JsonDict = {"given": True}
"""Marks a field that the loader fills in, from where a file stands or what it is called. No file may state it."""

_MICROSECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1_000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1_000_000),
    **dict.fromkeys(("min", "minute", "minutes"), 60_000_000),
    **dict.fromkeys(("h", "hour", "hours"), 3_600_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000),
    **dict.fromkeys(("week", "weeks"), 604_800_000_000),
}
_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([a-z]+)\s*")
_DURATION = re.compile(f"(?:{_PART.pattern})+")


class Declared(BaseModel):
    """Anything a project declares: immutable, and with no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


def refused(
    what: str, fix: str, *, at: str | None = None, code: str = "HR-207", hidden: bool = False
) -> PydanticCustomError:
    """Return the error for a validator to raise.

    Args:
        what: what is wrong.
        fix: the edit that mends it.
        at: the key it is about, when the validator looks at several.
        code: the problem's code.
        hidden: whether the line holds something that must not be shown.
    """
    return PydanticCustomError(
        "refused", "{what}", {"what": what, "fix": fix, "at": at, "code": code, "hidden": hidden}
    )


def parse_duration(text: str) -> timedelta:
    """Read a length of time: ``10 seconds``, ``1 hour 30 minutes``, ``250 ms``, ``0.5 s``.

    Raises:
        ValueError: the text is not one, or is longer than a `timedelta` holds.
    """
    if not _DURATION.fullmatch(text.strip()):
        raise ValueError(text)
    try:
        total = sum(Fraction(count) * _MICROSECONDS[unit] for count, unit in _PART.findall(text))
        return timedelta(microseconds=round(total))
    except (KeyError, OverflowError) as error:
        raise ValueError(text) from error


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refused(f"{value} is a length of time without its unit", f"say of what, as in `{value} seconds`")
    try:
        return parse_duration(str(value))
    except ValueError:
        fix = "write a number and a unit (ms, seconds, minutes, hours, days, weeks), as in `10 seconds`"
        raise refused(f"{value!r} is not a length of time", fix) from None


def _some(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise refused("the length of time must be more than nothing", "write a longer one, as in `1 minute`")
    return value


def _name(value: Any) -> Any:
    if isinstance(value, str) and (fault := name_fault(value)):
        raise refused(f"{value!r} cannot be a name: {fault}", NAME_FIX, code="HR-208")
    return value


def name_fault(name: str) -> str:
    """Say why a name is refused; empty when it is a good one."""
    if not NAME.fullmatch(name):
        return "a name starts with a lower-case letter and goes on with lower-case letters, digits and _"
    return f"names starting with {RESERVED} are kept for Headrace itself" if name.startswith(RESERVED) else ""


Name = Annotated[str, BeforeValidator(_name)]
"""``[a-z][a-z0-9_]*``, not starting with ``headrace_``."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text with something in it."""

Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]

Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time, zero or more: ``10 seconds``."""

SomeTime = Annotated[timedelta, BeforeValidator(lambda value: _some(_duration(value)))]
"""A length of time of more than nothing."""
