"""A node that runs, asked over its socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import httpx

from headrace.errors import AccessDenied, EngineError, HeadraceError, NodeError, Place, SqlError, UsageError
from headrace.security.tokens import read_token

# A query or a proof over a long history may take a while; connecting to a socket on this machine does not.
TIMEOUT = httpx.Timeout(600.0, connect=5.0)
JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
MEDIA_TYPES = {"csv": "text/csv", "arrow": ARROW, "parquet": "application/vnd.apache.parquet"}


class RunningNode:
    """Answers over the socket, as `headrace.cli.reach.Reached` has them.

    Args:
        socket: where the node listens.
        data: its data directory, which has the tokens.
        domain: ask from within this domain; None: as the administrator.
    """

    running: ClassVar[bool] = True

    def __init__(self, socket: Path, data: Path, domain: str | None = None) -> None:
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://localhost",
            timeout=TIMEOUT,
            headers={"Authorization": f"Bearer {read_token(data, domain)}"},
        )

    def __enter__(self) -> RunningNode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def rows(self, sql: str, as_of: int | datetime | None, limit: int) -> tuple[list[str], list[list[Any]]]:
        found = self._asked(_question(sql, as_of) | {"limit": limit}, JSON).json()
        return [column["name"] for column in found["columns"]], found["rows"]

    def written(self, sql: str, as_of: int | datetime | None, form: str) -> bytes:
        if form != "json":
            return self._asked(_question(sql, as_of), MEDIA_TYPES[form]).content
        # Only here: the server has no format of one object a row, and Arrow keeps every digit until it is written.
        import pyarrow as pa

        from headrace.serve.encode import to_json

        answer = self._asked(_question(sql, as_of), ARROW).content
        return to_json(pa.ipc.open_stream(BytesIO(answer)).read_all()).encode() + b"\n"

    def parity(self, models: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = self._checked(self._sent("POST", "/v1/parity", json={"models": list(models)})).json()
        return found

    def reconcile(self) -> dict[str, Any]:
        found: dict[str, Any] = self._checked(self._sent("POST", "/v1/reconcile")).json()
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self._checked(self._sent("GET", "/v1/status")).json()
        return found

    def products(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._checked(self._sent("GET", "/v1/products")).json()["products"]
        return found

    def estimate(self, model: str) -> dict[str, Any] | None:
        """What an epoch of a model costs there, now."""
        explained = self._checked(self._sent("GET", f"/v1/models/{model}")).json()["explain"]
        found: dict[str, Any] | None = explained.get("estimate")
        return found

    def _asked(self, question: Mapping[str, Any], media_type: str) -> httpx.Response:
        return self._checked(self._sent("POST", "/v1/sql", json=dict(question), headers={"Accept": media_type}))

    def _sent(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **kwargs)
        except httpx.HTTPError as error:
            raise NodeError(
                f"the running node does not answer: {error}",
                code="HR-807",
                fix="look at its output; if it has stopped, run it again",
            ) from None

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        try:
            body = response.json()["error"]
        except (ValueError, KeyError):
            raise NodeError(
                f"the running node answered {response.status_code}", code="HR-807", fix="see its log"
            ) from None
        raise _as_error(body)


def _as_error(body: Mapping[str, Any]) -> HeadraceError:
    """The node's error as it would have been here: of the class that its code belongs to, at its place."""
    where = body.get("where")
    place = None
    if where is not None:
        place = Place(Path(where["path"]), where.get("line"), where.get("column"), where.get("excerpt"))
    kind = next((c for prefix, c in _CLASSES.items() if body["code"].startswith(prefix)), HeadraceError)
    return kind(body["what"], code=body["code"], where=place, state=body["state"] or "", fix=body["fix"] or "")


_CLASSES: Mapping[str, type[HeadraceError]] = {
    "HR-1": UsageError,
    "HR-3": SqlError,
    "HR-6": EngineError,
    "HR-9": AccessDenied,
}


def _question(sql: str, as_of: int | datetime | None) -> dict[str, Any]:
    if as_of is None:
        return {"sql": sql}
    return {"sql": sql, "as_of": as_of if isinstance(as_of, int) else as_of.isoformat()}
