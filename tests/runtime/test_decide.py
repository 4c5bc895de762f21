"""What an epoch takes and what time it is: properties of the decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.duckdb import PACE
from headrace.runtime.decide import complete_to, logical_time, next_limit, next_offsets, rest

STREAMS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 1_000_000))
T0 = datetime(2013, 1, 1, tzinfo=UTC)


@given(taken=STREAMS, more=STREAMS, limit=st.integers(1, 10_000), timed=st.sets(st.sampled_from("abcd")))
def test_an_epoch_is_bounded_moves_and_never_overtakes(
    taken: dict[str, int], more: dict[str, int], limit: int, timed: set[str]
) -> None:
    ends = {s: taken.get(s, 0) + more.get(s, 0) for s in {*taken, *more}}
    offsets = next_offsets(taken, ends, limit, timed)
    moved = sum(offsets[s] - taken.get(s, 0) for s in offsets)
    assert all(taken.get(s, 0) <= offsets[s] <= ends.get(s, taken.get(s, 0)) for s in offsets)
    assert moved <= limit
    assert moved > 0 or ends == {s: taken.get(s, 0) for s in ends}
    if sum(more.values()) <= limit:
        assert offsets == {**taken, **ends}


def test_a_trickle_rests_and_a_flood_does_not() -> None:
    assert rest(25_000, 10, 0.1) == 0.1
    assert rest(25_000, 10, 3.0) == 0.25
    assert rest(25_000, 25_000, 0.1) == 0.0


def test_what_others_look_up_goes_first_but_starves_nobody() -> None:
    assert next_offsets({}, {"events": 1_000_000, "planes": 3_000}, 10_000, {"events"}) == {
        "events": 7_000,
        "planes": 3_000,
    }
    assert next_offsets({}, {"events": 1_000_000, "planes": 90_000}, 10_000, {"events"}) == {
        "events": 5_000,
        "planes": 5_000,
    }
    assert next_offsets({}, {"planes": 90_000}, 10_000, {"events"}) == {"planes": 10_000}


def test_event_time_follows_the_source_furthest_behind_then_the_furthest() -> None:
    reached = {"a": T0 + timedelta(hours=1), "b": T0}
    assert logical_time(None, reached, frozenset(), None) == T0
    assert logical_time(None, reached, frozenset({"b"}), None) == reached["a"]
    assert logical_time(None, reached, frozenset({"a", "b"}), None) == reached["a"]
    assert logical_time(reached["a"], {"b": T0}, frozenset(), None) == reached["a"]


def test_the_wall_clock_never_goes_back() -> None:
    assert logical_time(T0, {}, frozenset(), T0 + timedelta(seconds=1)) == T0 + timedelta(seconds=1)
    assert logical_time(T0, {}, frozenset(), T0 - timedelta(seconds=1)) == T0


def test_complete_to_is_the_least_watermark() -> None:
    reached = {"a": T0 + timedelta(hours=1), "b": T0 + timedelta(hours=2)}
    lateness = {"a": 0.0, "b": 7200.0}
    both = frozenset({"a", "b"})
    assert complete_to(both, reached, lateness, frozenset()) == T0
    assert complete_to(both, reached, lateness, frozenset({"b"})) == T0 + timedelta(hours=1)
    assert complete_to(both, {"a": T0}, lateness, frozenset()) is None
    assert complete_to(frozenset({"c"}), reached, lateness, frozenset()) is None


def test_epochs_grow_while_they_are_quick_and_shrink_when_they_are_slow() -> None:
    assert next_limit(25_000, 1_000_000, 25_000, 0.9, PACE) == 50_000
    assert next_limit(25_000, 1_000_000, 25_000, 0.01, PACE) == 200_000
    assert next_limit(150_000, 200_000, 150_000, 0.9, PACE) == 200_000
    assert next_limit(25_000, 200_000, 10, 0.2, PACE) == 25_000
    assert next_limit(25_000, 200_000, 25_000, 2.1, PACE) == 25_000
    assert next_limit(100_000, 200_000, 100_000, 5.0, PACE) == 50_000
    assert next_limit(25_000, 200_000, 25_000, 5.0, PACE) == 25_000
    assert next_limit(500, 500, 500, 5.0, PACE) == 500
