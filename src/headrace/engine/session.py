"""DuckDB connections: settings, and the translation of its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from headrace.engine.functions import function_error
from headrace.engine.render import literal, quoted
from headrace.errors import EngineError, LakeError

# The state file is attached without a write-ahead log: a commit does not wait for the disk. What a crash loses, the epochs
# since the last checkpoint, the log still has; they are run again, from the ledger, with the same result.
ATTACH = "ATTACH {path} AS node (RECOVERY_MODE no_wal_writes)"

# DuckDB 1.5 writes what it knows of a table's values when a statement is prepared into the plan, and runs that plan on whatever
# the table holds later: wrong answers (its issues 23704 and 24182, mended for 2.0). Epochs run prepared statements.
UNSAFE_WHEN_PREPARED = "statistics_propagation,compressed_materialization"


# Nothing but history is read from another machine.
_ELSEWHERE = re.compile("s3://|https?://|HTTP")
_KINDS: dict[str, type[duckdb.Error]] = {
    name.removesuffix("Exception").lower(): kind
    for name, kind in vars(duckdb).items()
    if name.endswith("Exception") and issubclass(kind, duckdb.Error)
}


def open_database(
    path: Path, readable: Sequence[Path | str], preparation: Sequence[str] = ()
) -> duckdb.DuckDBPyConnection:
    """The state database; besides itself it can read files below ``readable`` only, whatever SQL is run.

    Args:
        readable: folders, and URLs' prefixes.
        preparation: statements without which it could not: they load what it takes, and make secrets known.

    Raises:
        EngineError: HR-601 when the file cannot be opened. LakeError: HR-717, ``preparation`` cannot be done.
    """
    folders = ", ".join(literal(f"{one.resolve() if isinstance(one, Path) else one}/") for one in readable)
    connection = duckdb.connect(":memory:")
    try:
        _attach(connection, path)
        for statement in (
            "SET TimeZone = 'UTC'",
            "SET preserve_insertion_order = true",
            f"SET disabled_optimizers = '{UNSAFE_WHEN_PREPARED}'",
            "SET wal_autocheckpoint = '1TB'",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
        ):
            connection.execute(statement)
        _prepare(connection, preparation)
        connection.execute(f"SET allowed_directories = [{folders}]")
        connection.execute("SET enable_external_access = false")
    except BaseException:
        connection.close()
        raise
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        # Compressed tables are slow to change; history is compressed in the lake.
        connection.execute("SET force_compression = 'uncompressed'")
        connection.execute(ATTACH.format(path=literal(str(path))))
        connection.execute("USE node")
    except duckdb.Error as error:
        raise EngineError(
            f"the state file cannot be opened: {_first_line(error)}",
            code="HR-601",
            state="the log and the lake are whole; state can be rebuilt from them",
            fix=f"free or repair {path}, or delete it and run again: state is rebuilt from history",
        ) from None


def _prepare(connection: duckdb.DuckDBPyConnection, preparation: Sequence[str]) -> None:
    try:
        for statement in preparation:
            connection.execute(statement)
    except duckdb.Error as error:
        # Without its cause: pages of that may show the statement, and one of them has the secret.
        raise LakeError(
            f"DuckDB cannot be made to read history: {_first_line(error)}",
            code="HR-717",
            state="nothing was started",
            fix=f"install DuckDB's extension in DuckDB's own version: pip install 'duckdb-extension-httpfs=={duckdb.__version__}'",
        ) from None


def stored_sizes(path: Path) -> dict[str, int] | None:
    """Rows by table, as ``state.x`` and ``live.x``, of a state file that no node has; None when there is none, or one has it."""
    if not path.exists():
        return None
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH {literal(str(path))} AS node (READ_ONLY)")
            connection.execute("USE node")
            tables = "SELECT schema_name || '.' || table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'node' AND schema_name IN ('state', 'live')"
            sizes = dict[str, int](connection.execute(tables).fetchall())
            views = "SELECT view_name FROM duckdb_views() WHERE database_name = 'node' AND schema_name = 'live'"
            for (name,) in connection.execute(views).fetchall():
                row = connection.execute(f"SELECT count(*) FROM live.{quoted(name)}").fetchone()
                sizes[f"live.{name}"] = row[0] if row is not None else 0
            return sizes
    except duckdb.Error:
        return None


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block or none of it."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        # The failed statement may have ended the transaction already.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def engine_error(error: duckdb.Error, doing: str) -> EngineError:
    """DuckDB's error as ours: what was being done, what is left, what to do."""
    text = _first_line(error)
    state = "nothing of it was kept; the last committed epoch stands"
    if (failed := function_error(error, doing, state)) is not None:
        return failed
    if "No space left" in str(error) or "out of disk" in str(error).lower():
        return EngineError(
            f"the disk is full while {doing}",
            code="HR-602",
            state=state,
            fix="free space on the data directory's disk, then run again: it resumes where it stopped",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineError(
            f"out of memory while {doing}: {text}",
            code="HR-603",
            state=state,
            fix="run with a smaller --epoch-rows, or give the process more memory",
        )
    if isinstance(error, duckdb.InterruptException):
        return EngineError(
            f"stopped while {doing}: it took longer than allowed",
            code="HR-604",
            state=state,
            fix="narrow the query with WHERE or LIMIT, or select from a model that is kept aggregated",
        )
    if isinstance(error, duckdb.IOException) and _ELSEWHERE.search(str(error)):
        return _unread(error, f"while {doing}: {text}", state)
    return EngineError(
        f"{text} (while {doing})",
        code="HR-605",
        state=state,
        fix="correct the expression that fails on these values, for instance with TRY_CAST, then run again",
    )


def streamed(error: OSError) -> duckdb.Error:
    """What ended a result while it was read, as DuckDB's own error: all that pyarrow leaves of it is the text."""
    kind = str(error).partition(" Error:")[0].replace(" ", "").lower()
    return _KINDS.get(kind, duckdb.Error)(str(error))


def _unread(error: duckdb.IOException, what: str, state: str) -> EngineError:
    """S3 has not given a file of history: whether waiting heals that, its HTTP status says."""
    match _status(error):
        case 401 | 403:
            return EngineError(
                f"S3 refuses to have history read {what}",
                code="HR-619",
                state=state,
                fix="correct key and secret of the target's lake in headrace.yaml, or give that key the right to read and list below the warehouse; then run again",
            )
        case 404:
            return EngineError(
                f"a file of history is missing on S3 {what}",
                code="HR-620",
                state=state,
                fix="restore the bucket and the catalog's database, both as of the same time, from a backup; see that no lifecycle rule of the bucket, "
                "and nobody else, deletes below the warehouse",
            )
    return EngineError(
        f"history cannot be read {what}",
        code="HR-610",
        state=state,
        fix="see that the lake's S3 server runs and can be reached from here; then ask again",
    )


def _status(error: duckdb.IOException) -> int | None:
    """The HTTP status that was answered, if there was one: of what came from a stream only the text is left."""
    told = getattr(error, "status_code", None)
    if (
        told is None
        and isinstance(error, duckdb.HTTPException)
        and (found := re.search(r"\(HTTP (\d{3})\b", str(error)))
    ):
        return int(found[1])
    return told


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n")[0]
