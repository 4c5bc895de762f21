"""GROUP BY with ROLLUP, CUBE and GROUPING SETS: one grouping for each set, and all of their rows together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

from sqlglot import exp

from headrace.sql.batch import batch
from headrace.sql.catalog import Oracle
from headrace.sql.nodes import Aggregate, Named, Node, Project, Union, column

Set = tuple[exp.Expr, ...]


def group_keys(group: exp.Group | None) -> list[exp.Expr]:
    """Every expression grouped by, each once, whatever sets they are in."""
    return list(dict.fromkeys(key for chosen in grouping_sets(group) for key in chosen))


def grouping_sets(group: exp.Group | None) -> list[Set]:
    """The sets of keys to group by; just one unless there is a ROLLUP, CUBE or GROUPING SETS."""
    if group is None:
        return [()]
    written = [*group.expressions]
    for clause in ("rollup", "cube", "grouping_sets"):
        written += group.args.get(clause) or []
    return [_joined(chosen) for chosen in product(*(_sets(part) for part in written))]


def _sets(part: exp.Expr) -> list[Set]:
    if isinstance(part, exp.Rollup):
        units = [_unit(e) for e in part.expressions]
        return [_joined(units[:n]) for n in range(len(units), -1, -1)]
    if isinstance(part, exp.Cube):
        units = [_unit(e) for e in part.expressions]
        return [_joined(chosen) for n in range(len(units), -1, -1) for chosen in combinations(units, n)]
    if isinstance(part, exp.GroupingSets):
        return [chosen for e in part.expressions for chosen in _sets(e)]
    return [_unit(part)]


def _unit(part: exp.Expr) -> Set:
    """Keys that stand in brackets are taken together."""
    if isinstance(part, exp.Paren):
        return _unit(part.this)
    return tuple(each.unnest() for each in part.expressions) if isinstance(part, exp.Tuple) else (part,)


def _joined(sets: Sequence[Set]) -> Set:
    return tuple(dict.fromkeys(key for chosen in sets for key in chosen))


def grouped_by_sets(
    child: Node,
    sets: Sequence[Set],
    names: Mapping[exp.Expr, str],
    calls: Sequence[Named],
    told: Sequence[Named],
    oracle: Oracle,
) -> Node:
    """The rows of every set's grouping: a key that a set does not have is NULL in its rows.

    Args:
        names: each key's column.
        told: calls of GROUPING, with their columns.
    """
    keys = [exp.alias_(key.copy(), name, quoted=True) for key, name in names.items()]
    typed = exp.select(*keys).from_(exp.Subquery(this=batch(child), alias=exp.TableAlias(this=exp.to_identifier("t"))))
    kinds = dict(oracle.describe(typed))
    branches = []
    for chosen in sets:
        grouped = Aggregate(child, tuple((names[key], key) for key in chosen), tuple(calls))
        there = {names[key] for key in chosen}
        outputs: list[Named] = [
            (name, column(name) if name in there else exp.cast(exp.Null(), kinds[name], dialect="duckdb"))
            for name in names.values()
        ]
        outputs += [(name, column(name)) for name, _ in calls]
        outputs += [(name, _grouping(call, chosen)) for name, call in told]
        branches.append(Project(grouped, tuple(outputs)))
    return branches[0] if len(branches) == 1 else Union(tuple(branches))


def _grouping(call: exp.Expr, chosen: Set) -> exp.Expr:
    """A bit for each argument, the last one lowest: set where the row's grouping is not by it."""
    bits = 0
    for argument in call.expressions:
        bits = bits * 2 + (argument not in chosen)
    return exp.cast(exp.Literal.number(bits), "BIGINT")
