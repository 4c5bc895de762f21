"""PostgreSQL, Debian's: the database in which a lake's catalog is. It does not run as root, so root starts it as another user."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from services.process import Service, ServiceError
from services.secret import secret

PORT = 19432
USER = DATABASE = "headrace"


def service(port: int = PORT, within: Path | None = None) -> Service:
    """A server on that port of loopback, with a database ``headrace`` that its user ``headrace`` owns."""
    root = os.geteuid() == 0
    return Service(
        "postgres",
        port,
        partial(_command, port),
        within=within or (Path("/var/lib/headrace/cluster") if root else None),
        user="postgres" if root else None,
    )


def _command(port: int, folder: Path) -> Sequence[str]:
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        password = folder / "password"
        password.write_text(secret("postgres"))
        _run(
            "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale", "C"
        )
        password.unlink()
        _run("postgres", "--single", "-D", data, "postgres", said=f"CREATE DATABASE {DATABASE};\n")
    loopback = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    return [str(_binary("postgres")), "-D", str(data), "-p", str(port), *loopback]


def _run(name: str, *arguments: object, said: str = "") -> None:
    done = subprocess.run(
        [_binary(name), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        input=said,
        cwd="/",
        user="postgres" if os.geteuid() == 0 else None,
    )
    if done.returncode != 0:
        raise ServiceError(f"{name} failed:\n{done.stdout}{done.stderr}")


def _binary(name: str) -> Path:
    found = [path for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) if path.exists()]
    if found:
        return found[-1]
    if on_path := shutil.which(name):
        return Path(on_path)
    raise ServiceError(f"PostgreSQL's {name} is not here: apt install postgresql")
