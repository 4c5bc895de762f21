"""The bounds of the serving side. Each says which failure it guards against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one server. The defaults suit one node on a small machine; tests shorten the times."""

    query_seconds: float = 30.0
    """A query that runs longer is interrupted: a forgotten cross join must not hold a worker for ever."""

    tile_seconds: float = 10.0
    """The same for a tile, which is asked again and again."""

    query_workers: int = 2
    """Queries at once. DuckDB runs each on all cores, so more workers only share them; epochs need them too."""

    tile_workers: int = 2
    """Tiles at once, apart from the queries, so that a slow ad-hoc query does not freeze the dashboards."""

    queue: int = 64
    """Queries waiting for a worker. Beyond that the answer is 503 at once, rather than a timeout much later."""

    call_seconds: float = 600.0
    """Parity, explain, push: calls that cannot be interrupted and end by themselves."""

    pushes: int = 8
    """Pushes at once. With `body_bytes` it bounds the memory that clients can make the node take."""

    body_bytes: int = 64 * 2**20
    """Largest request body. A push is one log append, in memory as a whole."""

    body_seconds: float = 60.0
    """A body must arrive within this, or a stalled client would keep one of the `pushes`."""

    answer_rows: int = 5_000_000
    """Most rows of one answer, which is built in memory. More is an error, never a silent cut."""

    section_rows: int = 100_000
    """Most rows of one report section, for a page that a browser can still show."""

    tile_rows: int = 20_000
    """Most rows of one tile. Kept per tile and per principal, and sent again at every change."""

    interval_seconds: float = 0.1
    """Shortest time between two updates to one client; in between only the newest state is kept."""

    tick_seconds: float = 1.0
    """Time between two `epoch` and `status` events."""

    retry_seconds: float = 2.0
    """A tile that failed is tried again after this, not at every epoch."""

    heartbeat_seconds: float = 15.0
    """A silent stream says this often that it lives; proxies cut connections that are idle for 30 to 60 s."""

    streams: int = 256
    """Open event streams. Each holds a socket and a little memory."""

    backlog_bytes: int = 16 * 2**20
    """Unsent changes kept for one subscriber of a model. Changes cannot be merged, so beyond that it is cut off."""

    session_seconds: float = 12 * 3600.0
    """How long a browser stays signed in."""

    sessions: int = 1024
    """Signed-in browsers; the oldest leaves when one more comes."""

    drain_seconds: float = 1.5
    """Time that requests under way get at shutdown before their queries are interrupted."""
