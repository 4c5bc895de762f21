"""Parity receipts: kept in a file of one JSON object a line, newest last."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.errors import NodeError

# Enough to look back on; the file is rewritten to this many receipts of each model when it is opened.
KEPT_PER_MODEL = 100


class Receipts:
    """The proofs of a data directory. A receipt counts for a model only as long as the model is the one that was proven."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._all = list(_read(path))

    def add(self, receipts: Iterable[Mapping[str, Any]]) -> None:
        """Store receipts durably."""
        new = [dict(receipt) for receipt in receipts]
        with self._lock:
            try:
                with self._path.open("a") as file:
                    file.writelines(json.dumps(receipt) + "\n" for receipt in new)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise NodeError(
                    f"the receipts cannot be stored: {error.strerror}",
                    code="HR-804",
                    state="results and state are not affected",
                    fix=f"free space or mend the permissions of {self._path}, then run `headrace parity` again",
                ) from None
            self._all = (self._all + new)[-KEPT_PER_MODEL * 200 :]

    def forget(self, models: Iterable[str]) -> None:
        """Receipts of models that have been built anew say nothing of what they are now."""
        gone = set(models)
        with self._lock:
            self._all = [receipt for receipt in self._all if receipt["model"] not in gone]
            temporary = self._path.with_suffix(".new")
            temporary.write_text("".join(json.dumps(receipt) + "\n" for receipt in self._all))
            temporary.replace(self._path)

    def newest(self) -> dict[str, dict[str, Any]]:
        """The newest receipt of each model that has one."""
        with self._lock:
            return {receipt["model"]: receipt for receipt in self._all}


def verdict_of(receipt: Mapping[str, Any] | None) -> str:
    """What a receipt says in one word; none says ``unproven``."""
    if receipt is None:
        return "unproven"
    return "equal" if receipt["equal"] else "differs"


def _read(path: Path) -> Iterable[dict[str, Any]]:
    """Whole lines only: a crash may have cut the last one."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
