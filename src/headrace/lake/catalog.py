"""The Iceberg catalog of a lake: two namespaces, and the tables in them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from headrace.lake import failures
from headrace.lake.disk import WAREHOUSE, DiskFiles, make_folder
from headrace.lake.files import LakeFiles

NAMESPACES: Final = ("raw", "models")
_NAME = re.compile(r"(raw|models)\.[a-z][a-z0-9_]*")
# Of the other processes, one that reads is gone in milliseconds and one that writes in tens of them.
_PATIENCE_SECONDS = 30

_PROPERTIES = {
    "headrace.format": "1",
    # We retry ourselves: pyiceberg would add the same rows again behind a commit that already brought them.
    "commit.retry.num-retries": "0",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}


class LakeCatalog:
    """Loads, creates and names tables.

    Args:
        iceberg: where they are listed.
        files: where they are.
        warehouse: the location below which tables are made, ``namespace/table`` each; ``None`` to leave it to the catalog.
        close: lets go of the catalog, also when it cannot be used.
        server: it is one that writes the tables' metadata itself, and may choose other places for them below the warehouse.
    """

    def __init__(
        self,
        iceberg: Catalog,
        files: LakeFiles,
        warehouse: str | None,
        close: Callable[[], None],
        *,
        server: bool = False,
    ) -> None:
        self.files = files
        self._server = server
        self._iceberg = iceberg
        self._warehouse = warehouse
        self.close = close
        try:
            for namespace in NAMESPACES:
                self._iceberg.create_namespace_if_not_exists(namespace)
        except BaseException:
            close()
            raise

    def names(self) -> list[str]:
        """Every table, as ``namespace.name``, sorted."""
        return sorted(".".join(found) for namespace in NAMESPACES for found in self._iceberg.list_tables(namespace))

    def find(self, name: str) -> Table | None:
        """The table as it is now; raises HR-713 for a name that no table can have."""
        if not _NAME.fullmatch(name):
            raise failures.misnamed(name)
        try:
            return self._load(name)
        except NoSuchTableError:
            return None

    def get(self, name: str) -> Table:
        """The table as it is now; raises HR-712 when there is none."""
        found = self.find(name)
        if found is None:
            raise failures.unknown(f"The lake has no table {name}.", "`headrace status` lists what it has.")
        return found

    def create(self, name: str, schema: Schema) -> Table:
        """A new table without rows; the one already there, should another process have been faster."""
        location = None if self._warehouse is None else f"{self._warehouse}/{name.replace('.', '/')}"
        try:
            made = self._iceberg.create_table(name, schema, location, properties=_PROPERTIES)
        except TableAlreadyExistsError:
            return self._load(name)
        if self._warehouse is not None and not made.location().startswith(f"{self._warehouse}/"):
            self._iceberg.drop_table(name)
            raise failures.astray(name, made.location(), self._warehouse)
        return made

    def owns(self, file: str) -> bool:
        """Whether the file is the catalog's alone: which versions of a table it keeps, we do not know."""
        return self._server and file.endswith(".metadata.json")

    def _load(self, name: str) -> Table:
        try:
            return self._iceberg.load_table(name)
        except FileNotFoundError:
            # A writer may have replaced that version twenty times since we read its name.
            return self._iceberg.load_table(name)


def on_disk(root: Path) -> LakeCatalog:
    """The lake in a folder, made if it is not there: ``catalog.sqlite`` and ``warehouse/``."""
    warehouse = root / "warehouse"
    make_folder(warehouse)
    files = DiskFiles({WAREHOUSE: str(warehouse)})
    database = root / "catalog.sqlite"
    if not database.exists() and files.has_tables():
        raise failures.torn(database, warehouse)
    _use_wal(database)
    iceberg = SqlCatalog(
        "headrace",
        uri=f"sqlite:///file:{quote(str(database))}?uri=true&timeout={_PATIENCE_SECONDS}",
        warehouse=f"file://{warehouse}",
        **{"py-io-impl": "headrace.lake.disk.DiskFiles", WAREHOUSE: str(warehouse)},
    )
    return LakeCatalog(iceberg, files, None, iceberg.engine.dispose)


def _use_wal(database: Path) -> None:
    """Readers do not wait for the writer, and a commit is one flush to the disk instead of three."""
    connection = sqlite3.connect(database, timeout=_PATIENCE_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
