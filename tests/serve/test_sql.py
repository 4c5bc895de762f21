"""SQL over HTTP: formats, provenance, limits, and queries that do not end."""

from __future__ import annotations

import io
import json
import socket
import threading
import time

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.errors import UsageError
from headrace.serve.formats import negotiate

from .conftest import Serve, Served

ENDLESS = "select count(*) as n from range(100000000) a, range(100000) b where a.range + b.range < 0"
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


def ask(client: httpx.Client, sql: str, accept: str = "application/json", **fields: object) -> httpx.Response:
    return client.post("/v1/sql", json={"sql": sql, **fields}, headers={"accept": accept})


def test_json_carries_rows_columns_and_what_they_are_worth(served: Served, client: httpx.Client) -> None:
    served.node.depart("UA", "UA", "AA")
    answer = ask(client, "select * from departures order by carrier")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "columns": [{"name": "carrier", "type": "VARCHAR"}, {"name": "departures", "type": "BIGINT"}],
        "rows": [["AA", 1], ["UA", 2]],
        "epoch": 1,
        "as_of": "2013-01-01T00:01:00Z",
        "complete_to": "2013-01-01T00:01:00Z",
        "parity": "unproven",
        "relations": ["flights"],
    }


@pytest.mark.parametrize("accept", ["application/json", "text/csv", ARROW, PARQUET])
def test_every_format_has_the_rows_and_the_provenance(served: Served, client: httpx.Client, accept: str) -> None:
    served.node.depart("UA", "AA")
    answer = ask(client, "select carrier from departures order by 1", accept)
    assert answer.headers["content-type"].partition(";")[0] == accept
    assert answer.headers["headrace-epoch"] == "1"
    assert answer.headers["headrace-as-of"] == "2013-01-01T00:01:00Z"
    assert answer.headers["headrace-complete-to"] == "2013-01-01T00:01:00Z"
    assert answer.headers["headrace-parity"] == "unproven"
    assert answer.headers["cache-control"] == "no-store"
    assert carriers(answer, accept) == ["AA", "UA"]


def carriers(answer: httpx.Response, accept: str) -> list[str]:
    if accept == ARROW:
        return list(pa.ipc.open_stream(answer.content).read_all()["carrier"].to_pylist())
    if accept == PARQUET:
        return list(pq.read_table(io.BytesIO(answer.content))["carrier"].to_pylist())
    return answer.text.splitlines()[1:] if accept == "text/csv" else [row[0] for row in answer.json()["rows"]]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("text/*", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        (f"{ARROW}, application/json;q=0.9", ARROW),
        ("*/*, application/json;q=0", "text/csv"),
        (f"{PARQUET.upper()}", PARQUET),
    ],
)
def test_accept_chooses_the_format(accept: str | None, chosen: str) -> None:
    assert negotiate(accept).media_type == chosen


@pytest.mark.parametrize("accept", ["text/html", "image/png, text/html", "application/json;q=0", "text/csv;q=x"])
def test_a_format_that_cannot_be_written_is_refused(shared: Served, accept: str) -> None:
    with pytest.raises(UsageError, match="can be written"):
        negotiate(accept)
    answer = ask(shared.client(), "select 1 as x", accept)
    assert (answer.status_code, answer.json()["error"]["code"]) == (406, "HR-143")
    assert "text/csv" in answer.json()["error"]["fix"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "`sql` is missing"),
        (b"select 1", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"sql": 7}', "`sql` is missing"),
        (b'{"sql": "  "}', "`sql` is missing"),
        (b'{"sql": "select 1", "lmit": 3}', "lmit"),
        (b'{"sql": "select 1", "limit": -1}', "`limit`"),
        (b'{"sql": "select 1", "limit": true}', "`limit`"),
        (b'{"sql": "select 1", "as_of": "yesterday"}', "`as_of`"),
        (b'{"sql": "\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_request_that_cannot_be_read_says_why(shared: Served, body: bytes, says: str) -> None:
    answer = shared.client().post("/v1/sql", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "HR-140")
    assert says in answer.json()["error"]["what"]
    assert answer.json()["error"]["fix"]


def test_the_moment_asked_for_reaches_the_node(served: Served, client: httpx.Client) -> None:
    served.node.depart("UA")
    assert ask(client, "select 1 as x", as_of=1).status_code == 200
    assert ask(client, "select 1 as x", as_of="1").status_code == 200
    for moment, seen in (("2013-01-01T05:00:00", "05:00:00+00:00"), ("2013-01-01T05:00:00+02:00", "03:00:00+00:00")):
        assert seen in ask(client, "select 1 as x", as_of=moment).json()["error"]["what"]


def test_limit_is_the_client_s_and_a_cut_is_never_silent(serve: Serve) -> None:
    client = serve(answer_rows=100).client()
    assert len(ask(client, "select * from range(1000)", limit=7).json()["rows"]) == 7
    assert len(ask(client, "select * from range(100)").json()["rows"]) == 100
    assert len(ask(client, "select * from range(1000)", limit=100).json()["rows"]) == 100
    for answer in (ask(client, "select * from range(101)"), ask(client, "select * from range(1000)", limit=101)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "HR-642")


def test_an_error_has_the_one_shape(shared: Served) -> None:
    answer = ask(shared.client(), "select nothing_like_it from departures", "text/csv")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["error"]) == {"code", "what", "where", "state", "fix"}
    assert "nothing_like_it" in answer.json()["error"]["what"]


def test_a_defect_shows_an_id_and_no_traceback(served: Served, client: httpx.Client) -> None:
    served.node.failing = ZeroDivisionError("the secret inside")
    answer = client.get("/v1/status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "HR-899")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "error " in answer.json()["error"]["what"]


def test_a_query_out_of_time_is_stopped_and_its_worker_is_free(serve: Serve) -> None:
    served = serve(query_seconds=0.3, query_workers=1)
    client = served.client()
    began = time.monotonic()
    answer = ask(client, ENDLESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "HR-640")
    assert time.monotonic() - began < 2
    assert ask(client, "select 1 as x").json()["rows"] == [[1]]


def test_a_client_that_hangs_up_takes_its_query_along(serve: Serve) -> None:
    served = serve(query_seconds=60, query_workers=1)
    body = json.dumps({"sql": ENDLESS}).encode()
    host, port = served.url.removeprefix("http://").split(":")
    head = f"POST /v1/sql HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
    token = served.client().headers["authorization"]
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"{head}Authorization: {token}\r\n\r\n".encode() + body)
        wait_for(lambda: ENDLESS in "".join(served.node.queries))
    assert ask(served.client(), "select 1 as x").json()["rows"] == [[1]]


def test_the_loop_stays_free_while_queries_run(serve: Serve) -> None:
    served = serve(query_seconds=3, query_workers=2, queue=1)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(served.client(), ENDLESS).status_code)) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(answers) == 2)
    assert answers == [503, 503], "two run, one waits, two are refused at once"
    began = time.monotonic()
    assert served.client(None).get("/healthz").json() == {"status": "ok"}
    assert time.monotonic() - began < 1
    for thread in threads:
        thread.join()
    assert sorted(answers) == [503, 503, 504, 504, 504]


def test_busy_says_when_to_come_back(serve: Serve) -> None:
    served = serve(query_workers=1, queue=0, query_seconds=1)
    thread = threading.Thread(target=lambda: ask(served.client(), ENDLESS))
    thread.start()
    wait_for(lambda: bool(served.node.queries))
    answer = ask(served.client(), "select 1 as x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "HR-641")
    assert answer.headers["retry-after"] == "1"
    thread.join()


def wait_for(condition: object, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
