"""A lake on S3, its catalog in PostgreSQL or behind Iceberg's REST interface, and what can go wrong there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitStateUnknownException, ForbiddenError, UnauthorizedError
from sqlalchemy import URL

from headrace.errors import LakeError, Place
from headrace.lake import s3
from headrace.lake.catalog import LakeCatalog
from headrace.lake.failures import Failures, Said, cause_of
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
_FULL = re.compile("XMinioStorageFull|minimum free drive threshold|No space left|QuotaExceeded")


class ServiceFailures(Failures):
    """Explains the errors of a lake on S3."""

    def __init__(self, place: LakeElsewhere) -> None:
        catalog = place.catalog
        listed = catalog.uri if isinstance(catalog, Rest) else f"PostgreSQL at {catalog.host}:{catalog.port}"
        self._who = f"S3 at {place.s3.endpoint or 'Amazon'} and {listed}"
        super().__init__(
            where=Place(Path(place.warehouse)),
            good_copy="Restore the bucket and the catalog's database, both as of the same time, from a backup.",
        )

    def _said(self, error: Exception) -> Said:
        said, text = cause_of(error), str(error)
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
            return "HR-716", f"the lake's services refuse us ({said})", fix
        if code.startswith(("08", "57")) or isinstance(error, CommitStateUnknownException) or _SILENT.search(text):
            fix = "See that they run and can be reached from here; then try again with the same offsets: always safe."
            return "HR-715", f"{self._who} do not both answer ({said})", fix
        return "HR-718", f"the lake's services say: {said}", "See their own logs."


def on_s3(place: LakeElsewhere) -> LakeCatalog:
    """The lake there, begun if there is none.

    Raises:
        LakeError: HR-717, what reaches the catalog is not installed.
    """
    given = s3.properties(place.warehouse, place.s3)
    files = s3.S3Files(given)
    files.check()
    given["warehouse"] = place.warehouse
    iceberg: Catalog
    if isinstance(place.catalog, Rest):
        iceberg = RestCatalog(place.name, **{**given, **dict(place.catalog.settings), "uri": place.catalog.uri})
        return LakeCatalog(iceberg, files, place.warehouse, iceberg.close)
    try:
        import psycopg  # noqa: F401, PLC0415  # an optional extra
    except ImportError as error:
        raise LakeError(
            f"the lake's catalog is in PostgreSQL, whose client is not installed ({error})",
            code="HR-717",
            state="nothing was started",
            fix="pip install 'headrace[s3]'",
        ) from error
    iceberg = SqlCatalog(place.name, uri=_url(place.catalog), pool_pre_ping="true", **given)
    return LakeCatalog(iceberg, files, place.warehouse, iceberg.engine.dispose)


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
