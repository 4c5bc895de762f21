"""A process that outlives us: started, found again, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_OURS: list[subprocess.Popen[bytes]] = []
"""Processes that this one started: they outlive it, but while it lives it has to take note of their end."""


class ServiceError(Exception):
    """A service cannot be started; says why, and where its own log is."""


def cache() -> Path:
    """Where what was fetched is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headrace"


def home() -> Path:
    """Where the services keep what they hold, and their passwords: projects name these, so it depends on no setting."""
    return Path.home() / ".cache" / "headrace" / "cluster"


@dataclass(frozen=True)
class Service:
    """One process, which is up once its port is open.

    Attributes:
        command: what to run; it may first fetch and prepare what it needs.
        seconds: how long starting may take.
        within: the folder that its own is in, in place of `home`.
        user: who runs it, if not we.
    """

    name: str
    port: int
    command: Callable[[Path], Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60
    within: Path | None = None
    user: str | None = None

    @property
    def folder(self) -> Path:
        return (self.within or home()) / self.name

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "out.log"

    def is_up(self) -> bool:
        return self.pid() is not None and is_open(self.port)

    def pid(self) -> int | None:
        """Of the process that we started, if it lives."""
        try:
            pid, started = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _start_of(int(pid)) == started else None

    def up(self) -> None:
        """Start it, and return once its port is open."""
        if self.pid() is None:
            if is_open(self.port):
                raise ServiceError(f"{self.name} cannot start: another process listens on {self.address}")
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.user:
                shutil.chown(self.folder, self.user)
            command = self.command(self.folder)
            with self.log.open("ab") as out:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    cwd=self.folder,
                    env={**os.environ, **self.environment},
                    start_new_session=True,
                    user=self.user,
                )
            _OURS.append(process)
            self._pid_file.write_text(f"{process.pid} {_start_of(process.pid)}")
        self._await_open()

    def down(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and return once it is gone; by force, if it has not gone in half a minute."""
        deadline, ran = time.monotonic() + 30, False
        while (pid := self.pid()) is not None:
            ran = True
            os.kill(pid, how)
            if time.monotonic() > deadline:
                how = signal.SIGKILL
            time.sleep(0.1)
        # Its first thread is done; others of it may hold the port for a moment longer.
        while ran and is_open(self.port) and time.monotonic() < deadline:
            time.sleep(0.1)
        _OURS[:] = [process for process in _OURS if process.poll() is None]
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"

    def _await_open(self) -> None:
        deadline = time.monotonic() + self.seconds
        while not is_open(self.port):
            if self.pid() is None or time.monotonic() > deadline:
                last = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise ServiceError(f"{self.name} did not start; the end of {self.log}:\n{last}")
            time.sleep(0.1)


def is_open(port: int) -> bool:
    """Whether something on loopback listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _start_of(pid: int) -> str | None:
    """When the process began, in the kernel's ticks, so that another of the same number is not taken for it; ``None`` if it ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else fields[18]
