"""``headrace run``: a node in this process, from start to a clean end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from headrace.cli.reach import PATIENCE_SECONDS, data_dir
from headrace.cli.signals import ending
from headrace.cli.stopped import loaded, wall
from headrace.project import Project
from headrace.runtime.datadir import DataDir
from headrace.runtime.decide import EPOCH_ROWS
from headrace.runtime.node import Node, Settings
from headrace.runtime.services import published_log, target_of
from headrace.runtime.serving import ServingNode
from headrace.security import open_token, read_token
from headrace.serve import Server, Sockets, app, bind, configure_logs

STATIC = Path(__file__).parent.parent / "serve" / "static"


def run_node(
    project: Path,
    data: Path | None,
    target: str | None,
    *,
    until_caught_up: bool,
    serve: bool,
    epoch_rows: int | None,
    port: int | None,
) -> None:
    """Run until told to stop, or until all bounded input is taken."""
    configure_logs()
    declared, directory = loaded(project), data_dir(project, data, target)
    target_of(declared, target)
    sockets = _bound(declared, directory, port, serve=serve)
    node = Node(declared, directory, Settings(epoch_rows or EPOCH_ROWS, full_speed=until_caught_up), wall)
    console = Console(stderr=True)
    with _running(node, directory, sockets, console):
        if serve or not until_caught_up:
            _say_where(console, declared, sockets, directory, serve=serve)
        _work(node, console, until_caught_up=until_caught_up)
    _say(console, "Stopped. Everything taken so far is kept; run again to go on from here.")


def serve_node(project: Path, data: Path | None, target: str | None, port: int | None) -> None:
    """Serve what the node of the target publishes, until told to stop."""
    configure_logs()
    declared = loaded(project)
    published_log(declared, target)
    directory = data_dir(project, data or project / ".headrace" / "serving" / str(target), target)
    sockets = _bound(declared, directory, port, serve=True)
    node = ServingNode(declared, directory, wall)
    console = Console(stderr=True)
    with _running(node, directory, sockets, console):
        _say_where(console, declared, sockets, directory, serve=True)
        _work(node, console, until_caught_up=False)
    _say(console, "Stopped. Nothing is kept here; serve again to go on from what is published by then.")


def _bound(project: Project, directory: DataDir, port: int | None, *, serve: bool) -> Sockets:
    """Sockets to serve on, for a node that now has the data directory."""
    directory.hold(PATIENCE_SECONDS)
    try:
        chosen = project.serve.port if port is None else port
        return bind(directory.root, host=project.serve.host, port=chosen, tcp=serve)
    except BaseException:
        directory.release()
        raise


@contextmanager
def _running(node: Node, directory: DataDir, sockets: Sockets, console: Console) -> Iterator[None]:
    def end() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once
        node.end()

    with ending(end), _opened(node, directory, sockets, console):
        server = Server(app(node, open_token(directory.root, node.project.domains), STATIC, clock=wall), sockets)
        with _serving(server, directory):
            node.start()
            yield


def _work(node: Node, console: Console, *, until_caught_up: bool) -> None:
    if not until_caught_up:
        while not node.wait(0.5):
            pass
        node.check()
        return
    with console.status("starting") as spinner:
        node.run_until_caught_up(lambda status: spinner.update(_progress(status)))
    if node.interrupted:
        return
    status = node.status()
    read = sum(source["read"] for source in status["sources"])
    rejected = sum(source["rejected"] for source in status["sources"])
    _say(console, f"Caught up at epoch {status['epoch']:,}: {read:,} records read, {rejected:,} rejected.")


def _say(console: Console, text: str) -> None:
    """A line as it is: whole, whatever the terminal's width, and no markup in it."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _progress(status: Mapping[str, Any]) -> str:
    return f"epoch {status['epoch']:,}  {status['read']:,} records  {status['rows_per_second']:,.0f} rows/s  {status['lag_rows']:,} behind"


@contextmanager
def _opened(node: Node, directory: DataDir, sockets: Sockets, console: Console) -> Iterator[None]:
    try:
        with console.status("opening"):
            node.open()
    except BaseException:
        sockets.close()
        directory.release()
        raise
    if node.built:
        _say(console, f"Built from history: {', '.join(node.built)}.")
    try:
        yield
    finally:
        node.close()


@contextmanager
def _serving(server: Server, directory: DataDir) -> Iterator[None]:
    server.start()
    directory.node.write_text(json.dumps({"pid": os.getpid(), "socket": str(server.sockets.path)}))
    try:
        yield
    finally:
        directory.node.unlink(missing_ok=True)
        server.stop()


def _say_where(console: Console, project: Project, sockets: Sockets, directory: DataDir, *, serve: bool) -> None:
    """The one-click link goes to standard output: it is the answer of the command."""
    if not serve:
        _say(console, f"{project.name} runs; ask it with: headrace query … --project {project.root}")
        return
    print(f"{project.name}: {sockets.url}/login?token={read_token(directory.root)}", flush=True)
    _say(console, "Open the link. Ctrl-C stops.")


__all__ = ["run_node", "serve_node"]
