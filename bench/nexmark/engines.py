"""How a case is run: each in a process of its own, which prints its figures as the last line."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

import headrace
from bench.nexmark import environments
from bench.nexmark.epochs import whole
from bench.nexmark.generator import Config, rows, write
from bench.nexmark.models import FOLDER
from bench.nexmark.results import Case, Measured
from bench.nexmark.streams import SIDE_INPUT, STREAMS, side_input

HERE = Path(__file__).parent
STREAMS_JSON = json.dumps({**{name: dict(columns) for name, columns in STREAMS.items()}, "side_input": SIDE_INPUT})
# Events of which each of Flink's two files has the rows in turn.
FLINK_STEP = 50_000
# A run that takes longer is given up.
PATIENCE_S = 900


def _sources() -> str:
    """Eight digits that are others when Headrace's source is another, so that kept outcomes of another are not taken for its own."""
    digest = hashlib.sha256()
    for file in sorted(Path(headrace.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


VERSIONS = {
    "duckdb": duckdb.__version__,
    "headrace": f"{headrace.__version__} (source {_sources()})",
    "flink": environments.FLINK,
    "spark": environments.SPARK,
}


class RefusedError(Exception):
    """The engine does not run the query; the reason."""


def files(events: int) -> Path:
    """A folder with the streams' files, made once."""
    folder = environments.CACHE / f"events-{events}"
    if not (folder / "flink" / "side_input.parquet").exists():
        write(Config(), events, folder)
        pq.write_table(side_input(), folder / "side_input.parquet")
        _for_flink(folder)
    return folder


def _for_flink(folder: Path) -> None:
    """What costs Flink least to read: two files a stream, one for each of its tasks, neither compressed nor encoded, in step with time."""
    made = folder / "flink"
    for stream in STREAMS:
        table = whole(folder / f"{stream}.arrow")
        step = rows(stream, FLINK_STEP)
        (made / f"{stream}.parquet").mkdir(parents=True, exist_ok=True)
        for part in (0, 1):
            file = made / f"{stream}.parquet" / f"part-{part}.parquet"
            with pq.ParquetWriter(file, table.schema, compression="none", use_dictionary=False) as writer:
                for start in range(part * step, table.num_rows, 2 * step):
                    writer.write_table(table.slice(start, step), row_group_size=step)
    # Last, as :func:`files` takes it for the sign that all are there.
    shutil.copy(folder / "side_input.parquet", made)


def run(case: Case) -> Measured:
    """One run.

    Raises:
        RefusedError: no such query for that engine, it says no, or it takes too long.
    """
    if not (_texts(case.engine) / f"{case.query}.sql").exists():
        raise RefusedError("no text of the query for this engine")
    folder = files(case.events)
    _read_once(folder.glob(_READ[case.engine]))
    command = _COMMANDS[case.engine](case, folder)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, env=_environment(), check=False
        )
    except subprocess.TimeoutExpired:
        raise RefusedError(f"more than {PATIENCE_S} s") from None
    if done.returncode:
        raise RefusedError(_reason(done.stderr))
    figures: Measured = json.loads(done.stdout.splitlines()[-1])
    return figures


def _read_once(found: Iterable[Path]) -> None:
    """Have the input in memory for every engine alike: what one took, the system may have taken from the other's files."""
    for path in found:
        with path.open("rb", buffering=0) as file:
            while file.read(2**24):
                pass


# The files that an engine reads.
_READ = {"duckdb": "*.parquet", "headrace": "*.arrow", "flink": "flink/*/*.parquet", "spark": "*.parquet"}


def _texts(engine: str) -> Path:
    return HERE / engine if engine in ("flink", "spark") else FOLDER


def _environment() -> dict[str, str]:
    # Flink's Python takes the heap of its Java from here; without it, a quarter of the memory.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "JVM_ARGS": "-Xmx10g"}


def _reason(stderr: str) -> str:
    """The line that says most: the last that names an error, or the last."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    named = [line for line in lines if "Exception" in line or "Error" in line]
    return ((named or lines or ["no reason given"])[-1])[:300]


def _duckdb(case: Case, folder: Path) -> list[str]:
    return [sys.executable, "-m", "bench.nexmark.on_duckdb", case.query, str(folder)]


def _headrace(case: Case, folder: Path) -> list[str]:
    return [sys.executable, "-m", "bench.nexmark.on_headrace", case.query, str(folder), str(case.epoch)]


def _flink(case: Case, folder: Path) -> list[str]:
    python, jars = environments.python("apache-flink", environments.FLINK), environments.flink_jars()
    script, text = HERE / "on_flink.py", HERE / "flink" / f"{case.query}.sql"
    return [str(python), str(script), str(text), str(folder / "flink"), str(jars), STREAMS_JSON]


def _spark(case: Case, folder: Path) -> list[str]:
    python = environments.python("pyspark", environments.SPARK)
    return [
        str(python),
        str(HERE / "on_spark.py"),
        str(HERE / "spark" / f"{case.query}.sql"),
        str(folder),
        STREAMS_JSON,
    ]


_COMMANDS: Mapping[str, Callable[[Case, Path], list[str]]] = {
    "duckdb": _duckdb,
    "headrace": _headrace,
    "flink": _flink,
    "spark": _spark,
}
