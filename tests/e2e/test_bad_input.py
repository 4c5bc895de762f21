"""Each mistake ends in a message with a code, a place, and a fix; never in a traceback."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import UNTIL_CAUGHT_UP, Folder, Refused, headrace

TABLE = pa.table({"id": list(range(1000)), "shop": ["a"] * 1000, "amount": list(range(1000))})


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink)
    return sink.getvalue()


def test_a_project_file_that_is_no_yaml(project: Folder, refused: Refused) -> None:
    project.write("headrace.yaml", "name: 'shop\n")
    refused(project.catch_up(), "HR-203", "headrace.yaml:1:7", "'shop", "^")
    assert not project.data.exists()


def test_an_unknown_key(project: Folder, refused: Refused) -> None:
    project.write("headrace.yaml", "name: shop\nclok: wall\n")
    refused(project.catch_up(), "HR-205", "headrace.yaml:2:1", "^^^^", "`clock`")


def test_every_problem_of_a_project_is_told_at_once(project: Folder, refused: Refused) -> None:
    project.write("headrace.yaml", "name: shop\nclok: wall\n")
    project.write("sources/orders.yaml", "kind: file\npath: orders.ndjson\nfromat: ndjson\n")
    refused(project.catch_up(), "HR-205", "headrace.yaml:2:1", "orders.yaml:3:1", "`format`")


def test_a_syntax_error_in_a_model(project: Folder, refused: Refused) -> None:
    project.write(
        "models/by_shop.sql", "/* ---\ndescription: by shop\n--- */\nSELECT shop,\n  count(* AS n FROM orders\n"
    )
    done = refused(project.catch_up(), "HR-3", "by_shop.sql:5:", "count(* AS n", "^")
    assert done.err.count("by_shop.sql") >= 1


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT count(*) AS n\nFROM ordres", ("by_shop.sql:2:6", "orders?", "^^^^^^")),
        ("SELECT shop, sum(amuont) AS n\nFROM orders GROUP BY shop", ("by_shop.sql:1:18", "amount", "^^^^^^")),
        ("SELECT id, random() AS r FROM orders", ("by_shop.sql:1:12", "random", "^")),
        ("SELECT uuid() AS u FROM orders", ("by_shop.sql:1:8", "uuid", "^")),
        ("SELECT (id, shop) AS pair FROM orders", ("by_shop.sql:1:1", "no names", "{'a': …, 'b': …}")),
        (
            "WITH a AS (SELECT *, TIMESTAMP '2026-01-01' AS window_start FROM orders)\n"
            "SELECT * FROM TUMBLE(a, window_start, INTERVAL 1 HOUR)",
            ("by_shop.sql:2:22", "window_start", "TUMBLE", "rename"),
        ),
        ("DROP TABLE orders", ("by_shop.sql:1:1",)),
        ("SELECT 1 AS one; SELECT 2 AS two", ("by_shop.sql:1:",)),
        ("", ("by_shop.sql",)),
    ],
    ids=["table", "column", "random", "uuid", "row", "windows", "drop", "two", "empty"],
)
def test_a_model_that_cannot_run(project: Folder, refused: Refused, sql: str, said: tuple[str, ...]) -> None:
    project.write("models/by_shop.sql", sql + "\n")
    refused(project.catch_up(), "HR-", *said)


def test_models_that_read_each_other(project: Folder, refused: Refused) -> None:
    project.write("models/one.sql", "SELECT n FROM two\n")
    project.write("models/two.sql", "SELECT n FROM one\n")
    refused(project.catch_up(), "HR-3", "one", "two")


def test_a_file_that_is_no_parquet(project: Folder, refused: Refused) -> None:
    project.write("sources/orders.yaml", "kind: file\npath: orders.parquet\nformat: parquet\nbounded: true\n")
    project.write("orders.parquet", b"\x00garbage" * 100)
    refused(project.catch_up(), "HR-4", "orders.parquet")


def test_a_parquet_file_cut_short(project: Folder, refused: Refused) -> None:
    project.write("sources/orders.yaml", "kind: file\npath: orders.parquet\nformat: parquet\nbounded: true\n")
    whole = parquet()
    project.write("orders.parquet", whole[: len(whole) // 2])
    refused(project.catch_up(), "HR-4", "orders.parquet")
    project.write("orders.parquet", whole)
    project.catch_up().ok()
    assert project.rows("SELECT sum(n) AS n FROM by_shop") == [{"n": 1000}]


@pytest.mark.parametrize("there", ["nothing", "folder"])
def test_a_file_that_cannot_be_read(project: Folder, refused: Refused, there: str) -> None:
    (project.root / "orders.ndjson").unlink()
    if there == "folder":
        (project.root / "orders.ndjson").mkdir()
    refused(project.catch_up(), "HR-4", "orders.ndjson")


def test_a_package_that_is_not_installed(project: Folder, refused: Refused) -> None:
    project.write("sources/orders.yaml", "kind: file\npath: package:nopackage/data/a.csv\nformat: csv\nbounded: true\n")
    refused(project.catch_up(), "HR-4", "nopackage", "pip install")


def test_a_port_in_use(project: Folder, refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(headrace("run", project.root, "--port", port), "HR-8", str(port), "--port")


@pytest.mark.parametrize("found", [b"99\n", b"\xff\xfe\x00", b""], ids=["other", "binary", "empty"])
def test_data_of_another_version(project: Folder, refused: Refused, found: bytes) -> None:
    project.write(".headrace/VERSION", found)
    refused(project.catch_up(), "HR-802", "nothing was changed")
    assert (project.data / "VERSION").read_bytes() == found


def test_a_data_folder_full_of_something_else(project: Folder, refused: Refused) -> None:
    project.write("thesis/chapter1.txt", "precious")
    refused(project.catch_up("--data", project.root / "thesis"), "HR-802", "chapter1.txt")
    assert sorted(path.name for path in (project.root / "thesis").iterdir()) in (
        ["chapter1.txt"],
        ["chapter1.txt", "lock"],
    )


@pytest.mark.parametrize("command", [("run", *UNTIL_CAUGHT_UP), ("status", "--project")])
def test_data_that_is_a_file(project: Folder, refused: Refused, command: tuple[str, ...]) -> None:
    file = project.write("file", "precious")
    refused(headrace(command[0], *command[1:], project.root, "--data", file), "HR-8", str(file))
    assert file.read_text() == "precious"


def test_data_in_use(beside: Folder, refused: Refused) -> None:
    refused(beside.catch_up(), "HR-801", "that node goes on", "--data")
    assert beside.rows("SELECT sum(n) AS n FROM by_shop") == [{"n": 3}]


@pytest.mark.parametrize("command", [("run",), ("query", "SELECT 1", "--project"), ("status", "--project")])
def test_a_folder_that_is_no_project(tmp_path: Path, refused: Refused, command: tuple[str, ...]) -> None:
    refused(headrace(*command, tmp_path), "HR-20", str(tmp_path))
    refused(headrace(*command, tmp_path / "none"), "HR-20", "none")
    assert not list(tmp_path.iterdir())


def test_asking_before_any_run(project: Folder, refused: Refused) -> None:
    for done in (project.query("SELECT 1"), project.ask("status"), project.ask("parity")):
        refused(done, "HR-805", "headrace run")
    assert not project.data.exists()


def test_an_unknown_template(project: Folder, tmp_path: Path, refused: Refused) -> None:
    refused(headrace("init", tmp_path / "x", "--template", "flight"), "HR-101", "flights", exit_code=2)
    refused(headrace("init", project.root), "HR-102", "nothing was written", exit_code=2)


@pytest.mark.parametrize("command", ["explain", "parity"])
@pytest.mark.parametrize("state", ["stopped", "beside"])
def test_an_unknown_model(request: pytest.FixtureRequest, refused: Refused, command: str, state: str) -> None:
    folder: Folder = request.getfixturevalue(state)
    refused(folder.ask(command, "by_shp"), "HR-112", "by_shop", exit_code=2)


@pytest.mark.parametrize("state", ["stopped", "beside"])
@pytest.mark.parametrize(
    ("sql", "exit_code", "said"),
    [
        ("SELECT shop, FROM\n  by_shp", 2, ("<query>:2:3", "`by_shop`", "^^^^^^")),
        ("SELECT totl FROM by_shop", 2, ("<query>:1:8", "`total`", "^^^^")),
        ("SELECT (1", 2, ("<query>:1:", "^")),
        ("SELECT 'x'::BIGINT AS n FROM by_shop", 1, ("x",)),
    ],
    ids=["relation", "column", "syntax", "cast"],
)
def test_wrong_sql_in_a_query(
    request: pytest.FixtureRequest, refused: Refused, state: str, sql: str, exit_code: int, said: tuple[str, ...]
) -> None:
    """Told alike by a stopped node and a running one: with the place in the text, and the same exit code."""
    refused(request.getfixturevalue(state).query(sql), "HR-", *said, exit_code=exit_code)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE by_shop",
        "ATTACH '/tmp/x.db'",
        "COPY by_shop TO '/tmp/headrace-e2e-copied'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT 1; DROP TABLE by_shop",
        "PRAGMA database_list",
        "INSERT INTO by_shop VALUES ('c', 1, 1)",
    ],
)
def test_statements_that_are_refused(stopped: Folder, refused: Refused, sql: str) -> None:
    done = stopped.query(sql)
    refused(done, "HR-", "nothing was run", exit_code=done.code)
    assert done.code in (1, 2)
    assert not Path("/tmp/headrace-e2e-copied").exists()


@pytest.mark.parametrize("moment", ["yesterday", "²", "2013-13-45"])
def test_a_moment_that_is_none(stopped: Folder, refused: Refused, moment: str) -> None:
    refused(stopped.query("SELECT 1 AS one", "--as-of", moment), "HR-113", moment, exit_code=2)


@pytest.mark.parametrize("moment", ["0", "99", "1999-01-01T00:00:00", "99999999999999999999999"])
def test_a_moment_that_is_not_kept(stopped: Folder, refused: Refused, moment: str) -> None:
    done = stopped.query("SELECT count(*) AS n FROM orders", "--as-of", moment)
    refused(done, "HR-", exit_code=done.code)
    assert done.code in (1, 2)
