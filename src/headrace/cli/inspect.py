"""``query``, ``explain``, ``parity``, ``status``: questions to a node, and their answers on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace.cli.reach import data_dir, reached
from headrace.cli.show import (
    TABLE_ROWS,
    show_explained,
    show_products,
    show_receipts,
    show_reconciled,
    show_rows,
    show_status,
)
from headrace.errors import HeadraceError, UsageError


def query(
    project: Path, data: Path | None, target: str | None, sql: str, as_of: str | None, form: str, domain: str | None
) -> None:
    """Answer one SELECT on standard output in the asked format."""
    moment = _moment(as_of)
    with reached(project, data, target, domain) as node:
        if form == "table":
            columns, rows = node.rows(sql, moment, TABLE_ROWS + 1)
        else:
            answer = node.written(sql, moment, form)
    if form == "table":
        show_rows(columns, rows)
        return
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def explain(project: Path, model: str, *, as_json: bool) -> None:
    """Compile the project and show one model's operators."""
    from headrace.cli.stopped import explained_model  # only here: the engine, which a running node spares the others

    directory = data_dir(project, None)
    shown = explained_model(project, model, directory)
    socket = directory.socket() if directory.busy else None
    if socket is not None:
        from headrace.cli.running import RunningNode  # only here: an HTTP client is not needed otherwise

        # The node may run the model as it was before an edit, or not at all yet; the files say how it is kept.
        with suppress(HeadraceError), RunningNode(socket, directory.root) as node:
            shown["estimate"] = node.estimate(model)
    if as_json:
        _print_json(shown)
    else:
        show_explained(shown)


def parity(project: Path, data: Path | None, target: str | None, models: list[str], *, as_json: bool) -> bool:
    """Prove models; whether all are equal."""
    with reached(project, data, target) as node:
        found = node.parity(models)
    if as_json:
        _print_json(found)
    else:
        show_receipts(found)
    return all(receipt["equal"] for receipt in found["models"])


def reconcile(project: Path, data: Path | None, target: str | None, *, as_json: bool) -> bool:
    """Count late rows in and replace what differs; whether all models are equal then."""
    with reached(project, data, target) as node:
        found = node.reconcile()
    if as_json:
        _print_json(found)
    else:
        show_reconciled(found)
    return all(receipt["equal"] for receipt in found["models"])


def status(project: Path, data: Path | None, target: str | None, *, as_json: bool) -> None:
    """Health of a node."""
    with reached(project, data, target) as node:
        found = {**node.status(), "running": node.running}
    if as_json:
        _print_json(found)
    else:
        show_status(found)


def products(project: Path, data: Path | None, target: str | None, *, as_json: bool) -> bool:
    """What domains publish; whether every promise is kept."""
    with reached(project, data, target) as node:
        found = node.products()
    if as_json:
        _print_json({"products": found})
    else:
        show_products(found)
    return all(product["ok"] for product in found)


def _print_json(found: Mapping[str, Any]) -> None:
    print(json.dumps(found, indent=2))


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
