"""The data directory: one node at a time, one format version.

VERSION        the format of everything below
lock           held while a node runs, or a command asks a stopped one
log.sqlite     the durable log and the epoch ledger, unless the target has them elsewhere
state.duckdb   operators' state and current results
copy.duckdb    what a serving node has of another node's models, while it runs
lake/          history, as Iceberg tables
receipts.jsonl proofs
contracts.json what was published last of products
counted.json   late rows that a reconcile has counted in
tokens/        a token for each domain
token          the local administrator's token
node.json      how to reach the running node
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from headrace.errors import NodeError

FORMAT = "1"

RETRY_SECONDS = 0.02
PROBE_SECONDS = 0.001


@dataclass
class DataDir:
    """Paths of a data directory; :meth:`hold` takes it for one node."""

    root: Path
    target: str | None = None
    """Of the project's targets the one that this is for; None: all is on this machine."""
    _lock: int | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.root / "log.sqlite"

    @property
    def state(self) -> Path:
        return self.root / "state.duckdb"

    @property
    def copy(self) -> Path:
        return self.root / "copy.duckdb"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def receipts(self) -> Path:
        return self.root / "receipts.jsonl"

    @property
    def contracts(self) -> Path:
        return self.root / "contracts.json"

    @property
    def counted(self) -> Path:
        return self.root / "counted.json"

    @property
    def node(self) -> Path:
        return self.root / "node.json"

    @property
    def exists(self) -> bool:
        return (self.root / "VERSION").exists()

    def hold(self, patience: float = 0.0) -> None:
        """Create the directory if need be, check its version, and lock it.

        Args:
            patience: seconds to wait for a command that asks a stopped node, or for a node that starts or ends. A node
                that can be reached is not waited for.

        Raises:
            NodeError: HR-801 another node has it; HR-802 another version made it; HR-803 it cannot be written.
        """
        if self._lock is not None:
            return
        end = time.monotonic() + patience
        while not self._taken():
            if self.socket() is not None or time.monotonic() >= end:
                raise NodeError(
                    f"another node is using {self.root}{self._holder()}",
                    code="HR-801",
                    state="that node goes on; nothing was changed",
                    fix="query it with `headrace query`, stop it, or run this one with --data DIR",
                )
            time.sleep(RETRY_SECONDS)
        self._check_version()

    def release(self) -> None:
        """Let another node have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def busy(self) -> bool:
        """Whether a node, or a command that asks a stopped one, has it now. Asking keeps nobody from taking it."""
        try:
            descriptor = os.open(self.root / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            return _held(descriptor)
        finally:
            os.close(descriptor)

    def socket(self) -> Path | None:
        """Where the node that has it listens. None while it starts, and when a command has it to ask a stopped node."""
        try:
            holder, said = (self.root / "lock").read_text(), json.loads(self.node.read_text())
        except (OSError, ValueError):
            return None
        # A node that was killed leaves its node.json behind.
        return Path(said["socket"]) if holder.strip() == str(said["pid"]) else None

    def _taken(self) -> bool:
        """Take the lock if nobody has it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            if not _locked(self._lock):
                self.release()
                return False
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.release()
            raise NodeError(
                f"the data directory {self.root} cannot be written: {error.strerror or error}",
                code="HR-803",
                state="nothing was changed",
                fix="make it writable, free space on its disk, or choose another with --data DIR",
            ) from None
        return True

    def _check_version(self) -> None:
        path = self.root / "VERSION"
        strangers = [entry for entry in self.root.iterdir() if entry.name not in ("lock", "VERSION", "token", "cache")]
        found = path.read_text(errors="replace").strip() if path.exists() else None
        if found == FORMAT:
            return
        if found is None and not strangers:
            path.write_text(FORMAT + "\n")
            return
        self.release()
        what = f"was made by format {found}" if found is not None else f"holds other files ({strangers[0].name}, …)"
        raise NodeError(
            f"the data directory {self.root} {what}; this version of Headrace uses format {FORMAT}",
            code="HR-802",
            state="nothing was changed",
            fix="run the version that made it, or start anew with --data DIR: sources are read again from their beginning",
        )

    def _holder(self) -> str:
        try:
            process = (self.root / "lock").read_text().strip()
        except OSError:
            return ""
        return f" (process {process})" if process else ""


def replaced(path: Path, text: str, what: str) -> None:
    """Write a file of a data directory anew: a reader, and a crash, finds the old text or the new one.

    Args:
        what: what it holds, in words.

    Raises:
        NodeError: HR-804, there is no room or no right.
    """
    draft = path.with_suffix(".new")
    try:
        draft.write_text(text)
        draft.replace(path)
    except OSError as error:
        raise NodeError(
            f"{what} cannot be stored: {error.strerror}",
            code="HR-804",
            state="results and state are not affected",
            fix=f"free space or mend the permissions of {path}, then run again",
        ) from None


def _locked(descriptor: int) -> bool:
    """Lock it for us alone. Whoever only looks (`_held`) is in the way for a moment, and is waited for."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _held(descriptor):
                return False
            time.sleep(PROBE_SECONDS)
        else:
            return True


def _held(descriptor: int) -> bool:
    """Whether someone has it alone. A shared lock tells, and any number of lookers can have that at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
