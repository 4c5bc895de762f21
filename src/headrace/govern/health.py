"""How products stand to their promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from headrace.project import Product

Verdict = Literal["met", "broken", "unknown", "not promised"]


@dataclass(frozen=True)
class Standing:
    """What a node knows of a product.

    Attributes:
        now: the node's time: of day, or how far event time has come.
        complete_to: event times before it are complete, of the sources that have not ended; None: they have none, or no event yet.
        timed: one of these has an event time.
        ended: every source of it has been read to its end.
        waiting: rows that have arrived and are not taken yet.
        taken_at: the time of the last epoch; None: there is none, or no rows are taken now.
        equal: whether the newest proof found it equal; None: there is none.
        proven_at: when that was, by the time of day; and `clock`, what it is now.
    """

    now: datetime | None
    complete_to: datetime | None
    timed: bool
    ended: bool
    waiting: int
    taken_at: datetime | None
    equal: bool | None
    proven_at: datetime | None
    clock: datetime


@dataclass(frozen=True)
class Health:
    """How a product stands to its promises.

    Attributes:
        behind: how far it is behind; None: nothing has arrived yet, or the node does not run.
    """

    freshness: Verdict
    behind: timedelta | None
    proven: Verdict

    @property
    def ok(self) -> bool:
        """No promise is broken."""
        return "broken" not in (self.freshness, self.proven)


def health(product: Product, standing: Standing) -> Health:
    """Hold what a node knows of a product against its promises."""
    behind = _behind(standing)
    fresh: Verdict = "unknown" if behind is None else "met" if behind <= product.freshness else "broken"
    return Health(fresh, behind, _proven(product, standing))


def _behind(standing: Standing) -> timedelta | None:
    if standing.taken_at is None or standing.now is None or (standing.timed and standing.complete_to is None):
        return None
    if standing.ended and not standing.waiting:
        return timedelta(0)
    since = standing.complete_to if standing.timed else standing.taken_at if standing.waiting else standing.now
    assert since is not None
    return max(standing.now - since, timedelta(0))


def _proven(product: Product, standing: Standing) -> Verdict:
    if product.proven is None:
        return "not promised"
    if standing.equal is None or standing.proven_at is None:
        return "unknown"
    return "met" if standing.equal and standing.clock - standing.proven_at <= product.proven else "broken"
