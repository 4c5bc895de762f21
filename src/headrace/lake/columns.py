"""How a column of DuckDB is kept in Iceberg, and which changes of a column history takes.

What Iceberg holds is kept as it is. Small and unsigned integers widen. What it does not hold becomes text, in the form
that DuckDB casts back without loss. The DuckDB type that the column came with is the field's ``doc``, so it is
versioned with the schema and any reader of the table can see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from duckdb.sqltypes import DuckDBPyType

from headrace.lake import failures

UNTYPED = "NULL"
"""The type of a column that has only ever been null. It is in no data file, and takes the first type that comes."""

_AS_IT_IS = frozenset(
    {"BOOLEAN", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "VARCHAR", "BLOB"}
)
_AS_IT_IS |= {"UUID", "TIMESTAMP WITH TIME ZONE"}
_WIDER = {
    "TINYINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    # 38 digits hold every sum of 64-bit integers; a larger value is refused, not rounded.
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
_TEXT = frozenset(["INTERVAL", "TIMESTAMP_NS", "TIME_NS", "TIME WITH TIME ZONE", "BIT", "BIGNUM", "JSON"])

# Ordered by size: the first that holds both is the widened type.
_INTEGERS = {
    "TINYINT": (-(2**7), 2**7),
    "UTINYINT": (0, 2**8),
    "SMALLINT": (-(2**15), 2**15),
    "USMALLINT": (0, 2**16),
    "INTEGER": (-(2**31), 2**31),
    "UINTEGER": (0, 2**32),
    "BIGINT": (-(2**63), 2**63),
    "UBIGINT": (0, 2**64),
    "HUGEINT": (-(2**127), 2**127),
}


@dataclass(frozen=True)
class Column:
    """A column: its name, the DuckDB type it came with, and the DuckDB type that its Parquet reads as."""

    name: str
    type: str
    stored: str

    @property
    def untyped(self) -> bool:
        """True for a column that has only ever been null."""
        return self.type == UNTYPED

    @property
    def cast(self) -> bool:
        """True if what is read has to be cast to the type it came with."""
        # DuckDB quotes a field's name only when it must; the two texts differ in nothing else but their types.
        return self.type.replace('"', "") != self.stored.replace('"', "")


@dataclass(frozen=True)
class Evolution:
    """What a table's schema has to become before rows go in: each of ``added``, ``widened`` and ``retyped`` is a step.

    Attributes:
        columns: the table's columns afterwards, in the table's order.
        retyped: columns that were only ever null until now; each leaves the schema and comes back with its type.
    """

    columns: tuple[Column, ...]
    added: tuple[Column, ...] = ()
    widened: tuple[Column, ...] = ()
    retyped: tuple[Column, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.widened or self.retyped)


def stored(column: str, kind: DuckDBPyType) -> str:
    """The DuckDB type text under which Iceberg keeps that type; raises HR-704 where there is no lossless one.

    >>> import duckdb
    >>> stored("s", duckdb.type("STRUCT(a UTINYINT, b INTERVAL)[3]"))
    'STRUCT("a" INTEGER, "b" VARCHAR)[]'
    """
    text = str(kind)
    if text in _AS_IT_IS or kind.id == "decimal":
        return text
    if text in _WIDER:
        return _WIDER[text]
    if text in _TEXT or kind.id == "enum":
        return "VARCHAR"
    if kind.id in ("list", "array"):
        return f"{stored(column, children(kind)['child'])}[]"
    if kind.id == "map":
        return f"MAP({', '.join(stored(column, child) for child in children(kind).values())})"
    if kind.id == "struct":
        inner = ", ".join(f"{quoted(name)} {stored(column, child)}" for name, child in children(kind).items())
        return f"STRUCT({inner})"
    raise failures.unstorable(column, text, _HOW_TO_CAST.get(kind.id, f"Cast {column} to a type that it holds."))


def evolve(table: str, kept: Sequence[Column], new: Sequence[Column]) -> Evolution:
    """How ``kept`` has to change so that rows with the columns ``new`` go in; raises HR-703 when they cannot.

    Names are compared as DuckDB does, without regard to case; the first spelling stays. A kept column that is not
    among the new ones stays and is null.
    """
    fresh = {column.name.lower(): column for column in new}
    known = {column.name.lower() for column in kept}
    merged = [_merged(table, column, fresh.get(column.name.lower(), column)) for column in kept]
    changed = [(old, now) for old, now in zip(kept, merged, strict=True) if now != old]
    retyped = tuple(now for old, now in changed if old.untyped)
    added = tuple(column for column in new if column.name.lower() not in known)
    staying = tuple(column for column in merged if column not in retyped)
    widened = tuple(now for old, now in changed if not old.untyped)
    return Evolution(staying + retyped + added, added, widened, retyped)


def children(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """The types inside a nested type, by name. DuckDB lists sizes, digits and an enum's values beside them."""
    nested = kind.id in {"struct", "list", "array", "map"}
    return {name: child for name, child in kind.children if isinstance(child, DuckDBPyType)} if nested else {}


def literal(value: str) -> str:
    """A text as DuckDB reads it."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _merged(table: str, old: Column, new: Column) -> Column:
    new = replace(new, name=old.name)
    if new.untyped or new.type == old.type:
        return old
    if old.untyped:
        return new
    wider = _wider_type(old, new)
    if wider is None or not _promotes(old.stored, wider.stored):
        raise failures.changed(table, old.name, old.type, new.type)
    return wider


def _wider_type(old: Column, new: Column) -> Column | None:
    """The column whose type holds every value of both."""
    types = {old.type, new.type}
    if types <= _INTEGERS.keys():
        return _wider_integer(old, new)
    if types == {"FLOAT", "DOUBLE"}:
        return Column(old.name, "DOUBLE", "DOUBLE")
    if old.stored == new.stored == "TIMESTAMP":
        return Column(old.name, "TIMESTAMP", "TIMESTAMP")
    if old.stored.startswith("DECIMAL(") and new.stored.startswith("DECIMAL("):
        wider = old.stored if _promotes(new.stored, old.stored) else new.stored
        return Column(old.name, wider, wider)
    if old.stored == new.stored == "VARCHAR":
        return _wider_text(old, new)
    return None


def _wider_integer(old: Column, new: Column) -> Column:
    (low, high), (other_low, other_high) = _INTEGERS[old.type], _INTEGERS[new.type]
    low, high = min(low, other_low), max(high, other_high)
    kind = next(name for name, (least, end) in _INTEGERS.items() if least <= low and high <= end)
    return Column(old.name, kind, _WIDER.get(kind, kind))


def _wider_text(old: Column, new: Column) -> Column | None:
    """Text takes everything that is kept as text; an ENUM that only gained values keeps its order."""
    if "VARCHAR" in (old.type, new.type):
        return Column(old.name, "VARCHAR", "VARCHAR")
    if old.type.startswith("ENUM(") and new.type.startswith(old.type[:-1] + ", "):
        return new
    return None


def _promotes(kept: str, wanted: str) -> bool:
    """True if Iceberg may read data written as ``kept`` as ``wanted``."""
    if kept == wanted or (kept, wanted) in {("INTEGER", "BIGINT"), ("FLOAT", "DOUBLE")}:
        return True
    if kept.startswith("DECIMAL(") and wanted.startswith("DECIMAL("):
        (digits, scale), (more, same) = _decimal(kept), _decimal(wanted)
        return scale == same and digits <= more
    return False


def _decimal(kind: str) -> tuple[int, int]:
    digits, scale = kind[len("DECIMAL(") : -1].split(",")
    return int(digits), int(scale)


_HOW_TO_CAST = {
    "union": "Split it into columns with union_tag(...) and union_extract(...).",
    "variant": "Cast it to JSON.",
    "geometry": "Keep it as text or bytes, with ST_AsText(...) or ST_AsWKB(...).",
}
