"""The name of an Arrow type in DuckDB's words, the one vocabulary for column types everywhere."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as is_

_PLAIN: dict[pa.DataType, str] = {
    pa.null(): '"NULL"',
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.date64(): "DATE",
    pa.month_day_nano_interval(): "INTERVAL",
}
_TIMESTAMPS = {"s": "TIMESTAMP_S", "ms": "TIMESTAMP_MS", "us": "TIMESTAMP", "ns": "TIMESTAMP_NS"}


def type_name(type_: pa.DataType) -> str:
    """Return the DuckDB type text of an Arrow type: ``BIGINT``, ``DECIMAL(9,2)``, ``VARCHAR[]``, ``STRUCT(a INTEGER)``.

    DuckDB hands HUGEINT over as a decimal of 38 digits without a fraction, so that reads ``HUGEINT``.
    """
    if type_ in _PLAIN:
        return _PLAIN[type_]
    if is_.is_timestamp(type_):
        return "TIMESTAMP WITH TIME ZONE" if type_.tz else _TIMESTAMPS[type_.unit]
    if is_.is_decimal(type_):
        whole = type_.precision == 38 and type_.scale == 0
        return "HUGEINT" if whole else f"DECIMAL({type_.precision},{type_.scale})"
    return _nested_name(type_) or _scalar_name(type_)


def _nested_name(type_: pa.DataType) -> str | None:
    if isinstance(type_, pa.UuidType):
        return "UUID"
    if isinstance(type_, pa.OpaqueType):
        return str(type_.type_name).upper()
    if is_.is_dictionary(type_) or is_.is_run_end_encoded(type_):
        return type_name(type_.value_type)
    if is_.is_fixed_size_list(type_):
        return f"{type_name(type_.value_type)}[{type_.list_size}]"
    if is_.is_map(type_):
        return f"MAP({type_name(type_.key_type)}, {type_name(type_.item_type)})"
    if is_.is_struct(type_):
        return f"STRUCT({_members(type_)})"
    if is_.is_union(type_):
        return f"UNION({_members(type_)})"
    return f"{type_name(type_.value_type)}[]" if is_list(type_) else None


def _members(type_: pa.DataType) -> str:
    fields = (type_.field(i) for i in range(type_.num_fields))
    return ", ".join(f"{field.name} {type_name(field.type)}" for field in fields)


def _scalar_name(type_: pa.DataType) -> str:
    if is_string(type_):
        return "VARCHAR"
    if is_bytes(type_):
        return "BLOB"
    if is_.is_time(type_):
        return "TIME"
    if is_.is_duration(type_):
        return "INTERVAL"
    return str(type_).upper()


def is_string(type_: pa.DataType) -> bool:
    """Tell whether values of this type are text."""
    return bool(is_.is_string(type_) or is_.is_large_string(type_) or is_.is_string_view(type_))


def is_bytes(type_: pa.DataType) -> bool:
    """Tell whether values of this type are bytes."""
    return bool(
        is_.is_binary(type_)
        or is_.is_large_binary(type_)
        or is_.is_binary_view(type_)
        or is_.is_fixed_size_binary(type_)
    )


def is_list(type_: pa.DataType) -> bool:
    """Tell whether values of this type are lists, of fixed size or not."""
    return bool(
        is_.is_list(type_)
        or is_.is_large_list(type_)
        or is_.is_fixed_size_list(type_)
        or is_.is_list_view(type_)
        or is_.is_large_list_view(type_)
    )
