"""The two sockets of a node, bound before anything else starts: TCP on this machine only, and a Unix domain socket."""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import os
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import NodeError
from headrace.serve.holder import holder

SOCKET = "node.sock"
_LONGEST = 107 if sys.platform == "linux" else 103
"""Bytes that `sun_path` holds besides its final NUL: 108 on Linux, 104 on the BSDs and macOS."""
_BACKLOG = 128


@dataclass(frozen=True)
class Sockets:
    """Listening sockets: clients that come before the server runs wait instead of being refused."""

    tcp: socket.socket | None
    unix: socket.socket
    path: Path
    """Of the Unix domain socket."""
    url: str
    """The address for browsers; empty without TCP."""

    @property
    def all(self) -> list[socket.socket]:
        """Both, or the one there is."""
        return [self.unix] if self.tcp is None else [self.tcp, self.unix]

    def close(self) -> None:
        """Stop listening and remove the socket's file."""
        for one in self.all:
            one.close()
        self.path.unlink(missing_ok=True)


def bind(data: Path, *, host: str = "127.0.0.1", port: int = 8642, tcp: bool = True) -> Sockets:
    """Bind the sockets of the node whose data directory is `data`.

    Args:
        port: 0 takes any free one.
        tcp: without it, only the Unix domain socket: for the command line, not for browsers.

    Raises:
        NodeError: HR-840 the port is taken, HR-841 the host is not a loopback address, HR-842 anything else.
    """
    path = socket_path(data)
    if not tcp:
        return Sockets(None, _bind_unix(path), path, "")
    listening = bind_tcp(loopback(host), port)
    try:
        return Sockets(listening, _bind_unix(path), path, url(listening))
    except BaseException:
        listening.close()
        raise


def loopback(host: str) -> str:
    """Return the address of a host name that means this machine only.

    Raises:
        NodeError: HR-841. Without TLS, tokens and rows would cross the network in the clear.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host.lower() == "localhost" else host.strip("[]"))
        if str(address) in ("127.0.0.1", "::1"):
            return str(address)
    except ValueError:
        pass
    raise NodeError(
        f"the node does not listen on {host}: it has no TLS yet, so it serves this machine only",
        code="HR-841",
        state="Nothing was started.",
        fix="Use host 127.0.0.1, and reach it from elsewhere through a tunnel: ssh -L 8642:localhost:8642 THIS-MACHINE",
    )


def socket_path(data: Path) -> Path:
    """Return where the Unix domain socket of a data directory is, for the server and for whoever connects.

    It is ``<data>/node.sock``. Where that is longer than the system allows, it is a file named after a digest of the
    data directory, in a folder of this user's own below the system's temporary one.

    Raises:
        NodeError: HR-842, that folder belongs to somebody else, or its path is too long as well.
    """
    data = data.resolve()
    path = data / SOCKET
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    folder = Path(tempfile.gettempdir()) / f"headrace-{os.getuid()}"
    path = folder / f"{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}.sock"
    if len(os.fsencode(path)) > _LONGEST:
        raise _cannot(f"the path of its socket is too long: {path}", "Set TMPDIR to a shorter folder.")
    _own(folder)
    return path


def _own(folder: Path) -> None:
    """Make the folder ours alone. In a folder for everybody, somebody else may have made it first."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise _cannot(f"{folder} is not a folder of this user alone", f"Remove {folder}, or set TMPDIR.")


def bind_tcp(host: str, port: int, command: str = "headrace run") -> socket.socket:
    """Bind one TCP port.

    Args:
        host: an address that `loopback` gave.
        port: 0 takes any free one.
        command: which would take another port.

    Raises:
        NodeError: HR-840 the port is taken, HR-842 anything else.
    """
    tcp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        # Connections of the node before this one may linger in TIME_WAIT; that is no reason to refuse.
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((host, port))
        tcp.listen(_BACKLOG)
    except OSError as error:
        tcp.close()
        raise _refused(host, port, command, error) from error
    return tcp


def url(tcp: socket.socket) -> str:
    """Return the address for browsers of a socket that `bind_tcp` bound."""
    host, port = tcp.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _refused(host: str, port: int, command: str, error: OSError) -> NodeError:
    if error.errno != errno.EADDRINUSE:
        return _cannot(
            f"{host}:{port} cannot be bound: {error.strerror}", f"Choose another port: {command} --port 8642"
        )
    who, other = holder(port), port + 1 if port < 65535 else 8642
    by = f" by {who}" if who else ""
    return NodeError(
        f"port {port} is in use{by}",
        code="HR-840",
        state="Nothing was started.",
        fix=f"Stop {who or 'whatever uses it'}, or choose another port: {command} --port {other}",
    )


def _bind_unix(path: Path) -> socket.socket:
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        unix.bind(os.fspath(path))
        # Before it listens, so that nobody connects while the mode is the umask's.
        path.chmod(0o600)
        unix.listen(_BACKLOG)
    except OSError as error:
        unix.close()
        raise _cannot(
            f"{path} cannot be bound: {error.strerror}", f"Check that {path.parent} can be written."
        ) from error
    except BaseException:
        unix.close()
        raise
    return unix


def _clear(path: Path) -> None:
    """Remove the socket that a node left when it was killed; refuse when a node still answers on it."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise NodeError(
        f"another node is running on this data directory: it answers on {path}",
        code="HR-842",
        state="Nothing was started.",
        fix="Use that one, or stop it first.",
    )


def _cannot(what: str, fix: str) -> NodeError:
    return NodeError(f"the node cannot listen: {what}", code="HR-842", state="Nothing was started.", fix=fix)
