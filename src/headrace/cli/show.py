"""Answers for people, on standard output: tables and trees."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headrace.errors import HeadraceError

if TYPE_CHECKING:
    from headrace.runtime.testing import Held, Outcome

TABLE_ROWS = 200


def show_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """An answer's first rows; one row more than fits says that there are more."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        shown.add_column(Text(name))
    for row in rows[:TABLE_ROWS]:
        shown.add_row(*(Text("" if value is None else str(value)) for value in row))
    _console().print(shown)
    if len(rows) > TABLE_ROWS:
        print(f"… more rows than these {TABLE_ROWS}; --format csv writes all", file=sys.stderr)


def _console() -> Console:
    """As wide as the terminal; as wide as it takes when the output goes elsewhere, so that nothing is cut."""
    return Console(width=None if sys.stdout.isatty() else 100_000)


def show_explained(shown: Mapping[str, Any]) -> None:
    kind = "incremental" if shown["incremental"] else "recomputed where marked whole"
    tree = Tree(f"[bold]{shown['model']}[/bold]: {kind}; reads {', '.join(shown['reads']) or 'nothing'}")
    for function in shown["functions"]:
        tree.add(f"calls {function['name']}(): {_plain(function['path'])}:{function['line']}")
    if shown["final_behind"]:
        behind = " and ".join(shown["final_behind"])
        tree.add(f"rows that the watermark of {behind} has passed are final: they move to the lake")
    if shown["estimate"] is not None:
        tree.add(_estimated(shown["estimate"]))
    _grow(tree, _operators(shown["rules"]), set())
    _console().print(tree)


def _estimated(found: Mapping[str, Any]) -> str:
    looked = f" and a look through {found['rows']:,} kept rows" if found["rows"] else ""
    return (
        f"an epoch costs about {found['ms']:,.0f} ms now, beside its own rows: {found['statements']} statements{looked}"
    )


Operator = tuple[Mapping[str, Any], "tuple[Operator, ...]"]
"""A line of explain, with the operators that its rows come from."""


def _operators(lines: Sequence[Mapping[str, Any]]) -> tuple[Operator, ...]:
    """Lines as trees, without what only names and computes columns."""
    if not lines:
        return ()
    least = min(line["depth"] for line in lines)
    starts = [i for i, line in enumerate(lines) if line["depth"] == least]
    found = [*_operators(lines[: starts[0]])]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        below = _operators(lines[start + 1 : stop])
        trivial = lines[start]["operator"] == "project" and not lines[start]["state"] and below
        found += below if trivial else [(lines[start], below)]
    return tuple(found)


def _grow(tree: Tree, operators: Sequence[Operator], seen: set[str]) -> None:
    for line, below in operators:
        if below and _alike((line, below)) in seen:
            tree.add(f"{_plain(line['operator'])} [dim](the one above)[/dim]")
            continue
        seen.add(_alike((line, below)))
        _grow(tree.add(_told(line)), below, seen)


def _alike(operator: Operator) -> str:
    line, below = operator
    return repr([line["operator"], line["rule"], line["state"], *map(_alike, below)])


def _told(line: Mapping[str, Any]) -> str:
    detail = f" [yellow]{line['detail']}[/yellow]" if line["detail"] else ""
    text = f"{_plain(line['operator'])}\n[cyan]{line['rule']}[/cyan]: {_plain(line['reason'])}{detail}"
    if line["rule"] != "linear" or line["state"]:
        text += f"\n[dim]costs {line['cost']}[/dim]"
    for state in line["state"]:
        text += f"\n[dim]keeps {state['name']}: {_plain(state['bound'])}[/dim]"
        if state["warning"]:
            text += f"\n[yellow]{_plain(state['warning'])}[/yellow]"
    return text


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def show_products(found: Sequence[Mapping[str, Any]]) -> None:
    """Products, their owners, and their promises beside how they are kept."""
    if not found:
        print("No products are published: domains/NAME/products/MODEL.yaml declares one.")
        return
    heads = (
        "product",
        "domain",
        "version",
        "owner",
        "rows",
        "contract",
        "freshness",
        "behind",
        "proven",
        "parity",
        "read by",
    )
    shown = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for one in found:
        shown.add_row(
            one["name"],
            one["domain"],
            one["version"],
            Text(one["owner"]),
            f"{one['rows']:,}",
            Text(one["contract"], style=_STYLES[one["contract"]]),
            Text(f"{one['freshness']} ({_length(one['freshness_promised'])})", style=_STYLES[one["freshness"]]),
            "" if one["behind"] is None else _length(one["behind"]),
            Text(
                one["proven"]
                if one["proven_promised"] is None
                else f"{one['proven']} ({_length(one['proven_promised'])})",
                style=_STYLES[one["proven"]],
            ),
            one["parity"],
            ", ".join(one["read_by"]),
        )
    _console().print(shown)


_STYLES = {"met": "green", "broken": "bold red", "unknown": "yellow", "not promised": "dim"}


def _length(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def show_reconciled(found: Mapping[str, Any]) -> None:
    """What a reconcile counted in and changed, and the proofs made after it."""
    for source, rows in found["late"].items():
        print(f"{source}: {rows:,} late rows count from now on")
    for model, rows in found["changed"].items():
        print(f"{model}: {rows:,} rows left or arrived")
    if not found["late"] and not found["changed"]:
        print("Nothing was late, and nothing differed.")
    show_receipts(found)


def show_receipts(found: Mapping[str, Any]) -> None:
    shown = Table(
        "model", "verdict", "rows", "missing", "extra", "seconds", box=None, header_style="bold", pad_edge=False
    )
    for receipt in found["models"]:
        verdict = "[green]equal[/green]" if receipt["equal"] else "[red]differs[/red]"
        cells = (f"{receipt['rows']:,}", str(receipt["missing"]), str(receipt["extra"]), f"{receipt['seconds']:.3f}")
        shown.add_row(receipt["model"], verdict, *cells)
    _console().print(shown)
    print(f"at epoch {found['epoch']}")


def show_status(found: Mapping[str, Any]) -> None:
    state = "running" if found["running"] else "stopped"
    print(
        f"{found['name']}: {state}, epoch {found['epoch']}, as of {found['as_of']}, {found['lag_rows']:,} rows behind"
    )
    for waits in found["waiting"]:
        print(f"{waits['who']} waits since {waits['since']}: {waits['why']} ({waits['code']})")
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


def show_finding(part: str, where: str, said: str, error: HeadraceError | None) -> None:
    """What came of trying one part: a line, and below it what to mend."""
    verdict = "[green]ok   [/green]" if error is None else "[red]amiss[/red]"
    console = _console()
    console.print(f"{verdict} {_plain(part):12} {_plain(where)}{f': {_plain(said)}' if said else ''}")
    if error is not None:
        console.print(Text("\n".join(f"      {line}" for line in str(error).splitlines())))


def show_kept(model: str, refused: HeadraceError | None) -> None:
    """Whether a model can be kept on a target: a line, and below it what stands in the way."""
    console = _console()
    console.print(f"{'[green]ok     [/green]' if refused is None else '[red]refused[/red]'} {_plain(model)}")
    if refused is not None:
        console.print(Text("\n".join(f"        {line}" for line in str(refused).splitlines())))


def show_held(rule: Held) -> None:
    """A domain, a contract or a policy, and what breaks it."""
    console = _console()
    console.print(
        Text.assemble(
            (f"{'ok' if rule.ok else 'FAIL':<7}", "green" if rule.ok else "bold red"), f"{rule.kind} {rule.name}"
        )
    )
    for problem in rule.problems:
        console.print(Text("\n".join(f"       {line}" for line in str(problem).splitlines())))


def show_tested(outcome: Outcome) -> None:
    """What came of a test: a line, and below it each way in which it does not hold."""
    console = _console()
    verdict = "[green]ok    [/green]" if outcome.ok else "[red]failed[/red]"
    console.print(f"{verdict} {_plain(outcome.test)}: {_plain(outcome.model)}, {outcome.arrivals} ways")
    if outcome.error is not None:
        console.print(Text("\n".join(f"       {line}" for line in str(outcome.error).splitlines())))
    for one in outcome.differences:
        console.print(Text(f"       {one.arrival}: {one.missing_rows} rows missing, {one.extra_rows} extra"))
        for sign, rows in (("-", one.missing), ("+", one.extra)):
            for row in rows:
                console.print(Text(f"         {sign} {row}"))
