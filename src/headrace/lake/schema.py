"""Columns as an Iceberg schema and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from duckdb.sqltypes import DuckDBPyType
from pyiceberg import types
from pyiceberg.schema import Schema
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.types import DecimalType, FixedType, IcebergType, ListType, MapType, NestedField, StructType

from headrace.lake.columns import UNTYPED, Column, Evolution, children, quoted

Parse = Callable[[str], DuckDBPyType]
"""Reads a DuckDB type from its text."""

_PRIMITIVES: Final[dict[str, types.PrimitiveType]] = {
    "BOOLEAN": types.BooleanType(),
    "INTEGER": types.IntegerType(),
    "BIGINT": types.LongType(),
    "FLOAT": types.FloatType(),
    "DOUBLE": types.DoubleType(),
    "DATE": types.DateType(),
    "TIME": types.TimeType(),
    "TIMESTAMP": types.TimestampType(),
    "TIMESTAMP WITH TIME ZONE": types.TimestamptzType(),
    "VARCHAR": types.StringType(),
    "BLOB": types.BinaryType(),
    "UUID": types.UUIDType(),
}
_NAMES: Final = {kind: name for name, kind in _PRIMITIVES.items()}
_UNASSIGNED: Final = -1  # Iceberg gives every field its id when the schema is committed


def columns_of(schema: Schema) -> dict[int, Column]:
    """The columns of an Iceberg schema, by field id."""
    return {field.field_id: _column(field) for field in schema.fields}


def schema_of(columns: Sequence[Column], parse: Parse) -> Schema:
    """The Iceberg schema of a new table."""
    return Schema(*(_field(column.name, iceberg_type(column, parse), column.type) for column in columns))


def apply(update: UpdateSchema, evolution: Evolution, parse: Parse) -> None:
    """Stage the steps of an evolution."""
    for column in evolution.retyped:
        update.delete_column((column.name,))
    for column in (*evolution.retyped, *evolution.added):
        update.add_column((column.name,), iceberg_type(column, parse), doc=column.type)
    for column in evolution.widened:
        kind = iceberg_type(column, parse)
        update.update_column((column.name,), kind if kind.is_primitive else None, doc=column.type)


def replace(update: UpdateSchema, kept: Schema, columns: Sequence[Column], parse: Parse) -> None:
    """Stage entirely new columns: nothing of the old ones stays, so nothing has to be compatible."""
    for field in kept.fields:
        update.delete_column((field.name,))
    apply(update, Evolution(tuple(columns), added=tuple(columns)), parse)


def iceberg_type(column: Column, parse: Parse) -> IcebergType:
    """The Iceberg type of a column's stored form. A column that was only ever null is called text until it has one."""
    return _PRIMITIVES["VARCHAR"] if column.untyped else _iceberg(parse(column.stored))


def duckdb_type(kind: IcebergType) -> str:
    """The DuckDB type as which a column of that Iceberg type is read."""
    match kind:
        case StructType():
            return f"STRUCT({', '.join(f'{quoted(each.name)} {duckdb_type(each.field_type)}' for each in kind.fields)})"
        case ListType():
            return f"{duckdb_type(kind.element_type)}[]"
        case MapType():
            return f"MAP({duckdb_type(kind.key_type)}, {duckdb_type(kind.value_type)})"
        case DecimalType():
            return f"DECIMAL({kind.precision},{kind.scale})"
        case FixedType():
            return "BLOB"
        case types.PrimitiveType():
            return _NAMES[kind]
    raise ValueError(f"{kind} is not a type that Headrace writes")


def _iceberg(kind: DuckDBPyType) -> IcebergType:
    inner = {name: _iceberg(child) for name, child in children(kind).items()}
    match kind.id:
        case "struct":
            return StructType(*(_field(name, child) for name, child in inner.items()))
        case "list":
            return ListType(_UNASSIGNED, inner["child"], element_required=False)
        case "map":
            return MapType(_UNASSIGNED, inner["key"], _UNASSIGNED, inner["value"], value_required=False)
        case "decimal":
            digits, scale = (size for _, size in kind.children if isinstance(size, int))
            return DecimalType(digits, scale)
    return _PRIMITIVES[str(kind)]


def _column(field: NestedField) -> Column:
    if field.doc == UNTYPED:
        return Column(field.name, UNTYPED, UNTYPED)
    stored = duckdb_type(field.field_type)
    return Column(field.name, field.doc or stored, stored)


def _field(name: str, kind: IcebergType, doc: str | None = None) -> NestedField:
    return NestedField(_UNASSIGNED, name, kind, required=False, doc=doc)
