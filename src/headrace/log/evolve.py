"""Which changes of its columns a stream takes.

Rows already in the log are never rewritten, so a range may span a change. A change that no reading could bridge
without losing a value (text where there were numbers, fractions where there were 64-bit integers) is refused when it
is appended, where whoever made it hears of it, and not later, where it would stop every reader of the range.
"""

from __future__ import annotations

import pyarrow as pa
from pyarrow import types

from headrace.log.refusals import refused


def widen(stream: str, kept: bytes, new: bytes) -> bytes:
    """The schema (serialized, as both are) that holds every value of both; raises HR-512 when there is none."""
    before, after = (pa.ipc.read_schema(pa.py_buffer(schema)) for schema in (kept, new))
    for field in after:
        index = before.get_field_index(field.name)
        if index >= 0 and not _held_by_one(before.field(index).type, field.type):
            raise _incompatible(stream, field.name, before.field(index).type, field.type)
    return bytes(pa.unify_schemas([before, after], promote_options="permissive").serialize())


def plain(stream: str, schema: pa.Schema) -> pa.Schema:
    """The schema without metadata; raises HR-512 for one that rows cannot be told apart by."""
    names = schema.names
    if not names:
        raise refused(f"The rows for {stream!r} have no columns.", "Give them at least one column.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refused(f"The rows for {stream!r} have two columns {twice[0]!r}.", "Rename one of them.")
    return pa.schema([field.remove_metadata() for field in schema])


def _held_by_one(kept: pa.DataType, new: pa.DataType) -> bool:
    """True if one type holds every value of both, and Arrow finds it."""
    try:
        schemas = [pa.schema([pa.field("c", kind)]) for kind in (kept, new)]
        return _lossless(kept, new) and bool(pa.unify_schemas(schemas, promote_options="permissive"))
    except (pa.ArrowException, KeyError, ValueError):  # too many digits for any decimal, two fields of one name
        return False


def _lossless(kept: pa.DataType, new: pa.DataType) -> bool:
    """True if one type holds every value of the other."""
    if kept.equals(new) or types.is_null(kept) or types.is_null(new):
        return True
    if types.is_struct(kept) and types.is_struct(new):
        if any(len({field.name for field in kind}) < kind.num_fields for kind in (kept, new)):
            return False  # two fields of one name cannot be told apart
        shared = {field.name for field in kept} & {field.name for field in new}
        return all(_lossless(kept.field(name).type, new.field(name).type) for name in shared)
    if types.is_list(kept) and types.is_list(new):
        return _lossless(kept.value_type, new.value_type)
    if types.is_integer(kept) and types.is_integer(new):
        return not types.is_uint64(kept) and not types.is_uint64(new)
    return any(is_kind(kept) and is_kind(new) for is_kind in (types.is_floating, types.is_decimal, _is_text, _is_bytes))


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _incompatible(stream: str, column: str, kept: pa.DataType, new: pa.DataType) -> Exception:
    return refused(
        f"Column {column!r} of {stream!r} is {kept} in the log, and {new} in these rows; no type holds both.",
        f"Give the new rows {kept} again, or send them under another column or source name.",
    )
