"""Who is asking: a bearer token on every request, or a browser's session after it opened the link with the token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.security import Principal

Clock = Callable[[], datetime]
"""The time now, UTC."""


@dataclass(frozen=True)
class Visitor:
    """A principal, and how it came in."""

    principal: Principal
    by_cookie: bool = False
    until: datetime | None = None
    """When the session ends; None for a token, which each request carries anew."""


class Sessions:
    """Signed-in browsers, in memory: a restart of the node asks for the link again.

    Ids are 256 random bits; the table holds their digests, so neither a dump nor the time of a lookup tells an id.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seconds: float,
        most: int,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._clock = clock
        self._length = timedelta(seconds=seconds)
        self._most = most
        self._new_id = new_id
        self._visitors: dict[bytes, Visitor] = {}

    def open(self, principal: Principal) -> str:
        """Begin a session and return its id, the only copy there is."""
        self._drop_ended()
        while len(self._visitors) >= self._most:
            del self._visitors[next(iter(self._visitors))]
        id_ = self._new_id()
        self._visitors[_digest(id_)] = Visitor(principal, by_cookie=True, until=self._clock() + self._length)
        return id_

    def find(self, id_: str) -> Visitor | None:
        """Return whose session this is, or None when it has ended or never was."""
        visitor = self._visitors.get(_digest(id_))
        return visitor if visitor is not None and not self.ended(visitor) else None

    def ended(self, visitor: Visitor) -> bool:
        """Tell whether a visitor's time is over: an open stream asks now and then."""
        return visitor.until is not None and self._clock() >= visitor.until

    def _drop_ended(self) -> None:
        self._visitors = {key: visitor for key, visitor in self._visitors.items() if not self.ended(visitor)}


def _digest(id_: str) -> bytes:
    return hashlib.sha256(id_.encode()).digest()
