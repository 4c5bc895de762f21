"""Errors at the doors: one JSON shape, an HTTP status by kind of error, and no traceback to the client.

Codes raised by this package (``docs/errors.md`` has them all):

    HR-112  404  there is no model of that name                 HR-640  504  a query ran into its time limit
    HR-140  400  the request does not say what it should        HR-641  503  too many queries wait already
    HR-141  404  there is nothing at this address               HR-642  413  an answer has too many rows
    HR-142  405  the address does not take this method          HR-840  the port is taken
    HR-143  406  no format in Accept can be written             HR-841  the host is not this machine only
    HR-144  413  the body is too large                          HR-842  the port or the socket cannot be bound
    HR-145  415  the body's type cannot be read                 HR-843  503  too many open event streams
    HR-146  408  the body did not arrive in time                HR-844  the subscriber fell behind
    HR-899  500  a defect of Headrace; the log has the details  HR-845  503  the node is stopping
    HR-940  401  nobody is signed in                            HR-942  403  the request comes from another site
    HR-941  421  the Host header names another machine          HR-943  403  only an administrator may do this
    HR-944  403  it is of another domain
"""

from __future__ import annotations

import secrets

import structlog
from starlette.responses import Response

from headrace.errors import (
    AccessDenied,
    DesignError,
    EngineError,
    HeadraceError,
    LakeError,
    LogError,
    NodeError,
    ProjectError,
    SourceError,
    SqlError,
    UsageError,
)
from headrace.serve.encode import dumps

log = structlog.get_logger("headrace.serve")

_BY_CODE = {
    "HR-112": 404,
    "HR-122": 409,
    "HR-141": 404,
    "HR-142": 405,
    "HR-143": 406,
    "HR-144": 413,
    "HR-145": 415,
    "HR-146": 408,
    "HR-602": 507,
    "HR-603": 503,
    "HR-604": 504,
    "HR-605": 400,
    "HR-610": 503,
    "HR-613": 503,
    "HR-615": 503,
    "HR-617": 503,
    "HR-618": 501,
    "HR-640": 504,
    "HR-641": 503,
    "HR-642": 413,
    "HR-899": 500,
    "HR-940": 401,
    "HR-941": 421,
}
_BY_CLASS: tuple[tuple[type[HeadraceError], int], ...] = (
    (UsageError, 400),
    (SqlError, 400),
    (SourceError, 400),
    (ProjectError, 422),
    (DesignError, 422),
    (AccessDenied, 403),
    (LogError, 503),
    (NodeError, 503),
    (LakeError, 503),
    (EngineError, 500),
)


class Defect(HeadraceError):  # noqa: N818 - the tree's leaves are named for what happened, like AccessDenied
    """Something that should not happen. The client gets an id; the log has the rest under that id."""


def status_of(error: HeadraceError) -> int:
    """Return the HTTP status of an error: by its code where one says more, else by its class."""
    return _BY_CODE.get(error.code) or next((status for kind, status in _BY_CLASS if isinstance(error, kind)), 500)


def known(error: BaseException) -> HeadraceError:
    """Return an error that may be shown: itself if it is ours, else a `Defect`, once it is in the log."""
    if isinstance(error, HeadraceError):
        return error
    id_ = secrets.token_hex(4)
    log.error("defect", error_id=id_, exc_info=error)
    return Defect(
        f"Headrace itself failed (error {id_})",
        code="HR-899",
        state="The request changed nothing that was not answered before.",
        fix=f"Look for {id_} in what the `headrace` command wrote, and report it with what stands there.",
    )


def error_response(error: BaseException) -> Response:
    """Return the answer to a request that failed."""
    shown = known(error)
    status = status_of(shown)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["retry-after"] = "1"
    return Response(dumps(shown.as_dict()), status, headers, "application/json")


def bad_request(what: str, fix: str) -> UsageError:
    """HR-140: the request does not say what it should."""
    return UsageError(what, code="HR-140", state="Nothing was changed.", fix=fix)


def not_found(what: str, fix: str) -> UsageError:
    """HR-141: there is nothing of that name."""
    return UsageError(what, code="HR-141", fix=fix)


def unknown(kind: str, name: str, existing: object) -> UsageError:
    """HR-112 for a model, as on the command line; HR-141 for a dashboard, report or source. With the names that exist."""
    names = ", ".join(sorted(map(str, existing))) if isinstance(existing, (list, tuple, set, dict)) else ""
    what, fix = f"there is no {kind} named {name!r}", f"Use one of: {names}." if names else f"Add a {kind} first."
    return UsageError(what, code="HR-112", fix=fix) if kind == "model" else not_found(what, fix)


def stopping() -> NodeError:
    """HR-845: the node is stopping."""
    return NodeError("the node is stopping", code="HR-845", fix="Ask again when `headrace run` is up.")
