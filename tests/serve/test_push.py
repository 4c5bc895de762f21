"""Rows in over HTTP."""

from __future__ import annotations

import gzip
import socket
import time

import httpx
import pyarrow as pa
import pytest

from headrace.serve import to_arrow

from .conftest import Serve, Served
from .flow import ADMIN_TOKEN

NDJSON = {"content-type": "application/x-ndjson"}
ROWS = b'{"carrier": "UA"}\n{"carrier": "AA"}\n'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-ndjson", ROWS),
        ("application/x-ndjson; charset=utf-8", ROWS),
        ("application/json", b'[{"carrier": "UA"}, {"carrier": "AA"}]'),
        ("application/vnd.apache.arrow.stream", to_arrow(pa.table({"carrier": ["UA", "AA"]}))),
    ],
)
def test_rows_are_in_the_next_answer(served: Served, client: httpx.Client, content_type: str, body: bytes) -> None:
    answer = client.post("/v1/sources/flights", content=body, headers={"content-type": content_type})
    assert answer.status_code == 200
    assert answer.json() == {"read": 2, "kept": 2, "rejected": 0, "offsets": {"flights": [0, 1]}, "duplicate": False}
    rows = client.post("/v1/sql", json={"sql": "select carrier from departures order by 1"}).json()["rows"]
    assert rows == [["AA"], ["UA"]]


def test_the_same_key_again_appends_nothing(served: Served, client: httpx.Client) -> None:
    headers = {**NDJSON, "idempotency-key": "batch-1"}
    first = client.post("/v1/sources/flights", content=ROWS, headers=headers).json()
    again = client.post("/v1/sources/flights", content=ROWS, headers=headers).json()
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert again["offsets"] == first["offsets"]
    assert served.node.epoch == 1


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/v1/sources/nowhere", NDJSON, 404, "HR-141"),
        ("/v1/sources/flights", {"content-type": "text/plain"}, 415, "HR-145"),
        ("/v1/sources/flights", {}, 415, "HR-145"),
        ("/v1/sources/flights", {**NDJSON, "content-encoding": "gzip"}, 415, "HR-145"),
        ("/v1/sources/flights", {**NDJSON, "idempotency-key": "x" * 256}, 400, "HR-140"),
        ("/v1/sources/flights", {**NDJSON, "idempotency-key": "a\tb"}, 400, "HR-140"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_fix(
    shared: Served, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = shared.client().post(path, content=gzip.compress(ROWS), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["fix"]
    assert shared.node.epoch == 0


def test_rows_that_cannot_be_read_are_the_source_s_error(shared: Served) -> None:
    answer = shared.client().post("/v1/sources/flights", content=b"{", headers=NDJSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "HR-401")


def test_a_source_that_reads_files_takes_no_rows(served: Served, client: httpx.Client) -> None:
    object.__setattr__(served.node.project.sources["flights"], "kind", "file")
    answer = client.post("/v1/sources/flights", content=ROWS, headers=NDJSON)
    assert answer.status_code == 400
    assert "sources/flights.yaml" in answer.json()["error"]["fix"]


def test_a_body_that_is_too_large_is_refused_by_its_length_or_by_its_bytes(serve: Serve) -> None:
    served = serve(body_bytes=1000)
    with served.client() as client:
        declared = client.post("/v1/sources/flights", content=b"x" * 1001, headers=NDJSON)
        chunked = client.post("/v1/sources/flights", content=iter([b"x" * 400] * 5), headers=NDJSON)
        for answer in (declared, chunked):
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "HR-144")
        fits = b'{"carrier": "UA"}'.ljust(1000)
        assert client.post("/v1/sources/flights", content=fits, headers=NDJSON).status_code == 200


def test_a_body_of_64_mb_is_taken_and_one_byte_more_is_not(served: Served, client: httpx.Client) -> None:
    padding = b'{"carrier": "UA"}'.ljust(64 * 2**20)
    assert client.post("/v1/sources/flights", content=padding, headers=NDJSON).status_code == 200
    assert client.post("/v1/sources/flights", content=padding + b" ", headers=NDJSON).status_code == 413


def test_a_body_that_stalls_gives_its_place_back(serve: Serve) -> None:
    served = serve(body_seconds=0.3, pushes=1)
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = f"POST /v1/sources/flights HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n"
        line.sendall(f"{head}Content-Type: application/x-ndjson\r\nContent-Length: 100\r\n\r\n{{".encode())
        time.sleep(0.05)
        began = time.monotonic()
        assert served.client().post("/v1/sources/flights", content=ROWS, headers=NDJSON).status_code == 200
        assert 0.1 < time.monotonic() - began < 2
        assert b"408" in line.recv(4096).split(b"\r\n")[0]
