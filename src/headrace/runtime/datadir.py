"""The data directory: one node at a time, one format version.

VERSION        the format of everything below
lock           held while a node runs
log.sqlite     the durable log and the epoch ledger
state.duckdb   operators' state and current results
lake/          history, as Iceberg tables
receipts.jsonl proofs
token          the local administrator's token
node.json      how to reach the running node
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

from headrace.errors import NodeError

FORMAT = "1"


@dataclass
class DataDir:
    """Paths of a data directory; :meth:`hold` takes it for one node."""

    root: Path
    _lock: int | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.root / "log.sqlite"

    @property
    def state(self) -> Path:
        return self.root / "state.duckdb"

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
    def node(self) -> Path:
        return self.root / "node.json"

    @property
    def exists(self) -> bool:
        return (self.root / "VERSION").exists()

    def hold(self) -> None:
        """Create the directory if need be, check its version, and lock it.

        Raises:
            NodeError: HR-801 another node has it; HR-802 another version made it; HR-803 it cannot be written.
        """
        if self._lock is not None:
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise NodeError(
                f"another node is using {self.root}{self._holder()}",
                code="HR-801",
                state="that node goes on; nothing was changed",
                fix="query it with `headrace query`, stop it, or run this one with --data DIR",
            ) from None
        except OSError as error:
            self.release()
            raise NodeError(
                f"the data directory {self.root} cannot be written: {error.strerror or error}",
                code="HR-803",
                state="nothing was changed",
                fix="make it writable, free space on its disk, or choose another with --data DIR",
            ) from None
        self._check_version()
        assert self._lock is not None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another node have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def busy(self) -> bool:
        """Whether a node has it now."""
        try:
            descriptor = os.open(self.root / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

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
            return f" (process {(self.root / 'lock').read_text().strip()})"
        except OSError:
            return ""
