"""A lake on S3, its catalog in PostgreSQL or behind Iceberg's REST interface, and what can go wrong there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import requests
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitStateUnknownException,
    ForbiddenError,
    RESTError,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthorizedError,
)
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from headrace.errors import LakeError, Place
from headrace.lake import s3
from headrace.lake.catalog import LakeCatalog
from headrace.lake.failures import UNCHANGED, Failures, Said, cause_of, first_line
from headrace.lake.place import LakeElsewhere, Postgres, Rest

_CONNECTION: Final = {
    "connect_timeout": "10",
    # A server that is gone without a word is noticed in half a minute, not in two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
    "application_name": "headrace",
}

# What Arrow's S3 client and PostgreSQL's say, for they have no codes for it that reach us.
_REFUSED = re.compile(
    "ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|NO_SUCH_BUCKET|HTTP status 403|InvalidAccessKeyId"
    '|authentication failed|no password supplied|no pg_hba.conf entry|permission denied|(role|database) ".*" does not exist'
)
_SILENT = re.compile(
    "NETWORK_CONNECTION|REQUEST_TIMEOUT|SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|HTTP status 5|curlCode|Couldn't connect"
    "|connection|timeout|timed out|terminating|starting up|shutting down|recovery mode|Max retries"
)
# What these mean, their texts do not always say.
_AWAY: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    CommitStateUnknownException,
)
_FULL = re.compile("XMinioStorageFull|minimum free drive threshold|No space left|QuotaExceeded")


class ServiceFailures(Failures):
    """Explains the errors of a lake on S3."""

    def __init__(self, place: LakeElsewhere) -> None:
        catalog = place.catalog
        self._s3 = f"S3 at {place.s3.endpoint or 'Amazon'}"
        self._catalog = catalog.uri if isinstance(catalog, Rest) else f"PostgreSQL at {catalog.host}:{catalog.port}"
        super().__init__(
            where=Place(Path(place.warehouse)),
            good_copy="Restore the bucket and the catalog's database, both as of the same time, from a backup.",
        )

    @contextmanager
    def explained(self, doing: str, state: str = UNCHANGED) -> Iterator[None]:
        """As of every lake; a request that the catalog's server does not know is what that server says, too."""
        with super().explained(doing, state):
            try:
                yield
            except pa.ArrowException:
                raise
            except NotImplementedError as error:  # of HTTP 501, or of what the server's list of its endpoints lacks
                raise RESTError(first_line(error)) from error

    def _said(self, error: Exception) -> Said:
        said, text = cause_of(error), str(error)
        who = self._catalog if isinstance(error, DBAPIError | RESTError | requests.RequestException) else self._s3
        code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
        if isinstance(error, FileNotFoundError) and not _REFUSED.search(text):
            return "HR-708", "a file of the lake is missing", self.good_copy
        if code.startswith("53") or _FULL.search(text):
            return (
                "HR-705",
                f"there is no room ({said})",
                "Make room there. Then write again with the same offsets: always safe.",
            )
        if code == "42501" or isinstance(error, (ForbiddenError, UnauthorizedError)) or _REFUSED.search(text):
            fix = "Correct the target's lake in headrace.yaml, or give that user the rights: to read, write and list the bucket, and to make tables."
            return "HR-716", f"{who} refuses us ({said})", fix
        # A connection that failed or broke off has no code: a name that nobody knows just now, an end in the middle of TLS.
        broken = isinstance(error, OperationalError) and not code
        if broken or code.startswith(("08", "57")) or isinstance(error, _AWAY) or _SILENT.search(text):
            fix = "See that it runs and can be reached from here; then try again. What was not written is written then, once."
            return "HR-715", f"{who} does not answer ({said})", fix
        return "HR-718", f"{who} says: {said}", "See its own log."


def on_s3(place: LakeElsewhere) -> LakeCatalog:
    """The lake there, begun if there is none.

    Raises:
        LakeError: HR-717, what reaches the catalog is not installed.
    """
    files = s3.S3Files(s3.properties(place.warehouse, place.s3))
    files.check()
    iceberg = _listing(place)
    return LakeCatalog(iceberg, files, place.warehouse, iceberg.close, server=isinstance(place.catalog, Rest))


def _listing(place: LakeElsewhere) -> RestCatalog | SqlCatalog:
    given = {**s3.properties(place.warehouse, place.s3), "warehouse": place.warehouse}
    if isinstance(place.catalog, Rest):
        return RestCatalog(place.name, **{**given, **dict(place.catalog.settings), "uri": place.catalog.uri})
    try:
        import psycopg  # noqa: F401, PLC0415  # an optional extra
    except ImportError as error:
        raise LakeError(
            f"the lake's catalog is in PostgreSQL, whose client is not installed ({error})",
            code="HR-717",
            state="nothing was started",
            fix="pip install 'headrace[s3]'",
        ) from error
    return SqlCatalog(place.name, uri=_url(place.catalog), pool_pre_ping="true", **given)


def examine_storage(place: LakeElsewhere) -> str:
    """Write, read, list and delete an object, and have DuckDB read it.

    Raises:
        LakeError: as opening the lake does.
    """
    with ServiceFailures(place).explained("Examining S3"), duckdb.connect() as connection:
        s3.prepare(connection, place.warehouse, place.s3)
        files = s3.S3Files(s3.properties(place.warehouse, place.s3))
        files.check()
        location = f"{place.warehouse}/examined-{uuid.uuid4()}.parquet"
        with files.new_output(location).create() as stream:
            pq.write_table(pa.table({"n": [1, 2, 3]}), stream)
        try:
            connection.execute(f"SELECT sum(n) FROM read_parquet('{location}')").fetchall()
        finally:
            files.delete(location)
    return "an object was written, read and deleted"


def examine_catalog(place: LakeElsewhere) -> str:
    """Open the catalog and list its tables.

    Raises:
        LakeError: as opening the lake does.
    """
    with ServiceFailures(place).explained("Examining the catalog"), closing(_listing(place)) as catalog:
        tables = sum(len(catalog.list_tables(namespace)) for namespace in catalog.list_namespaces())
    return f"{tables} tables" if tables else "no tables yet"


def _url(database: Postgres) -> str:
    url = URL.create(
        "postgresql+psycopg",
        database.user,
        database.password,
        database.host,
        database.port,
        database.database,
        {**_CONNECTION, **dict(database.options)},
    )
    return url.render_as_string(hide_password=False)
