"""``query``, ``explain``, ``parity``, ``status``: questions to a node, and their answers on standard output."""

from __future__ import annotations

import json as json_
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headrace.cli.reach import RunningNode, data_dir, loaded, stopped_node
from headrace.engine import DuckDBOracle
from headrace.errors import UsageError
from headrace.ingest import resolve
from headrace.project import Project
from headrace.runtime import assemble
from headrace.runtime.node import explained
from headrace.security import Principal, read_token
from headrace.serve.encode import to_arrow, to_csv, to_json, to_parquet
from headrace.sql import nearest

LOCAL = Principal("local", admin=True)
ARROW = "application/vnd.apache.arrow.stream"
TABLE_ROWS = 200


def query(project: Path, data: Path | None, sql: str, as_of: str | None, form: str) -> None:
    """Answer one SELECT on standard output in the asked format."""
    table = _answer(project, data, sql, _moment(as_of))
    if form == "table":
        _print_table(table)
        return
    sys.stdout.buffer.write(_written(table, form))
    sys.stdout.buffer.flush()


def explain(project: Path, model: str, *, as_json: bool) -> None:
    """Compile the project and show one model's operators."""
    declared = loaded(project)
    _known(declared, model)
    assembly = assemble(declared, DuckDBOracle(), lambda source: resolve(source, declared.root))
    shown = explained(assembly.program(model), assembly.relations[model])
    if as_json:
        print(json_.dumps(shown, indent=2))
        return
    _print_explained(shown)


def parity(project: Path, data: Path | None, models: list[str], *, as_json: bool) -> bool:
    """Prove models; whether all are equal."""
    declared, directory = loaded(project), data_dir(project, data)
    for model in models:
        _known(declared, model)
    if directory.busy:
        found = RunningNode(directory, read_token(directory.root)).post("/v1/parity", {"models": models}).json()
    else:
        with stopped_node(declared, directory) as node:
            found = node.parity(models)
    if as_json:
        print(json_.dumps(found, indent=2))
    else:
        _print_receipts(found)
    return all(receipt["equal"] for receipt in found["models"])


def status(project: Path, data: Path | None, *, as_json: bool) -> None:
    """Health of a node."""
    declared, directory = loaded(project), data_dir(project, data)
    if directory.busy:
        found = RunningNode(directory, read_token(directory.root)).get("/v1/status")
    else:
        with stopped_node(declared, directory) as node:
            found = node.status()
    found["running"] = directory.busy
    if as_json:
        print(json_.dumps(found, indent=2))
        return
    _print_status(found)


def _answer(project: Path, data: Path | None, sql: str, as_of: int | datetime | None) -> pa.Table:
    directory = data_dir(project, data)
    if directory.busy:
        body: dict[str, Any] = {"sql": sql}
        if as_of is not None:
            body["as_of"] = as_of if isinstance(as_of, int) else as_of.isoformat()
        response = RunningNode(directory, read_token(directory.root)).post("/v1/sql", body, ARROW)
        return pa.ipc.open_stream(BytesIO(response.content)).read_all()
    with stopped_node(loaded(project), directory) as node:
        return node.query(sql, LOCAL, as_of=as_of).table


def _known(declared: Project, model: str) -> None:
    if model not in declared.models:
        near = nearest(model, declared.models)
        raise UsageError(
            f"there is no model {model!r}",
            code="HR-112",
            fix=f"did you mean {near}?" if near else f"models: {', '.join(declared.models)}",
        )


def _written(table: pa.Table, form: str) -> bytes:
    if form == "json":
        return to_json(table).encode() + b"\n"
    if form == "csv":
        return to_csv(table).encode()
    return to_arrow(table) if form == "arrow" else to_parquet(table)


def _moment(text: str | None) -> int | datetime | None:
    if text is None:
        return None
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is neither an epoch nor a time",
            code="HR-113",
            fix="write an epoch's number, or a time such as 2013-07-01T12:00:00",
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _print_table(table: pa.Table) -> None:
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in table.column_names:
        shown.add_column(Text(name))
    for row in json_.loads(to_json(table.slice(0, TABLE_ROWS))):
        shown.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    _console().print(shown)
    if table.num_rows > TABLE_ROWS:
        print(f"… {table.num_rows - TABLE_ROWS:,} more rows; --format csv writes all", file=sys.stderr)


def _console() -> Console:
    """As wide as the terminal; as wide as it takes when the output goes elsewhere, so that nothing is cut."""
    return Console(width=None if sys.stdout.isatty() else 100_000)


def _print_explained(shown: dict[str, Any]) -> None:
    kind = "incremental" if shown["incremental"] else "recomputed where marked whole"
    tree = Tree(f"[bold]{shown['model']}[/bold]: {kind}; reads {', '.join(shown['reads']) or 'nothing'}")
    branches = {-1: tree}
    for line in shown["rules"]:
        detail = f" [yellow]{line['detail']}[/yellow]" if line["detail"] else ""
        text = f"{_plain(line['operator'])}\n[cyan]{line['rule']}[/cyan]: {_plain(line['reason'])}{detail}"
        for state in line["state"]:
            text += f"\n[dim]keeps {state['name']}: {_plain(state['bound'])}[/dim]"
        branches[line["depth"]] = branches[line["depth"] - 1].add(text)
    _console().print(tree)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _print_receipts(found: dict[str, Any]) -> None:
    shown = Table(
        "model", "verdict", "rows", "missing", "extra", "seconds", box=None, header_style="bold", pad_edge=False
    )
    for receipt in found["models"]:
        verdict = "[green]equal[/green]" if receipt["equal"] else "[red]differs[/red]"
        cells = (f"{receipt['rows']:,}", str(receipt["missing"]), str(receipt["extra"]), f"{receipt['seconds']:.3f}")
        shown.add_row(receipt["model"], verdict, *cells)
    _console().print(shown)
    print(f"at epoch {found['epoch']}")


def _print_status(found: dict[str, Any]) -> None:
    state = "running" if found["running"] else "stopped"
    print(
        f"{found['name']}: {state}, epoch {found['epoch']}, as of {found['as_of']}, {found['lag_rows']:,} rows behind"
    )
    sources = Table(
        "source",
        "read",
        "kept",
        "rejected",
        "late",
        "behind",
        "watermark",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    for s in found["sources"]:
        counts = (f"{s[key]:,}" for key in ("read", "kept", "rejected", "late", "lag_rows"))
        sources.add_row(s["name"], *counts, s["watermark"] or "")
    models = Table("model", "rows", "complete to", "parity", box=None, header_style="bold", pad_edge=False)
    for m in found["models"]:
        models.add_row(m["name"], f"{m['rows']:,}", m["complete_to"] or "", m["parity"])
    console = _console()
    console.print(sources)
    console.print(models)
