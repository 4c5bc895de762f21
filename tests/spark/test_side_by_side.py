"""Tasks that depend on each other run in order, the rest at the same time; the first that fails ends it all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from headrace.engine.spark.side_by_side import side_by_side


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_what_is_needed_comes_first(threads: ThreadPoolExecutor) -> None:
    ended: list[str] = []

    def do(name: str) -> str:
        ended.append(name)
        return name.upper()

    needs = {"c": {"b", "source"}, "a": set(), "b": {"a"}, "d": {"c", "a"}}
    assert side_by_side(needs, do, threads) == {"a": "A", "b": "B", "c": "C", "d": "D"}
    assert ended == ["a", "b", "c", "d"]


def test_what_does_not_depend_on_each_other_runs_at_the_same_time(threads: ThreadPoolExecutor) -> None:
    both = threading.Barrier(2, timeout=60)
    assert side_by_side({"a": set(), "b": set()}, lambda _: both.wait() >= 0, threads) == {"a": True, "b": True}


def test_the_first_that_fails_ends_it_after_what_has_begun(threads: ThreadPoolExecutor) -> None:
    begun, failed, ended = threading.Event(), threading.Event(), threading.Event()
    done: list[str] = []

    def do(name: str) -> None:
        if name == "fails":
            begun.wait(60)
            failed.set()
            raise ZeroDivisionError
        if name == "long":
            begun.set()
            failed.wait(60)
            ended.set()
        done.append(name)

    with pytest.raises(ZeroDivisionError):
        side_by_side({"fails": set(), "long": set(), "after": {"fails"}}, do, threads)
    assert ended.is_set()
    assert done == ["long"]
