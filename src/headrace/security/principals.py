"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Principal:
    """Someone, or some program, that asks. An administrator may change the node; no principal may pass by the gate.

    Attributes:
        domain: the domain from within which it asks: it reads what that domain may. ``""`` asks from within none; None is not bound.
    """

    name: str
    admin: bool = False
    domain: str | None = None


class Principals(Protocol):
    """Where principals come from: the local token (`tokens.py`), or an identity provider."""

    def authenticate(self, token: str) -> Principal | None:
        """The principal who holds this token, or None when nobody does."""
        ...
