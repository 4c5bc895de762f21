"""Frontiers: the least value a column can still have in a row that arrives or leaves, as watermarks rise.

A source that sets late rows aside takes no row behind its watermark. What that says of the rows that operators above it can still
make is a frontier: for some columns an expression over watermarks, ``:watermark_<source>``. Groups, windows and join partners below
it are final, and need not be kept. (Watermarks and what follows from them for operators: Akidau et al., "The Dataflow Model", 2015;
frontiers as in timely dataflow.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.catalog import Relation
from headrace.sql.functions import conjuncts
from headrace.sql.nodes import (
    INPUTS,
    Aggregate,
    Expand,
    Expire,
    Join,
    Node,
    Project,
    Recompute,
    Scan,
    Session,
    Top,
    Union,
    Window,
)

WATERMARK = "watermark_"
Frontier = Mapping[str, exp.Expr]

_FIXED = ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK")
_CALENDAR = ("MONTH", "QUARTER", "YEAR")


def watermark(source: str, kind: str) -> exp.Expr:
    """The source's watermark, in the type of its event time."""
    return exp.cast(exp.Placeholder(this=f"{WATERMARK}{source}"), kind, dialect="duckdb")


def watermarks(value: exp.Expr) -> frozenset[str]:
    """The sources whose watermarks are in ``value``."""
    found = (p.name for p in value.find_all(exp.Placeholder))
    return frozenset(name.removeprefix(WATERMARK) for name in found if name.startswith(WATERMARK))


@dataclass(frozen=True)
class Bound:
    """Rows of one side match rows of the other only where ``high >= low``; ``low`` never falls below ``least`` again."""

    high: exp.Expr
    least: exp.Expr

    @property
    def done(self) -> exp.Expr:
        """Rows for which this holds match nothing that is still to come."""
        return exp.LT(this=exp.paren(self.high), expression=self.least.copy())


class Frontiers:
    """The frontier of each operator over these relations."""

    def __init__(self, relations: Mapping[str, Relation]) -> None:
        self._relations = relations
        self._known: dict[Node, Frontier] = {}

    def of(self, node: Node) -> Frontier:
        """Columns of ``node`` that have one."""
        if node not in self._known:
            self._known[node] = self._found(node)
        return self._known[node]

    def keys(self, node: Recompute) -> list[exp.Expr | None]:
        """For each of the keys, the least value that can still be affected."""
        assert node.keys is not None
        by_input = [
            [lifted(k, self.of(child)) for k in keys] for child, keys in zip(node.inputs, node.keys, strict=True)
        ]
        return [_least(found) for found in zip(*by_input, strict=True)]

    def bounds(self, node: Join) -> tuple[list[Bound], list[Bound]]:
        """What the condition says of left and of right rows that may still find a match."""
        return (
            list(self._bounds(node, node.left, node.right)),
            list(self._bounds(node, node.right, node.left)),
        )

    def _found(self, node: Node) -> Frontier:
        match node:
            case Scan():
                known = self._relations[node.relation].frontier
                return {name: value for name, value in known.items() if name in node.columns}
            case Project():
                return _kept((name, lifted(value, self.of(node.child))) for name, value in node.outputs)
            case Expire():
                return {}  # rows leave long after they came
            case Union():
                sides = [self.of(child) for child in node.children]
                return _kept((name, _least([side.get(name) for side in sides])) for name in node.columns)
            case Join():
                left, right = self.bounds(node)
                return {**_joined(self.of(node.left), left), **_joined(self.of(node.right), right)}
            case Aggregate():
                return _kept((name, lifted(value, self.of(node.child))) for name, value in node.keys)
            case Window() | Top():
                known, by = self.of(node.child), {p.name for p in node.partition if isinstance(p, exp.Column)}
                return {name: value for name, value in known.items() if name in by}
            case Session():
                return self._ends(node)
            case Expand():
                return {**self.of(node.child), **self._made(node)}
            case Recompute():
                return self._recomputed(node)

    def _ends(self, node: Session) -> Frontier:
        """A session that a row joins or leaves has its end no more than the gap before it."""
        least = lifted(node.time, self.of(node.child))
        if least is None or not _is_interval(node.gap, _FIXED):
            return {}
        return {node.last: exp.Sub(this=exp.paren(least), expression=node.gap.copy())}

    def _made(self, node: Expand) -> Frontier:
        series = node.source.find(exp.GenerateSeries, exp.Anonymous)
        if series is None or len(node.names) != 1 or node.outer:
            return {}
        return _kept([(node.names[0][0], _from_start(series, self.of(node.child)))])

    def _recomputed(self, node: Recompute) -> Frontier:
        """Keys that the query passes on as they are. On an outer join's other side they may be NULL, which is below nothing."""
        if node.keys is None or not isinstance(node.query, exp.Select) or node.query.find(exp.Subquery):
            return {}
        least = self.keys(node)
        shown = ((p.alias_or_name, p.unalias()) for p in node.query.selects)
        return _kept((name, _of_key(value, node, least)) for name, value in shown if name in node.columns)

    def _bounds(self, node: Join, side: Node, other: Node) -> Iterator[Bound]:
        known = self.of(other)
        for high, low in _at_least(node.on):
            if _columns(high) <= set(side.columns) and _columns(low) <= set(other.columns):
                least = lifted(low, known)
                if least is not None:
                    yield Bound(high, least)


def _of_key(value: exp.Expr, node: Recompute, least: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """The bound of a column of the query that is one of the keys."""
    if not isinstance(value, exp.Column) or node.keys is None:
        return None
    named = [table == value.table for table in INPUTS[: len(node.inputs)]]
    having = named if value.table else [value.name in child.columns for child in node.inputs]
    if having.count(True) != 1:
        return None
    keys = zip(node.keys[having.index(True)], least, strict=True)
    return next((bound for key, bound in keys if isinstance(key, exp.Column) and key.name == value.name), None)


def lifted(value: exp.Expr, known: Frontier) -> exp.Expr | None:
    """The least value of an expression that never falls while its column rises; None for another expression."""
    match value:
        case exp.Column():
            found = known.get(value.name)
            return None if found is None else found.copy()
        case exp.Paren():
            return lifted(value.this, known)
        case exp.Cast() if type(value) is exp.Cast and value.to.this in _TIMES:
            return _over(value, "this", known)
        case exp.Add() if _is_interval(value.expression):
            return _over(value, "this", known)
        case exp.Add() if _is_interval(value.this):
            return _over(value, "expression", known)
        case exp.Sub() if _is_interval(value.expression):
            return _over(value, "this", known)
        case exp.TimestampTrunc() | exp.DateTrunc() if not value.args.get("zone"):
            return _over(value, "this", known)
        case exp.DateBin() if _is_interval(value.this) and value.args.get("unit") is None:
            return _over(value, "expression", known)
        case exp.Explode() | exp.Unnest():
            return _from_start(value.expressions[0] if isinstance(value, exp.Unnest) else value.this, known)
        case exp.Anonymous() if value.name.lower() == "unnest":
            return _from_start(value.expressions[0], known)
        case exp.Anonymous() if value.name.lower() == "time_bucket" and len(value.expressions) == 2:
            size, inner = value.expressions
            least = lifted(inner, known) if _is_interval(size) else None
            return None if least is None else exp.Anonymous(this="time_bucket", expressions=[size.copy(), least])
        case _:
            return None


def _from_start(series: exp.Expr, known: Frontier) -> exp.Expr | None:
    """A series that starts at an event time, and goes up, has no value below it."""
    if isinstance(series, exp.GenerateSeries):
        start, step = series.args["start"], series.args.get("step")
    elif (
        isinstance(series, exp.Anonymous) and series.name.lower() == "generate_series" and len(series.expressions) == 3
    ):
        start, _, step = series.expressions
    else:
        return None
    return lifted(start, known) if step is not None and _is_interval(step) else None


_TIMES = (
    exp.DType.TIMESTAMP,
    exp.DType.TIMESTAMPTZ,
    exp.DType.TIMESTAMPNTZ,
    exp.DType.DATE,
)


def _over(value: exp.Expr, arg: str, known: Frontier) -> exp.Expr | None:
    least = lifted(value.args[arg], known)
    if least is None:
        return None
    made = value.copy()
    made.set(arg, least)
    return made


def _is_interval(value: exp.Expr, units: Sequence[str] = _FIXED + _CALENDAR) -> bool:
    """A constant, positive length of time."""
    if isinstance(value, exp.Paren):
        return _is_interval(value.this, units)
    if not isinstance(value, exp.Interval) or not isinstance(value.this, exp.Literal):
        return False
    unit = (value.args.get("unit") or exp.Var(this="")).name.upper()
    return value.this.name.strip().isdigit() and (unit in units or unit.removesuffix("S") in units)


def _joined(known: Frontier, bounds: Sequence[Bound]) -> Frontier:
    """Of one side's columns, those that stay bounded when its old rows meet new ones of the other side."""
    floors = {name: least for bound in bounds for name, least in _floor(bound)}
    return _kept((name, _least([value, floors.get(name)])) for name, value in known.items())


def _floor(bound: Bound) -> Iterator[tuple[str, exp.Expr]]:
    """``c + size >= least`` says that c is at least ``least - size``."""
    high, least = bound.high, bound.least
    while isinstance(high, exp.Paren):
        high = high.this
    if isinstance(high, exp.Column):
        yield high.name, least
    elif isinstance(high, exp.Add | exp.Sub) and _is_interval(high.expression, _FIXED):
        turned: Callable[..., exp.Expr] = exp.Sub if isinstance(high, exp.Add) else exp.Add
        if isinstance(high.this, exp.Column):
            yield high.this.name, turned(this=exp.paren(least.copy()), expression=high.expression.copy())


def _at_least(on: exp.Expr | None) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Pairs of which the first is at least the second, wherever the condition holds."""
    for part in conjuncts(on):
        if isinstance(part, exp.EQ | exp.NullSafeEQ | exp.GTE | exp.GT):
            yield part.this, part.expression
        if isinstance(part, exp.EQ | exp.NullSafeEQ | exp.LTE | exp.LT):
            yield part.expression, part.this


def _columns(value: exp.Expr) -> set[str]:
    return {c.name for c in value.find_all(exp.Column)} or {""}


def _least(values: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """The smallest of all; None if one is not bounded."""
    found = [value for value in values if value is not None]
    if not found or len(found) < len(values):
        return None
    different = list(dict.fromkeys(found))
    first, *others = (value.copy() for value in different)
    return exp.Least(this=first, expressions=others) if others else first


def _kept(pairs: Iterable[tuple[str, exp.Expr | None]]) -> dict[str, exp.Expr]:
    return {name: value for name, value in pairs if value is not None}
