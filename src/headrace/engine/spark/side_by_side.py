"""What depends on each other in order, the rest side by side: while one job waits for a worker, another query is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from graphlib import TopologicalSorter
from typing import TypeVar

T = TypeVar("T")


def side_by_side(needs: Mapping[str, Set[str]], do: Callable[[str], T], executor: Executor) -> dict[str, T]:
    """``do`` each name, after those that it needs; what comes of each.

    The first exception is raised once all that has begun has ended; what has not begun by then is left.

    Args:
        needs: the names, in the order in which they begin when nothing else decides; needs that are no names are there already.
    """
    order = TopologicalSorter({name: {need for need in needed if need in needs} for name, needed in needs.items()})
    order.prepare()
    results: dict[str, T] = {}
    running: dict[Future[T], str] = {}
    try:
        while order.is_active():
            running.update((executor.submit(do, name), name) for name in order.get_ready())
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                results[name] = future.result()
                order.done(name)
    finally:
        for future in running:
            future.cancel()
        wait(running)
    return results
