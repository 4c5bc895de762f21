"""Who listens on a TCP port of this machine, as far as Linux's /proc tells an ordinary user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def holder(port: int) -> str | None:
    """Return ``name (pid 123)`` of the process that listens on the port; None where that cannot be seen."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in _processes() if sockets else ():
        if sockets & set(_open_files(process)):
            return f"{_name(process)} (pid {process.name})"
    return None


def _inodes(port: int) -> Iterator[str]:
    """Read the kernel's socket tables (``Documentation/networking/proc_net_tcp.rst``): the ports are hexadecimal."""
    for table in ("tcp", "tcp6"):
        for line in _lines(_PROC / "net" / table)[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _processes() -> Iterator[Path]:
    return (path for path in _PROC.iterdir() if path.name.isdigit())


def _open_files(process: Path) -> Iterator[str]:
    try:
        for descriptor in (process / "fd").iterdir():
            yield str(descriptor.readlink())
    except OSError:
        # Somebody else's process, or one that has just ended.
        return


def _name(process: Path) -> str:
    return "".join(_lines(process / "comm")).strip() or "a process"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
