"""Passwords of services on this machine: made once, and kept in files that only their owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from services.process import home


def path(name: str) -> Path:
    """Where the password of that name is, or will be."""
    return home() / "secrets" / name


def secret(name: str) -> str:
    """The password of that name, made if it is not there."""
    file = path(name)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(24))
    return file.read_text().strip()
