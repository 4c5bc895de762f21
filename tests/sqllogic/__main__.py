"""Run sqllogictest files: python -m tests.sqllogic [PATH ...] [--check-expected] [--verbose]

A PATH is a file, or a folder whose .slt, .test and .test_slow files are taken; default: the files beside this module. With
--check-expected they run on plain DuckDB alone, to hold what they expect against a second opinion. Exits with 3 when a record fails.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .expected import checked
from .run import Outcome, run

FILES = Path(__file__).with_name("files")
SUFFIXES = (".slt", ".test", ".test_slow")


def found(paths: list[Path]) -> Iterator[Path]:
    for path in paths or [FILES]:
        if path.is_file():
            yield path
        yield from sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())


def summary(outcomes: list[Outcome]) -> str:
    skipped = sum((outcome.skipped for outcome in outcomes), Counter())
    failed = [line for outcome in outcomes for line in outcome.failed]
    passed = sum(outcome.passed for outcome in outcomes)
    lines = [
        f"{len(outcomes)} files, {sum(o.records for o in outcomes)} records: {passed} passed, {skipped.total()} skipped, {len(failed)} failed"
    ]
    lines += [f"  skipped {count}: {reason}" for reason, count in skipped.most_common()]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("paths", nargs="*", type=Path)
    arguments.add_argument("--check-expected", action="store_true", help="on plain DuckDB, without models")
    arguments.add_argument("--verbose", action="store_true", help="a line for each file")
    asked = arguments.parse_args()
    outcomes = []
    for path in found(asked.paths):
        outcome = checked(path) if asked.check_expected else run(path)
        outcomes.append(outcome)
        if asked.verbose:
            print(
                f"{path}: {outcome.passed} passed, {outcome.skipped.total()} skipped, {len(outcome.failed)} failed",
                flush=True,
            )
        print("".join(f"{line}\n" for line in outcome.failed), end="", flush=True)
    print(summary(outcomes))
    sys.exit(3 if any(outcome.failed for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
