"""Reaching a project's data: through its running node, or by opening it when none runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from headrace.errors import AccessDenied, EngineError, HeadraceError, NodeError, Place, SqlError, UsageError
from headrace.project import Project, load
from headrace.runtime import DataDir, Node, Settings

# A query or a proof over a long history may take a while; connecting to a socket on this machine does not.
TIMEOUT = httpx.Timeout(600.0, connect=5.0)


def data_dir(project: Path, data: Path | None) -> DataDir:
    return DataDir((data if data is not None else project / ".headrace").resolve())


def wall() -> datetime:
    return datetime.now(tz=UTC)


@contextmanager
def stopped_node(project: Project, data: DataDir) -> Iterator[Node]:
    """The data of a node that is not running, opened for questions.

    Raises:
        NodeError: HR-805, nothing has been run yet.
    """
    if not data.exists:
        raise NodeError(
            f"there is nothing to ask yet: {data.root} does not exist",
            code="HR-805",
            fix=f"headrace run {project.root} --until-caught-up --no-serve",
        )
    node = Node(project, data, Settings(intake=False), wall)
    node.open()
    try:
        yield node
    finally:
        node.close()


class RunningNode:
    """A running node, over its socket."""

    def __init__(self, data: DataDir, token: str) -> None:
        try:
            address = json.loads(data.node.read_text())
        except (OSError, ValueError):
            raise NodeError(
                f"a node holds {data.root} but does not say how to reach it yet",
                code="HR-806",
                fix="wait until it has started, then ask again",
            ) from None
        transport = httpx.HTTPTransport(uds=address["socket"])
        self._client = httpx.Client(
            transport=transport,
            base_url="http://localhost",
            timeout=TIMEOUT,
            headers={"Authorization": f"Bearer {token}"},
        )

    def get(self, path: str) -> Any:
        return self._checked(self._sent("GET", path)).json()

    def post(self, path: str, body: Mapping[str, Any], accept: str = "application/json") -> httpx.Response:
        return self._checked(self._sent("POST", path, json=dict(body), headers={"Accept": accept}))

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


def loaded(project: Path) -> Project:
    return load(project.resolve())
