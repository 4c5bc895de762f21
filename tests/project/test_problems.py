"""Every mistake is told at its place, with what mends it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from headrace.errors import ProjectError
from headrace.project import ProjectErrors, load
from headrace.project.problems import CODES

from .conftest import write_files

FILE = "kind: file\npath: a.csv\nformat: csv\n"
REPLAY = "kind: replay\ntables: {a: a.csv}\nquery: q.sql\nevent_time: t\n"
TILE = "tiles:\n  - title: A\n    kind: stat\n    sql: SELECT 1\n"

# file, text, code, line:column, what is underlined, part of what is said, part of the fix
OF_FUNCTIONS = {"HR-214", "HR-215", "HR-216"}  # in test_functions.py
OF_DOMAINS = {f"HR-22{n}" for n in range(8)}  # in tests/govern

CASES = [
    ("headrace.yaml", "", "HR-206", "1:1", "", "`name` is missing", "add `name: …`"),
    ("headrace.yaml", "name:\n", "HR-207", "1:1", "name", "`name` has no value", "write one"),
    ("headrace.yaml", "name: ~\n", "HR-207", "1:7", "~", "has no value", 'write "~" in quotes'),
    ("headrace.yaml", "name: ''\n", "HR-207", "1:7", "''", "takes some text, and this is empty text", "write it"),
    ("headrace.yaml", "name: 2013\n", "HR-207", "1:7", "2013", "takes text, and this is the number", '"2013"'),
    ("headrace.yaml", "name: true\n", "HR-207", "1:7", "true", "this is the truth value true", '"true"'),
    ("headrace.yaml", "name: a\nclok: wall\n", "HR-205", "2:1", "clok", "`clok` is not a key", "`clock`?"),
    ("headrace.yaml", "name: a\nzzz: 1\n", "HR-205", "2:1", "zzz", "`zzz`", "the keys here are `clock`, `description`"),
    ("headrace.yaml", "name: a\nroot: /\n", "HR-205", "2:1", "root", "`root` is not a key", "delete it: it is not for"),
    ("headrace.yaml", "name: a\nalerts: []\n", "HR-210", "2:1", "alerts", "not supported in this version", "delete it"),
    ("headrace.yaml", "name: a\nname: b\n", "HR-204", "2:1", "name", "`name` stands twice", "the other is on line 1"),
    ("headrace.yaml", "name: a\npattern: mesh\n", "HR-212", "2:10", "mesh", "`pattern: mesh` needs domains", "`owner`"),
    ("headrace.yaml", "name: a\npattern: kapa\n", "HR-207", "2:10", "kapa", "'kapa' is not something", "`kappa`?"),
    ("headrace.yaml", "name: a\nparity: {every: 5}\n", "HR-207", "2:17", "5", "without its unit", "`5 seconds`"),
    ("headrace.yaml", "name: a\nparity: 5 min\n", "HR-207", "2:9", "5 min", "takes keys with values", "under it"),
    ("headrace.yaml", "name: a\nlog:\n  retention: 0 s\n", "HR-207", "3:14", "0 s", "more than nothing", "1 minute"),
    ("headrace.yaml", "name: a\nserve: {port: 65536}\n", "HR-207", "2:15", "65536", "at most 65535", "65535 or less"),
    ("headrace.yaml", "name: a\nserve: {port: '80'}\n", "HR-207", "2:15", "'80'", "a whole number", "without quotes"),
    ("headrace.yaml", "name: a\nserve: {prot: 80}\n", "HR-205", "2:9", "prot", "`prot` is not a key", "`port`?"),
    ("headrace.yaml", "name: a\nlake: {commit_rows: 0}\n", "HR-207", "2:21", "0", "at least 1", "1 or more"),
    ("headrace.yaml", "name: a\nclock: event_time\n", "HR-212", "2:8", "event_time", "there is none", "`clock: wall`"),
    (
        "headrace.yaml",
        "name: a\ntargets: {c: {log: {kind: kafka, servers: b, name: x.models}}}\n",
        "HR-207",
        "2:52",
        "x.models",
        "could be those of another's streams or models",
        "does not end in",
    ),
    ("headrace.yaml", "- a\n", "HR-203", "1:1", "- a", "not keys with values", "`key: value`"),
    ("headrace.yaml", "name: a\n\tclock: b\n", "HR-203", "2:1", "\t", "not YAML", "no tabs"),
    ("headrace.yaml", "name: 'a\n", "HR-203", "1:7", "'", "not YAML", "close the bracket or the quote"),
    ("headrace.yaml", "name: a: b\n", "HR-203", "1:8", ":", "mapping values are not allowed", "in quotes"),
    ("headrace.yaml", "name: %\n", "HR-203", "1:7", "%", "cannot start any token", "in quotes"),
    ("headrace.yaml", "name: a\n---\nname: b\n", "HR-203", "2:1", "-", "single document", "one document"),
    ("headrace.yaml", "name: &a b\n", "HR-203", "1:7", "&", "anchors", "write the value out"),
    ("headrace.yaml", "name: a\nserve: *a\n", "HR-203", "2:8", "*", "aliases", "write the value out"),
    ("headrace.yaml", "name: !!python/name:os.system a\n", "HR-203", "1:7", "!", "tags", "write the value out"),
    ("headrace.yaml", "name: " + "[" * 5000, "HR-203", "1:26", "[", "more than 20 deep", "write"),
    ("headrace.yaml", "? [a]\n: b\nname: a", "HR-203", "1:3", "[a]", "a key must be plain text", "`key: value`"),
    ("headrace.yaml", 'name: "a\\ud800"\n', "HR-203", "1:7", '"a\\ud800"', "not a character", "delete it"),
    ("headrace.yaml", 'name: "\\U00110000"\n', "HR-203", "1:10", "0", "not YAML", "mend the YAML"),
    ("headrace.yaml", "name: a\x01\n", "HR-203", "1:8", "\x01", "U+0001", "delete it"),
    ("sources/a.yaml", "", "HR-206", "1:1", "", "`kind` is missing", "`kind: push`"),
    ("sources/a.yaml", "kind: files\n", "HR-207", "1:7", "files", "not a kind of source", "`file`?"),
    ("sources/a.yaml", "kind: [file]\n", "HR-207", "1:7", "[file]", "not a kind of source", "`file`?"),
    ("sources/a.yaml", "kind: mysql\n", "HR-210", "1:7", "mysql", "not supported in this version", "debezium"),
    ("sources/a.yaml", "kind: file\npath: a\n", "HR-206", "1:1", "kind", "`format` is missing", "add `format: …`"),
    ("sources/a.yaml", FILE + "bounded: yes\n", "HR-207", "4:10", "yes", "true or false", "write `true`"),
    ("sources/a.yaml", FILE + "columns: {a: INT}\n", "HR-205", "4:1", "columns", "not a key", "`schema`?"),
    ("sources/a.yaml", FILE + "contract: a\n", "HR-210", "4:1", "contract", "not supported", "delete it"),
    ("sources/a.yaml", FILE + "name: b\n", "HR-205", "4:1", "name", "not a key", "the file's name"),
    ("sources/a.yaml", FILE + "key: id\n", "HR-207", "4:6", "id", "takes a list", "[id]"),
    ("sources/a.yaml", FILE + "key: [a, 7]\n", "HR-207", "4:10", "7", "item 2 of `key` takes text", '"7"'),
    ("sources/a.yaml", FILE + "key: [a, a]\n", "HR-207", "4:6", "[a, a]", "stands twice", "once"),
    (
        "sources/a.yaml",
        FILE + "null_values: [NULL]\n",
        "HR-207",
        "4:15",
        "NULL",
        "item has no value",
        '"NULL" in quotes',
    ),
    ("sources/a.yaml", FILE + "lateness: 5 s\n", "HR-207", "4:11", "5 s", "without `event_time`", "add `event_time"),
    (
        "sources/a.yaml",
        FILE + "event_time: t\nlateness: -5 s\n",
        "HR-207",
        "5:11",
        "-5 s",
        "not a length",
        "10 seconds",
    ),
    ("sources/a.yaml", FILE + "schema: {}\n", "HR-207", "4:9", "{}", "no columns", "name them"),
    ("sources/a.yaml", FILE + "schema: {a: BIGNIT}\n", "HR-207", "4:13", "BIGNIT", "not a column type", "BIGINT"),
    (
        "sources/a.yaml",
        FILE + "schema: {a: INT NOT NULL}\n",
        "HR-207",
        "4:13",
        "INT NOT NULL",
        "not the name of",
        "BIGINT",
    ),
    ("sources/a.yaml", FILE + "schema: {a: 5}\n", "HR-207", "4:13", "5", "takes text", '"5"'),
    ("sources/a.yaml", FILE + "schema: {__w: INT}\n", "HR-207", "4:10", "__w", "kept for Headrace", "rename"),
    ("sources/a.yaml", FILE + "schema: {a: INT, A: INT}\n", "HR-207", "4:10", "a", "differ only in case", "rename"),
    ("sources/a.yaml", FILE + "schema: {a: INT, a: INT}\n", "HR-204", "4:18", "a", "`a` stands twice", "line 4"),
    ("sources/a.yaml", FILE + "schema: {day: INT}\nkey: [dy]\n", "HR-212", "5:6", "[dy]", "no column 'dy'", "`day`?"),
    ("sources/a.yaml", FILE + "schema: {a: INT}\nevent_time: a\n", "HR-212", "5:13", "a", "type INTEGER", "TIMESTAMP"),
    (
        "sources/a.yaml",
        "kind: file\npath: a\nformat: ndjson\nnull_values: [a]\n",
        "HR-207",
        "4:14",
        "[a]",
        "ndjson",
        "CSV",
    ),
    (
        "sources/a.yaml",
        "kind: file\nformat: csv\npath: package:x\n",
        "HR-207",
        "3:7",
        "package:x",
        "installed",
        "package:D",
    ),
    (
        "sources/a.yaml",
        "kind: file\nformat: csv\npath: package:x/../y\n",
        "HR-207",
        "3:7",
        "package:x/../y",
        "",
        "package:D",
    ),
    ("sources/a.yaml", "kind: push\n", "HR-206", "1:1", "kind", "`schema` is missing", "add `schema: …`"),
    (
        "sources/a.yaml",
        "kind: push\nschema: {a: INT}\nformat: csv\n",
        "HR-205",
        "3:1",
        "format",
        "not a key",
        "`schema`",
    ),
    ("sources/a.yaml", REPLAY, "HR-212", "3:8", "q.sql", "no file q.sql", "mend the path"),
    (
        "sources/a.yaml",
        REPLAY.replace("q.sql", "../q.sql"),
        "HR-207",
        "3:8",
        "../q.sql",
        "inside the project",
        "folder",
    ),
    ("sources/a.yaml", REPLAY.replace("q.sql", "x" * 5000 + ".sql"), "HR-212", "3:8", None, "no file", "mend"),
    ("sources/a.yaml", REPLAY.replace("{a:", "{A:"), "HR-208", "2:10", "A", "cannot be a name", "late_bids"),
    ("sources/a.yaml", REPLAY.replace("{a: a.csv}", "{}"), "HR-207", "2:9", "{}", "at least one", "add one"),
    ("sources/a.yaml", REPLAY + "speed: fast\n", "HR-207", "5:8", "fast", "not a speed", "`max`"),
    ("sources/a.yaml", REPLAY + "speed: 0\n", "HR-207", "5:8", "0", "not a speed", "`max`"),
    ("sources/a.yaml", REPLAY + "live_from: Monday\n", "HR-207", "5:12", "Monday", "not a time", "2013-12-01"),
    ("models/a.sql", "", "HR-211", "1:1", "", "the model is empty", "write its SELECT"),
    ("models/a.sql", "-- later\n/* */ ;\n", "HR-211", "1:1", "-", "the model is empty", "write its SELECT"),
    ("models/a.sql", "/* ---\nowner: x\n--- */\n", "HR-211", "4:1", "", "the model is empty", "write its SELECT"),
    ("models/a.sql", "/* ---\nownr: x\n--- */\nSELECT 1", "HR-205", "2:1", "ownr", "not a key", "`owner`?"),
    ("models/a.sql", "/* --- ownr: x --- */ SELECT 1", "HR-205", "1:8", "ownr", "not a key", "`owner`?"),
    ("models/a.sql", "/* ---\nowner: [\n--- */\nSELECT 1", "HR-203", "3:1", "-", "not YAML", "close the bracket"),
    ("models/a.sql", "\n  /* ---\nowner: x\n*/\nSELECT 1", "HR-203", "2:3", "/* ---", "does not end", "`--- */`"),
    ("models/a.sql", "/* ---\nowner: x\nSELECT 1", "HR-203", "1:1", "/* ---", "does not end", "`--- */`"),
    ("models/a.sql", "/* --- a banner --- */ SELECT 1", "HR-203", "1:8", None, "not keys with values", "`key: value`"),
    ("models/a.sql", b"SELECT\n 'caf\xe9'", "HR-202", "2:6", "\ufffd", "not UTF-8 text: byte 0xE9", "as UTF-8"),
    ("models/a.sql", "SELECT 1".encode("utf-16"), "HR-202", "1:1", "\ufffd", "not UTF-8", "as UTF-8"),
    ("dashboards/a.yaml", "tiles: []\n", "HR-207", "1:8", "[]", "takes at least one", "add one"),
    ("dashboards/a.yaml", "tiles: [5]\n", "HR-207", "1:9", "5", "item 1 of `tiles` takes keys", "indented"),
    ("dashboards/a.yaml", TILE + "    titel: x\n", "HR-205", "5:5", "titel", "not a key", "`title`?"),
    ("dashboards/a.yaml", TILE + "    width: 13\n", "HR-207", "5:12", "13", "at most 12", "12 or less"),
    ("dashboards/a.yaml", TILE + "    width: 6.5\n", "HR-207", "5:12", "6.5", "a whole number", "without quotes"),
    ("dashboards/a.yaml", TILE.replace("stat", "pie"), "HR-207", "3:11", "pie", "'pie' is not something", "`heatmap`"),
    (
        "dashboards/a.yaml",
        TILE.replace("    sql: SELECT 1\n", ""),
        "HR-206",
        "2:5",
        "title",
        "`sql` is missing",
        "`sql: …`",
    ),
    ("dashboards/a.yaml", TILE.replace("SELECT 1", '" "'), "HR-207", "4:10", '" "', "some text", "write it"),
    ("reports/a.yaml", "sections: [{title: A}]\n", "HR-207", "1:13", "title", "needs `text` or `sql`", "at least one"),
    ("reports/a.yaml", "sections: [{text: A, x: b}]\n", "HR-207", "1:25", "b", "`x` says nothing without", "add `sql`"),
    (
        "reports/a.yaml",
        "parameters: {d: {}}\nsections: [{text: A}]\n",
        "HR-207",
        "1:17",
        "{}",
        "either `sql`",
        "not the other",
    ),
    (
        "reports/a.yaml",
        "parameters: {d: {values: [1, 2], default: 3}}\nsections: [{text: A}]\n",
        *("HR-212", "1:43", "3", "not among `values`", "add it"),
    ),
    (
        "reports/a.yaml",
        "parameters: {d: {values: [[1]]}}\nsections: [{text: A}]\n",
        *("HR-207", "1:27", "[1]", "a choice is text", "one value"),
    ),
]


@pytest.mark.parametrize(
    ("file", "text", "code", "position", "underlined", "said", "fix"), CASES, ids=[f"{c[0]}-{c[5]}"[:60] for c in CASES]
)
def test_one_mistake_is_one_problem_at_its_place(refuse, tmp_path, file, text, code, position, underlined, said, fix):
    (problem,) = refuse({file: text})
    assert problem.code == code
    assert problem.where.path == tmp_path / file
    assert said in problem.what
    assert fix in problem.fix
    if position is not None:
        assert f"{problem.where.line}:{problem.where.column}" == position
    if underlined is not None:
        assert _underlined(problem) == underlined


def _underlined(problem: ProjectError) -> str:
    line, carets = problem.where.excerpt.split("\n")
    return line[carets.index("^") : len(carets)]


@pytest.mark.parametrize(
    ("files", "file", "code", "said", "fix"),
    [
        ({"sources/Bid.yaml": FILE}, "sources/Bid.yaml", "HR-208", "'Bid' cannot be a name", "rename the file"),
        ({"models/headrace_x.sql": "SELECT 1"}, "models/headrace_x.sql", "HR-208", "kept for Headrace", "rename"),
        ({"models/1.sql": "SELECT 1"}, "models/1.sql", "HR-208", "starts with a lower-case letter", "rename"),
        ({"sources/a.yml": FILE}, "sources/a.yml", "HR-213", "files here end in .yaml", "rename it to a.yaml"),
        ({"models/a.SQL": "SELECT 1"}, "models/a.SQL", "HR-213", "files here end in .sql", "rename it to a.sql"),
        ({"models/schema.yml": "a: 1"}, "models/schema.yml", "HR-213", "would not be read", "header of the model"),
        ({"alerts/a.yaml": "x: 1"}, "alerts/a.yaml", "HR-210", "alerts/ is not supported in this version", "move it"),
        ({"policies/p.yml": "x: 1"}, "policies/p.yml", "HR-213", "files here end in .yaml", "rename it to p.yaml"),
        ({"alerts/deep/t.yaml": "x: 1"}, "alerts/deep/t.yaml", "HR-210", "alerts/ is not supported", "move it"),
        ({"domains/d/headrace.yaml": ""}, "domains/d", "HR-212", "nobody answers for it", "`owner`"),
        ({"domains/d.yaml": ""}, "domains/d.yaml", "HR-213", "a folder for each domain", "domains/NAME/"),
        ({"sources/a.yaml": FILE, "models/a.sql": "SELECT 1"}, "models/a.sql", "HR-209", "sources/a.yaml", "rename"),
        ({"models/a.sql": "SELECT 1", "models/b/a.sql": "SELECT 1"}, "models/b/a.sql", "HR-209", "taken by", "rename"),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" in value else "",
)
def test_a_file_that_stands_wrong_is_told(refuse, tmp_path, files, file, code, said, fix):
    (problem,) = refuse(files)
    assert (problem.code, problem.where.path) == (code, tmp_path / file)
    assert said in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize("name", ["sources/a.yaml", "models/a.sql", "headrace.yaml"])
def test_a_folder_instead_of_a_file(write, tmp_path, name):
    write({})
    if name == "headrace.yaml":
        (tmp_path / name).unlink()
    (tmp_path / name / "x").mkdir(parents=True)
    if name == "headrace.yaml":
        (problem,) = _problems(tmp_path)
        assert (problem.code, problem.where.path) == ("HR-202", tmp_path / name)
    else:
        assert load(tmp_path).name == "demo"


def test_a_link_to_nowhere_and_a_pipe_cannot_be_read(write, tmp_path):
    write({"models/a.sql": "SELECT 1"})
    (tmp_path / "models/b.sql").symlink_to("nowhere.sql")
    os.mkfifo(tmp_path / "models/c.sql")
    problems = _problems(tmp_path)
    assert [(p.code, p.where.path.name) for p in problems] == [("HR-202", "b.sql"), ("HR-202", "c.sql")]
    assert "No such file" in problems[0].what
    assert "not a regular file" in problems[1].what


def test_a_file_where_a_folder_belongs(refuse, tmp_path):
    (problem,) = refuse({"sources": "kind: file"})
    assert (problem.code, problem.where.path) == ("HR-202", tmp_path / "sources")


@pytest.fixture
def unprivileged():
    """A folder anybody may enter, and a function that runs as somebody whom permissions bind, even where root tests."""

    def run(function, *args):
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            return function(*args)
        finally:
            if root:
                os.seteuid(0)

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder), run


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        (["models/a.sql", "sources/deep"], ["models/a.sql", "sources/deep"]),
        (["headrace.yaml", "models"], ["headrace.yaml", "models"]),
        (["."], ["."]),
    ],
)
def test_files_and_folders_without_permission(unprivileged, closed, told):
    root, run = unprivileged
    write_files(root, {"models/a.sql": "SELECT 1", "sources/deep/b.yaml": FILE})
    assert load(root).models
    modes = {root / name: (root / name).stat().st_mode for name in closed}
    for path in modes:
        path.chmod(0)
    try:
        problems = run(_problems, root)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert [(p.code, p.where.path) for p in problems] == [("HR-202", root / name) for name in told]


def _problems(root: Path) -> tuple[ProjectError, ...]:
    with pytest.raises(ProjectErrors) as caught:
        load(root)
    return caught.value.problems


def test_not_a_project(tmp_path):
    (problem,) = _problems(tmp_path)
    assert (problem.code, problem.where.path) == ("HR-201", tmp_path)
    assert problem.what == "not a Headrace project: run `headrace init`"


def test_no_such_folder(tmp_path):
    (problem,) = _problems(tmp_path / "nowhere")
    assert problem.code == "HR-201"
    assert "not a folder" in problem.what


def test_the_settings_file_named_for_its_folder(write, tmp_path):
    write({})
    (problem,) = _problems(tmp_path / "headrace.yaml")
    assert problem.fix == f"name the folder instead: {tmp_path}"


def test_settings_with_the_other_suffix(tmp_path):
    (tmp_path / "headrace.yml").write_text("name: a")
    (problem,) = _problems(tmp_path)
    assert problem.fix == "rename headrace.yml to headrace.yaml"


def test_all_problems_are_told_at_once_in_order(write, tmp_path):
    root = write(
        {
            "headrace.yaml": "name: a\nclok: wall\nserve: {prot: 1, port: x}\n",
            "sources/a.yaml": "kind: file\nformat: cvs\nbounded: 1\n",
            "models/b.sql": "/* ---\nownr: x\ndescription: [1]\n--- */",
        }
    )
    with pytest.raises(ProjectErrors) as caught:
        load(root)
    error = caught.value
    told = [(p.code, p.where.path.name, p.where.line) for p in error.problems]
    assert told == [
        ("HR-205", "headrace.yaml", 2),
        ("HR-205", "headrace.yaml", 3),
        ("HR-207", "headrace.yaml", 3),
        ("HR-205", "b.sql", 2),
        ("HR-207", "b.sql", 3),
        ("HR-211", "b.sql", 4),
        ("HR-206", "a.yaml", 1),
        ("HR-207", "a.yaml", 2),
        ("HR-207", "a.yaml", 3),
    ]
    assert all(str(problem) in str(error) for problem in error.problems)
    assert str(error).endswith(
        "HR-200: 9 problems in the project\n"
        "  state The project was not loaded. Nothing was run and nothing was changed.\n"
        "  fix   mend each, then try again"
    )
    assert [one["code"] for one in error.as_dict()["error"]["problems"]] == [code for code, _, _ in told]


def test_how_one_problem_reads(write, tmp_path):
    with pytest.raises(ProjectErrors) as caught:
        load(write({"sources/a.yaml": "kind: file\npath: a\nformat: paquet  # ?\n"}))
    assert str(caught.value) == (
        "HR-207: 'paquet' is not something `format` takes\n"
        f"  at    {tmp_path}/sources/a.yaml:3:9\n"
        "        format: paquet  # ?\n"
        "                ^^^^^^\n"
        "  state The project was not loaded. Nothing was run and nothing was changed.\n"
        "  fix   did you mean `parquet`?"
    )


def test_a_long_line_is_cut_around_the_place(refuse):
    (problem,) = refuse({"sources/a.yaml": f"{{kind: push, description: '{'x' * 400}', schema: {{a: BAD}}}}"})
    assert _underlined(problem) == "BAD"
    assert max(map(len, problem.where.excerpt.split("\n"))) <= 100


def test_every_code_that_is_raised_is_listed(refuse):
    assert {case[2] for case in CASES} | {
        "HR-200",
        "HR-201",
        "HR-208",
        "HR-209",
        "HR-213",
        *OF_FUNCTIONS,
        *OF_DOMAINS,
    } == set(CODES)
