"""``python -m tests.spark --queries 300``: keep random queries on local Spark until that many have been; exit 1 when one is wrong."""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.trial import described
from tests.spark.generated import Outcome, outcome
from tests.spark.session import emptied, quick_session


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.spark", description=__doc__)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the first project; the others follow")
    asked = parser.parse_args()
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    kept, wrong = 0, 0
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        spark = quick_session(Path(name) / "warehouse")
        for seed in itertools.count(asked.seed):
            began = time.monotonic()
            folder = Path(name) / str(seed)
            folder.mkdir()
            try:
                found = outcome(seed, emptied(spark), folder)
            except Exception as error:  # noqa: BLE001 - whatever ends a project is told as a failure
                found = Outcome(wrong={"all": described(error)})
            kept, wrong = kept + len(found.kept), wrong + len(found.wrong)
            refused.update(
                "it reads such a model" if why.startswith("it reads") else why for why in found.refused.values()
            )
            print(
                f"seed {seed}: {len(found.kept)} kept, {len(found.refused)} refused, {time.monotonic() - began:.0f} s",
                flush=True,
            )
            for model, why in found.wrong.items():
                print(f"  {model}: {why}", flush=True)
            if kept >= asked.queries:
                break
        spark.stop()
    print(f"kept by Spark: {kept}; differences and failures: {wrong}; refused: {refused.total()}")
    for why, count in refused.most_common():
        print(f"  {count:4}  {why}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
