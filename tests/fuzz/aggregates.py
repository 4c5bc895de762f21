"""Random aggregate calls, by the kind of their answer."""

from __future__ import annotations

from .expressions import filled, possible, value
from .maker import Maker, Scope

AGGREGATES: dict[str, tuple[str, ...]] = {
    "INT": (
        "count(*)",
        "count(*)",
        "count($COL)",
        "count(DISTINCT $COL)",
        "count_if($BOOL)",
        "sum($INT)",
        "sum($INT)",
        "sum(DISTINCT $INT)",
        "min($INT)",
        "max($INT)",
        "bit_and($INT::BIGINT)",
        "bit_or($INT::BIGINT)",
        "bit_xor($INT::BIGINT)",
        "mode($INT)",
        "arg_min($INT, $ORD)",
        "arg_max($INT, $ORD)",
        "max_by($INT, $ORD)",
        "quantile_disc($INT, 0.5)",
        "any_value($INT)",
        "approx_count_distinct($COL)",
        "sum($INT) FILTER (WHERE $BOOL)",
        "count(*) FILTER (WHERE $BOOL)",
        "max($INT) FILTER (WHERE $BOOL)",
        "count(DISTINCT $COL) FILTER (WHERE $BOOL)",
        "sum(CASE WHEN $BOOL THEN 1 ELSE 0 END)",
    ),
    "BIG": ("min($BIG)", "max($BIG)"),
    "DEC": ("sum($DEC)::DECIMAL(18,2)", "min($DEC)", "max($DEC)", "sum(DISTINCT $DEC)::DECIMAL(18,2)"),
    "DBL": ("sum($DBL)", "min($DBL)", "max($DBL)", "sum($INT * 0.5::DOUBLE)", "fsum($DBL)"),
    "DBLD": (
        "avg($INT)",
        "avg($DBL)",
        "avg($DEC)",
        "avg($INT) FILTER (WHERE $BOOL)",
        "avg(DISTINCT $INT)",
        "median($INT)",
        "median($DBL)",
        "quantile_cont($INT, 0.25)",
        "mad($INT)",
        "sum($INT) / count(*)",
    ),
    "DBLX": (
        "stddev($INT)",
        "variance($INT)",
        "var_pop($DBL)",
        "stddev_pop($DBL)",
        "corr($INT, $DBL)",
        "covar_pop($INT, $DBL)",
        "regr_slope($DBL, $INT)",
        "entropy($COL)",
    ),
    "STR": (
        "string_agg($STR, ',')",
        "string_agg($STR, ',' ORDER BY $ORD DESC)",
        "string_agg(DISTINCT $STR, '-')",
        "listagg($STR, ';')",
        "min($STR)",
        "max($STR)",
        "mode($STR)",
        "any_value($STR)",
        "arg_min($STR, $ORD)",
        "arg_max($STR, $ORD)",
    ),
    "BOOL": ("bool_and($BOOL)", "bool_or($BOOL)", "bool_or($BOOL) FILTER (WHERE $BOOL)", "min($BOOL)"),
    "TS": ("min($TS)", "max($TS)", "arg_max($TS, $ORD)"),
    "DATE": ("min($DATE)", "max($DATE)"),
    "TSTZ": ("max($TSTZ)",),
    "INTS": (
        "list($INT)",
        "list($INT ORDER BY $ORD)",
        "array_agg($INT ORDER BY $ORD DESC NULLS LAST)",
        "list(DISTINCT $INT)",
        "list($INT) FILTER (WHERE $BOOL)",
        "max($INT, 2)",
        "min($INT, 2)",
    ),
    "STRS": ("list($STR)", "list(DISTINCT upper($STR))", "array_agg($STR)"),
    "STRUCT": ("max($STRUCT)",),
    "JSON": ("to_json(histogram($STR))", "to_json(list($INT))"),
}
_LIKELY = {"INT": 8.0, "DBLD": 3.0, "STR": 2.5, "DEC": 1.5, "DBL": 1.5, "BOOL": 1.0, "TS": 1.0, "DATE": 0.3, "TSTZ": 0.3,
           "INTS": 1.0, "STRS": 0.5, "STRUCT": 0.3, "JSON": 0.3, "BIG": 0.5, "DBLX": 1.2}  # fmt: skip


def aggregate_kind(make: Maker, scope: Scope, *, exact: bool) -> str:
    """A kind that some aggregate of these columns answers with; ``exact`` leaves out what can only be shown."""
    kinds = {*possible(list(_LIKELY), scope), *(("INT", "DBLD") if exact else ("INT", "DBLD", "DBLX"))}
    return make.weighted({kind: weight for kind, weight in _LIKELY.items() if kind in kinds})


def aggregate(make: Maker, kind: str, scope: Scope, depth: int = 1) -> str:
    """An aggregate call of ``kind`` over the columns of ``scope``."""
    template = make.pick(AGGREGATES[kind])
    make.mark(f"aggregate {template.split('(')[0]}" + (" DISTINCT" if "DISTINCT" in template else ""))
    if "FILTER" in template:
        make.mark("FILTER")
    return filled(make, template, scope, depth)


def over_aggregate(make: Maker, kind: str, scope: Scope) -> str:
    """An aggregate, or an expression of aggregates."""
    call = aggregate(make, kind, scope)
    if make.chance(0.85):
        return call
    other = aggregate(make, kind, scope)
    joined = {"INT": f"({call} - {other})", "DBL": f"({call} + {other})", "STR": f"concat({call}, {other})"}
    return joined.get(kind, f"coalesce({call}, {other})")


def having(make: Maker, scope: Scope) -> str:
    """A condition over aggregates."""
    kind = make.pick(["INT", "INT", "DBLD", "BOOL", "STR", "TS"])
    call = aggregate(make, kind, scope)
    if kind == "BOOL":
        return f"({call} IS NOT FALSE)"
    if kind in ("STR", "TS"):
        return f"({call} IS NOT NULL)"
    return f"({call} {make.pick(['>', '>=', '<', '<>'])} {value(make, 'INT', Scope(()), 0)})"
