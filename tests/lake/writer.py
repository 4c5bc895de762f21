"""A process of its own that appends without end, to be killed: ``python writer.py ROOT ROWS [STEP]``.

After each append it prints the offset up to which it was told that the rows are in. With a step it kills itself in its
second append: before that flush of a file or a folder, counted from 1; with ``committed``, between the catalog's commit
and the return.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pyarrow as pa
from pyiceberg.table import Table

from headrace.lake import open_lake


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_flush(step: int) -> None:
    left, fsync = step, os.fsync

    def dying(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            die()
        fsync(handle)

    os.fsync = dying  # type: ignore[assignment]


def die_after_commit() -> None:
    commit = Table._do_commit

    def dying(self: Table, *args: object, **named: object) -> None:
        commit(self, *args, **named)  # type: ignore[arg-type]
        die()

    Table._do_commit = dying  # type: ignore[method-assign]


def main() -> None:
    root, rows = Path(sys.argv[1]), int(sys.argv[2])
    with open_lake(root) as lake:
        start = lake.covered("raw.orders")
        print("ready", start, flush=True)
        while True:
            offsets = pa.array(range(start, start + rows), pa.int64())
            table = pa.table({"word": [f"word {at % 7}" for at in range(rows)], "__offset": offsets})
            lake.append("raw.orders", table, start=start, stop=start + rows, epoch=start // rows + 1)
            start += rows
            print("told", start, flush=True)
            match sys.argv[3:]:
                case ["committed"]:
                    die_after_commit()
                case [step]:
                    die_before_flush(int(step))
            if start // rows % 5 == 0:
                lake.compact("raw.orders", at_least=4)
                lake.expire("raw.orders", keep=3)


if __name__ == "__main__":
    main()
