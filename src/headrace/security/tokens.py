"""Local tokens: one secret in one file that only its owner can read, for the administrator and for each domain.

The node keeps a hash of it in memory, never the token. The command line, run by the same user, reads the file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe

from headrace.errors import AccessDenied, Place
from headrace.security.principals import Principal

NAME = "token"
DOMAINS = "tokens"
"""The folder of the domains' tokens, within the data directory."""
MODE = 0o600
BYTES = 32  # 256 bits: a plain hash is enough, there is nothing to guess


@dataclass(frozen=True)
class LocalToken:
    """The principals of a node that knows its own administrator and its domains. Implements `Principals`.

    Args:
        digest: of the administrator's token.
        domains: of the domains' tokens, by name. Who holds one reads what that domain may, and changes nothing.
    """

    digest: bytes
    domains: Mapping[str, bytes] = field(default_factory=dict)

    def authenticate(self, token: str) -> Principal | None:
        """Whose token it is, in time that does not depend on how much of it is right."""
        digest = _digest(token)
        found = Principal("admin", admin=True) if compare_digest(self.digest, digest) else None
        for name, own in self.domains.items():
            if compare_digest(own, digest):
                found = found or Principal(f"domain:{name}", domain=name)
        return found


def open_token(data: Path, domains: Iterable[str] = ()) -> LocalToken:
    """The tokens of a data directory, made on first use (mode 0600, durable before they are used).

    Raises:
        AccessDenied: HR-910 others may read a file; HR-911 it is not a token.
    """
    return LocalToken(_opened(data / NAME), {name: _opened(data / DOMAINS / name) for name in domains})


def read_token(data: Path, domain: str | None = None) -> str:
    """A token itself, for a client that runs as the same user: the administrator's, or a domain's.

    Raises:
        AccessDenied: HR-910 others may read the file; HR-911 there is none, or it is not a token.
    """
    return _read(data / NAME if domain is None else data / DOMAINS / domain)


def _opened(path: Path) -> bytes:
    if not os.path.lexists(path):
        _create(path)
    return _digest(_read(path))


def _read(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _unusable(path, f"it cannot be opened ({error.strerror})") from None
    try:
        _check_private(path, os.fstat(descriptor))
        token = os.read(descriptor, 1024).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    if len(token) < BYTES or not token.replace("-", "").replace("_", "").isalnum():
        raise _unusable(path, "it does not hold a token")
    return token


def _create(path: Path) -> None:
    """Written aside and linked into place: no reader sees half a token, and of two creators one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_urlsafe(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(descriptor, MODE)
            file.write(token_urlsafe(BYTES) + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its token is the token
    finally:
        draft.unlink()


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _unusable(path, "it is not a file")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise AccessDenied(
            f"the token can be read by others: its mode is {stat.S_IMODE(status.st_mode):04o}, not {MODE:04o}",
            code="HR-910",
            where=Place(path),
            state="the node does not answer; no data was touched",
            fix=f"chmod 600 {path} (or, if someone may have read it: rm {path}, which makes a new one)",
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise _unusable(path, "it belongs to another user")


def _unusable(path: Path, why: str) -> AccessDenied:
    return AccessDenied(
        f"the node's token cannot be used: {why}",
        code="HR-911",
        where=Place(path),
        state="the node does not answer; no data was touched",
        fix=f"rm -f {path} and run `headrace run`, which makes a new one",
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()
