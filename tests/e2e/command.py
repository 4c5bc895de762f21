"""The ``headrace`` command as a test runs it: in a process of its own, which need not import everything anew.

Each command takes two seconds to import what it needs. Here one process has imported it and forks for each command; the
child is what ``headrace`` is from its ``main`` on. ``test_tutorial``, ``running`` and ``tests/runtime`` start the installed script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SECONDS = 60
"""How long a command may take."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def ok(self) -> Done:
        assert self.code == 0, f"exit code {self.code}\n{self.text}\n{self.err}"
        assert "Traceback" not in self.err
        return self


def headrace(*args: object, cwd: Path | None = None) -> Done:
    """Run a command to its end, as a shell script would: no terminal."""
    if threading.current_thread() is not threading.main_thread():
        return _installed(args, cwd)
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        starter = _starter()
        assert starter.stdin
        assert starter.stdout
        wanted = [list(map(str, args)), str(cwd or Path.cwd()), dict(os.environ), str(out), str(err)]
        print(json.dumps(wanted), file=starter.stdin, flush=True)
        code = int(starter.stdout.readline())
        return Done(code, out.read_bytes(), err.read_text())


def _installed(args: Sequence[object], cwd: Path | None) -> Done:
    """Beside other commands: the one process that forks does so for one at a time."""
    command = [Path(sys.executable).with_name("headrace"), *map(str, args)]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, cwd=cwd, stdin=subprocess.DEVNULL)
    return Done(done.returncode, done.stdout, done.stderr.decode())


@cache
def _starter() -> subprocess.Popen[str]:
    """The process that forks, one for each that runs tests; it ends with it."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", __file__],  # of forking where there are threads
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _serve() -> None:
    import headrace.cli.inspect
    import headrace.cli.run
    import headrace.cli.running  # noqa: F401  # what commands import when they are called

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(*json.loads(line))
        print(_ended(pid), flush=True)


def _ended(pid: int) -> int:
    from signal import SIGALRM, alarm, signal  # an alarm ends a command that does not end by itself

    signal(SIGALRM, lambda *_: os.kill(pid, 9))
    alarm(SECONDS)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        alarm(0)


def _become(args: Sequence[str], cwd: str, environment: dict[str, str], out: str, err: str) -> None:
    """Run the command in this process, and end it."""
    for path, descriptor in ((os.devnull, 0), (out, 1), (err, 2)):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(path, flags, 0o600), descriptor)
    code = 1
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["headrace", *args]
        from headrace.cli.app import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
