"""A process that appends to a log, one numbered batch after another, and prints each number once it is acknowledged.

python writer.py IMPLEMENTATION FOLDER SOURCE APPENDS
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from implementations import IMPLEMENTATIONS, numbered


def main(implementation: str, folder: str, source: str, appends: int) -> None:
    log = IMPLEMENTATIONS[implementation].open(Path(folder), lambda: datetime.now(UTC))
    for n in range(appends):
        log.append(numbered(source, n), source=source, position=str(n), key=str(n))
        print(n, flush=True)
    log.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
