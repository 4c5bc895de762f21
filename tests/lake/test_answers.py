"""What the services of a lake on S3 may say, and what is made of it. None has to run: a server of the test's own says it."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import psycopg
import pyarrow as pa
import pytest
import requests
import sqlalchemy.exc
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, ServiceUnavailableError

from headrace.errors import LakeError
from headrace.lake import S3, LakeElsewhere, Postgres, Rest
from headrace.lake.elsewhere import ServiceFailures, examine_catalog, on_s3
from headrace.lake.s3 import S3Files
from headrace.runtime.services import SILENT

NOWHERE = LakeElsewhere(
    "shop", "s3://history/shop", S3("key", "secret", "http://127.0.0.1:9"), Postgres("database", "lake", "me", "it", 9)
)


def told(error: Exception) -> LakeError:
    with pytest.raises(LakeError) as caught, ServiceFailures(NOWHERE).explained("Testing"):
        raise error
    return caught.value


def connecting(said: str) -> Exception:
    """What SQLAlchemy makes of a connection that failed or broke off: of such, psycopg knows no code."""
    return sqlalchemy.exc.OperationalError("SELECT 1", {}, psycopg.OperationalError(said))


FAILED = 'connection failed: connection to server at "127.0.0.1", port 9 failed: FATAL:  '


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (connecting("failed to resolve host 'database': [Errno -2] Name or service not known"), "HR-715"),
        (connecting("consuming input failed: SSL SYSCALL error: EOF detected"), "HR-715"),
        (connecting(f'{FAILED}password authentication failed for user "me"'), "HR-716"),
        (connecting(f'{FAILED}role "me" does not exist'), "HR-716"),
        (connecting(f'{FAILED}database "lake" does not exist'), "HR-716"),
        (connecting(f'{FAILED}no pg_hba.conf entry for host "127.0.0.1"'), "HR-716"),
        (sqlalchemy.exc.OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("ended")), "HR-715"),
        (sqlalchemy.exc.OperationalError("SELECT 1", {}, psycopg.errors.IndexCorrupted("unheard of")), "HR-718"),
        (sqlalchemy.exc.ProgrammingError("SELECT 1", {}, psycopg.ProgrammingError("no such option")), "HR-718"),
    ],
    ids=lambda given: given if isinstance(given, str) else str(given.orig)[-40:],
)
def test_what_the_database_says(error: Exception, code: str) -> None:
    found = told(error)
    assert found.code == code
    assert "PostgreSQL at database:9" in found.what
    assert found.fix


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("Connection aborted.", ConnectionResetError(104, "Reset by peer")),
        requests.Timeout("No answer"),
        requests.exceptions.ChunkedEncodingError("Broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_request_that_came_to_nothing_is_asked_again(error: Exception) -> None:
    assert told(error).code == "HR-715"


@pytest.mark.parametrize("error", [NoSuchTableError("No table raw.t"), NoSuchNamespaceError("No namespace raw")])
def test_a_table_or_a_namespace_that_somebody_dropped_is_told(error: Exception) -> None:
    found = told(error)
    assert (found.code, found.where is not None) == ("HR-712", True)
    assert str(error) in found.what
    assert "backup" in found.fix


def test_what_arrow_cannot_do_is_not_said_of_the_catalog() -> None:
    assert told(pa.ArrowNotImplementedError("no such codec")).code == "HR-709"


class Catalog(BaseHTTPRequestHandler):
    """A server of Iceberg's REST interface, whose every answer but the first is the one that it is told to give."""

    protocol_version = "HTTP/1.1"
    answer: ClassVar[Callable[[Catalog], None]]

    def do_GET(self) -> None:
        if self.path.startswith("/v1/config"):
            self.say(200, {"defaults": {}, "overrides": {}})
        else:
            self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer()

    def say(self, status: int, body: object) -> None:
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *said: Any) -> None:
        """Nobody reads it."""


def status(code: int) -> Callable[[Catalog], None]:
    return lambda catalog: catalog.say(code, {"error": {"message": "because", "type": "Refused", "code": code}})


def page(code: int) -> Callable[[Catalog], None]:
    """As a proxy before the catalog says it."""
    return lambda catalog: catalog.say(code, "<html>")


def reset(catalog: Catalog) -> None:
    """End as a process does that is killed with a request unread."""
    catalog.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    catalog.close_connection = True


def half(catalog: Catalog) -> None:
    catalog.send_response(200)
    catalog.send_header("Transfer-Encoding", "chunked")
    catalog.end_headers()
    catalog.wfile.write(b"40\r\n{")
    catalog.close_connection = True


class Server(ThreadingHTTPServer):
    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without a word more: a reset stays one


@contextmanager
def behind_rest(answer: Callable[[Catalog], None]) -> Iterator[LakeElsewhere]:
    """A lake whose catalog answers so."""
    server = Server(("127.0.0.1", 0), type("Answering", (Catalog,), {"answer": answer}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield replace(NOWHERE, catalog=Rest(f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reset, "HR-715"),
        (half, "HR-715"),
        (status(429), "HR-715"),
        (status(500), "HR-715"),
        (status(502), "HR-715"),
        (status(503), "HR-715"),
        (page(503), "HR-715"),
        (status(401), "HR-716"),
        (status(403), "HR-716"),
        (status(404), "HR-712"),
        (status(400), "HR-718"),
        (status(501), "HR-718"),
    ],
    ids=["reset", "half", "429", "500", "502", "503", "page", "401", "403", "404", "400", "501"],
)
def test_what_a_catalog_behind_rest_answers(answer: Callable[[Catalog], None], code: str) -> None:
    with behind_rest(answer) as place, pytest.raises(LakeError) as caught:
        examine_catalog(place)
    error = caught.value
    assert error.code == code
    assert (code in SILENT) is (code == "HR-715")
    assert code == "HR-712" or "http://127.0.0.1" in error.what
    assert error.fix


@pytest.mark.parametrize("use", [examine_catalog, on_s3])
def test_a_catalog_that_cannot_be_used_is_let_go(
    use: Callable[[LakeElsewhere], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, close = [], RestCatalog.close

    def closing(catalog: RestCatalog) -> None:
        closed.append(catalog)
        close(catalog)

    monkeypatch.setattr(RestCatalog, "close", closing)
    monkeypatch.setattr(S3Files, "check", lambda files: None)
    with behind_rest(status(503)) as place:
        with pytest.raises((LakeError, ServiceUnavailableError)):
            use(place)
        assert len(closed) == 1
