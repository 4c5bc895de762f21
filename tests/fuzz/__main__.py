"""``python -m tests.fuzz --queries 20000``: try random queries until that many have been; exit 1 when one of them fails."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .campaign import campaign
from .generate import MODELS
from .tally import report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first project; the others follow")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--keep", type=Path, help="folder for what fails, shrunk")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + -(-given.queries // MODELS))
    started = time.monotonic()
    total = campaign(seeds, jobs=given.jobs, keep=given.keep, tell=lambda text: print(text, flush=True))
    print(report(total, seeds, time.monotonic() - started))
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
