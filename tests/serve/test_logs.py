"""Logs: one JSON object a line, without secrets."""

from __future__ import annotations

import io
import json
import logging
import time

import structlog

from headrace.serve.logs import HIDDEN, adopt, configure, redact

from .conftest import Served
from .flow import ADMIN_TOKEN


def lines(logs: io.StringIO) -> list[dict[str, object]]:
    # The last line may still be in the making.
    return [json.loads(line) for line in logs.getvalue().splitlines(keepends=True) if line.endswith("\n")]


def requests(logs: io.StringIO, count: int) -> list[dict[str, object]]:
    """The lines of requests, once there are as many: each is written when its answer has gone out."""
    deadline = time.monotonic() + 10
    while True:
        found = [line for line in lines(logs) if line["event"] == "request"]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


def test_a_request_is_one_line_without_its_query(served: Served, logs: io.StringIO) -> None:
    served.client(None).get("/login", params={"token": ADMIN_TOKEN})
    served.client().get("/v1/project")
    (login, project) = requests(logs, 2)
    assert (login["path"], login["status"], login["principal"]) == ("/login", 303, None)
    assert (project["path"], project["status"], project["principal"]) == ("/v1/project", 200, "admin")


def test_a_defect_is_logged_with_the_id_that_the_client_got(served: Served, logs: io.StringIO) -> None:
    served.node.failing = ZeroDivisionError(f"while using Bearer {ADMIN_TOKEN}")
    shown = served.client().get("/v1/status").json()["error"]["what"]
    (defect,) = [line for line in lines(logs) if line["event"] == "defect"]
    assert str(defect["error_id"]) in shown
    assert "ZeroDivisionError" in str(defect["exception"])
    assert HIDDEN in str(defect["exception"])


def test_secrets_are_hidden_wherever_they_stand() -> None:
    event = {
        "event": "GET /login?token=abc&x=1",
        "authorization": "Bearer abc",
        "headers": {"Cookie": "headrace_8642=abc", "accept": "text/csv"},
        "tokens": ["abc"],
        "text": "Authorization: Bearer abc, cookie headrace_8642=abc; session=abc",
        "count": 3,
    }
    hidden = redact(None, "", event)
    assert "abc" not in str(hidden)
    assert hidden["event"] == f"GET /login?token={HIDDEN}&x=1"
    assert hidden["headers"] == {"Cookie": HIDDEN, "accept": "text/csv"}
    assert hidden["count"] == 3


def test_what_uvicorn_says_comes_out_the_same_way(logs: io.StringIO) -> None:
    adopt("uvicorn.error")
    logging.getLogger("uvicorn.error").warning("odd %s", "thing")
    logging.getLogger("uvicorn.error").info("chatter")
    (line,) = lines(logs)
    assert (line["event"], line["level"]) == ("odd thing", "warning")


def test_requests_are_not_logged_unless_asked_for() -> None:
    stream = io.StringIO()
    configure(stream)
    structlog.get_logger("x").info("request")
    structlog.get_logger("x").warning("odd")
    assert [line["event"] for line in lines(stream)] == ["odd"]
