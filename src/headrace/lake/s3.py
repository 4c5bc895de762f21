"""The lake's files on S3, through Arrow's own client.

An object is there, whole and durable, once its upload is closed, and not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pyarrow.parquet as pq
from pyarrow.fs import FileInfo, FileSelector, FileType, S3FileSystem
from pyiceberg.io import InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFile
from pyiceberg.typedef import EMPTY_DICT, Properties

from headrace.errors import LakeError
from headrace.lake.columns import literal
from headrace.lake.failures import UNCHANGED, first_line
from headrace.lake.files import LakeFiles
from headrace.lake.place import S3, S3_CONNECT_SECONDS, S3_REQUEST_SECONDS

_SETTINGS = ("key", "secret", "endpoint", "region", "path_style")
_WAREHOUSE = "headrace.s3.warehouse"


class S3Files(LakeFiles):
    """Files below a prefix of a bucket."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._warehouse = properties[_WAREHOUSE]
        self._fs = filesystem(_read(properties))

    def new_input(self, location: str) -> InputFile:
        return PyArrowFile(location, path=_path(location), fs=self._fs)

    def new_output(self, location: str) -> OutputFile:
        return PyArrowFile(location, path=_path(location), fs=self._fs)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Remove the object; one that is already gone is no error, so that a removal can be repeated."""
        with suppress(FileNotFoundError):
            self._fs.delete_file(_path(location if isinstance(location, str) else location.location))

    def readable(self, location: str) -> str:
        return location

    def parquet(self, location: str) -> pq.ParquetFile:
        return pq.ParquetFile(_path(location), filesystem=self._fs)

    def written_before(self, tables: Iterable[str], time: datetime) -> Iterator[str]:
        for table in tables:
            for found in self._objects(table):
                if found.mtime < time:
                    yield f"s3://{found.path}"

    def remove(self, locations: Iterable[str]) -> int:
        found = [info for info in self._fs.get_file_info(list(map(_path, locations))) if info.type == FileType.File]
        for info in found:
            with suppress(FileNotFoundError):
                self._fs.delete_file(info.path)
        return sum(info.size for info in found)

    def check(self) -> None:
        """Look into the bucket: what is wrong with it or with us is said best of a listing."""
        self._fs.get_file_info(FileSelector(_path(self._warehouse).partition("/")[0]))

    def _objects(self, below: str) -> list[FileInfo]:
        selector = FileSelector(_path(below), allow_not_found=True, recursive=True)
        return [found for found in self._fs.get_file_info(selector) if found.type == FileType.File]


def properties(warehouse: str, s3: S3) -> dict[str, str]:
    """What a catalog hands to `S3Files`."""
    said = {f"headrace.s3.{name}": str(getattr(s3, name) or "") for name in _SETTINGS}
    return {"py-io-impl": "headrace.lake.s3.S3Files", _WAREHOUSE: warehouse, **said}


def preparation(warehouse: str, s3: S3) -> list[str]:
    """Statements after which a DuckDB connection reads the files below a warehouse; one of them has the secret.

    Raises:
        LakeError: HR-717, DuckDB's extension for it is not installed.
    """
    endpoint = urlsplit(s3.endpoint or "")
    given = {
        "TYPE": "s3",
        "KEY_ID": literal(s3.key),
        "SECRET": literal(s3.secret),
        "REGION": literal(s3.region),
        "SCOPE": literal(f"{warehouse}/"),
        "URL_STYLE": literal("path" if s3.path_style else "vhost"),
    }
    if s3.endpoint:
        given |= {"ENDPOINT": literal(endpoint.netloc), "USE_SSL": str(endpoint.scheme == "https").lower()}
    settings = ", ".join(f"{name} {value}" for name, value in given.items())
    return [f"LOAD {literal(str(_extension()))}", f"CREATE SECRET lake ({settings})"]


def prepare(connection: duckdb.DuckDBPyConnection, warehouse: str, s3: S3) -> None:
    """Have a DuckDB connection read the files below a warehouse.

    Raises:
        LakeError: HR-717, DuckDB's extension for it is not installed, or is one of another version of DuckDB.
    """
    try:
        for statement in preparation(warehouse, s3):
            connection.execute(statement)
    except duckdb.Error as error:
        # Without its cause: pages of that may show the statement, and one of them has the secret.
        raise LakeError(
            f"the lake is on S3, and DuckDB cannot be made to read it ({first_line(error)})",
            code="HR-717",
            state=UNCHANGED,
            fix=f"install DuckDB's extension in DuckDB's own version: pip install 'duckdb-extension-httpfs=={duckdb.__version__}'",
        ) from None


@cache
def filesystem(s3: S3) -> S3FileSystem:
    """Arrow's client; one for each server, which keeps its connections."""
    return S3FileSystem(
        access_key=s3.key,
        secret_key=s3.secret,
        endpoint_override=s3.endpoint,
        region=s3.region,
        force_virtual_addressing=not s3.path_style,
        allow_delayed_open=True,  # a small object in one request, not three
        connect_timeout=S3_CONNECT_SECONDS,
        request_timeout=S3_REQUEST_SECONDS,
    )


def _read(given: Properties) -> S3:
    said = {name: given[f"headrace.s3.{name}"] for name in _SETTINGS}
    return S3(said["key"], said["secret"], said["endpoint"] or None, said["region"], said["path_style"] == "True")


def _path(location: str) -> str:
    """Bucket and key, as Arrow names an object."""
    return location.removeprefix("s3://")


def _extension() -> Path:
    try:
        (found,) = Path(str(package_files("duckdb_extension_httpfs"))).rglob("httpfs.duckdb_extension")
    except (ModuleNotFoundError, ValueError) as error:
        raise LakeError(
            f"the lake is on S3, and DuckDB's extension that reads it is not installed ({error})",
            code="HR-717",
            state="nothing was started",
            fix="pip install 'headrace[s3]'",
        ) from error
    return found
