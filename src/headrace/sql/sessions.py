"""Window functions that number the islands of each key, as SESSION does, become one operator that knows what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.batch import batch
from headrace.sql.catalog import Oracle
from headrace.sql.functions import conjuncts, expands, substituted
from headrace.sql.nodes import Node, Project, Session, Window, column, rebuilt

FIRST, LAST = "__first", "__last"
Values = Mapping[str, exp.Expr]


def sessions(node: Node, oracle: Oracle) -> Node:
    """``node`` with such window functions replaced, where adding the gap surely keeps the order of times."""
    return rebuilt(node, lambda n: _session(n, oracle) or n)


def _session(node: Node, oracle: Oracle) -> Node | None:
    if not isinstance(node, Project) or not isinstance(node.child, Window):
        return None
    found = _numbered(node.child)
    if found is None or not _keeps_order(found.session, oracle):
        return None
    ends = _ends(node.child, found)
    if ends is None:
        return None
    known = {**found.values, **ends}
    read = {
        c.name for value in (*(v for _, v in node.outputs), node.where) if value for c in value.find_all(exp.Column)
    }
    if not read <= set(known):
        return None
    outputs = tuple((name, substituted(value, known)) for name, value in node.outputs)
    return Project(found.session, outputs, None if node.where is None else substituted(node.where, known))


@dataclass(frozen=True)
class _Numbered:
    """The rows of ``session.child``, numbered.

    Attributes:
        values: what the columns above stand for, over those of the child; without what only a part of the islands is.
        number: the column above that has the island's number.
    """

    session: Session
    values: Values
    number: str


def _numbered(outer: Window) -> _Numbered | None:
    above = through(outer.child)
    inner, marks = above[1], None
    if not isinstance(inner, Window) or len(inner.functions) != 1:
        return None
    values, marks = through(inner.child)
    if not isinstance(marks, Window) or len(marks.functions) != 1:
        return None
    session = _marked(inner, values, marks)
    ((number, _),) = inner.functions
    shown = [name for name, value in above[0].items() if value == column(number)]
    if session is None or len(shown) != 1:
        return None
    own = set(marks.child.columns)
    below = {name: value for name, value in values.items() if {c.name for c in value.find_all(exp.Column)} <= own}
    passed = {name: substituted(value, below) for name, value in above[0].items() if _reads(value) <= set(below)}
    return _Numbered(session, passed, shown[0])


def _marked(inner: Window, values: Values, marks: Window) -> Session | None:
    """``SUM(opens) OVER (PARTITION BY keys ORDER BY time)``, where a row opens an island that is too long after the one before."""
    ((lagged, lag),), ((_, total),) = marks.functions, inner.functions
    time = lag.this.this if isinstance(lag.this, exp.Lag) else None
    if not isinstance(time, exp.Column) or not isinstance(total.this, exp.Sum):
        return None
    if lag.this.args.get("offset") or lag.this.args.get("default") or not _ordered(lag, time):
        return None
    order = total.args.get("order")
    by = [o.copy() for o in order.expressions] if order is not None else []
    opens = values.get(total.this.this.name) if isinstance(total.this.this, exp.Column) else None
    gap = None if opens is None else _gap(opens, time, lagged)
    plain = all(isinstance(key, exp.Column) for key in marks.partition)
    same = {substituted(key, values) for key in inner.partition} == set(marks.partition)
    if gap is None or not plain or not same or len(by) != 1 or total.args.get("spec") or by[0].args.get("desc"):
        return None
    if substituted(by[0].this, values) != time or not _never_null(marks.child, time):
        return None
    return Session(marks.child, marks.partition, time, gap, FIRST, LAST)


def _ordered(window: exp.Expr, time: exp.Expr) -> bool:
    """By ``time`` first, upwards: which of equal times comes first makes no difference."""
    order = window.args.get("order")
    return order is not None and order.expressions[0].this == time and not order.expressions[0].args.get("desc")


def _gap(opens: exp.Expr, time: exp.Expr, lagged: str) -> exp.Expr | None:
    """The constant in ``CASE WHEN time <= lagged + gap THEN 0 ELSE 1 END``."""
    gap = next((add.expression for add in opens.find_all(exp.Add) if add.this.unnest() == column(lagged)), None)
    if not isinstance(gap, exp.Interval) or not gap.args.get("unit") or not gap.this.name.isdigit():
        return None
    zero, one = exp.Literal.number(0), exp.Literal.number(1)
    for before in (column(lagged), exp.paren(column(lagged))):
        near = exp.LTE(this=time.copy(), expression=exp.Add(this=before, expression=gap.copy()))
        if opens == exp.case().when(near, zero).else_(one):
            return gap
    return None


def _ends(outer: Window, found: _Numbered) -> Values | None:
    """The functions of ``outer`` as the ends of sessions; None when it has another function, or another partition."""
    session, known = found.session, {**found.values, found.number: column(found.number)}
    if not all(_reads(part) <= set(known) for part in outer.partition):
        return None
    if {substituted(part, known) for part in outer.partition} != {*session.keys, column(found.number)}:
        return None
    kinds: dict[type[exp.Expr], str] = {exp.Min: FIRST, exp.Max: LAST}
    ends: dict[str, exp.Expr] = {}
    for name, window in outer.functions:
        end, of = kinds.get(type(window.this)), window.this.this
        plain = not window.args.get("order") and not window.args.get("spec") and not window.this.expressions
        if end is None or not plain or not _reads(of) <= set(known) or substituted(of, known) != session.time:
            return None
        ends[name] = column(end)
    return ends


def _never_null(child: Node, time: exp.Column) -> bool:
    value = dict(child.outputs).get(time.name) if isinstance(child, Project) else None
    known = conjuncts(child.where) if isinstance(child, Project) else []
    return exp.Not(this=exp.Is(this=value, expression=exp.Null())) in known if value is not None else False


def _keeps_order(session: Session, oracle: Oracle) -> bool:
    """Not so for times of the day, which begin anew after midnight; and a number next to the largest one has none after it."""
    later = exp.Add(this=session.time.copy(), expression=session.gap.copy())
    rows = exp.Subquery(this=batch(session.child), alias=exp.TableAlias(this=exp.to_identifier("t")))
    ((_, kind),) = oracle.describe(exp.select(exp.alias_(later, "later")).from_(rows))
    return kind.startswith("TIMESTAMP")


def through(node: Node) -> tuple[dict[str, exp.Expr], Node]:
    """The operator below projections that only compute columns, with what the columns above stand for over its own."""
    values: dict[str, exp.Expr] = {name: column(name) for name in node.columns}
    while isinstance(node, Project) and node.where is None and not any(expands(value) for _, value in node.outputs):
        own = dict(node.outputs)
        values = {name: substituted(value, own) for name, value in values.items()}
        node = node.child
    return values, node


def _reads(value: exp.Expr) -> set[str]:
    return {c.name for c in value.find_all(exp.Column)}
