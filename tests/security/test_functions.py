"""The list of functions, held against what DuckDB says it has."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pytest

from headrace.errors import AccessDenied, HeadraceError
from headrace.security import functions as listed
from headrace.security import gate

from .conftest import ANN, CATALOG

SAFE_MACROS = {"json_group_object"}  # calls error() on a NULL key, which stops the query and does nothing else
UNSAFE_WORDS = (
    "query_table",
    "query(",
    "duckdb_",
    "pragma_",
    "read_",
    "current_setting",
    "nextval",
    "sleep_ms",
    "error",
)


class Known:
    """What duckdb_functions() says of one name."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.side_effects = False
        self.definitions: list[str] = []


@pytest.fixture(scope="module")
def catalog() -> dict[str, Known]:
    known: dict[str, Known] = defaultdict(Known)
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT lower(function_name), function_type, coalesce(has_side_effects, false), macro_definition"
            " FROM duckdb_functions()"
        ).fetchall()
    for name, kind, side_effects, definition in rows:
        known[name].types.add(kind)
        known[name].side_effects |= side_effects
        known[name].definitions += [definition.lower()] if definition else []
    return known


def test_every_name_is_a_function_that_duckdb_has(catalog: dict[str, Known]) -> None:
    grammar = {"current_time", "current_timestamp", "localtime", "localtimestamp"} | listed.FORMS
    assert listed.FUNCTIONS - catalog.keys() == grammar
    for name in listed.FUNCTIONS - grammar:
        assert catalog[name].types & {"scalar", "aggregate", "macro"} or name == "unnest", name
    assert all("table" in catalog[name].types for name in listed.TABLE_FUNCTIONS)


def test_the_lists_do_not_overlap() -> None:
    parts = [
        listed.TEXT,
        listed.NUMBERS,
        listed.TIMES,
        listed.LISTS,
        listed.STRUCTS_AND_MAPS,
        listed.JSON,
        listed.ANY_TYPE,
        listed.FORMS,
        listed.AGGREGATES,
        listed.WINDOWS,
        listed.VOLATILE,
        listed.CLOCK,
    ]
    assert sum(map(len, parts)) == len(listed.FUNCTIONS)


def test_only_the_volatile_have_side_effects(catalog: dict[str, Known]) -> None:
    """DuckDB calls a function volatile when two calls may differ; ours that may are the random ones."""
    assert {name for name in listed.FUNCTIONS if catalog[name].side_effects} == listed.VOLATILE


def test_macros_on_the_list_do_what_the_list_allows(catalog: dict[str, Known]) -> None:
    for name in listed.FUNCTIONS - SAFE_MACROS:
        for definition in catalog[name].definitions if "table_macro" not in catalog[name].types else []:
            assert not any(word in definition for word in UNSAFE_WORDS), (name, definition)


@pytest.mark.parametrize(
    "name",
    """
    getenv current_setting getvariable version current_user current_role current_schema current_schemas
    current_database current_catalog current_query current_query_id current_connection_id current_transaction_id
    in_search_path session_user nextval currval setseed write_log sleep_ms pg_sleep txid_current stats error
    checkpoint force_checkpoint read_csv read_csv_auto read_json read_json_auto read_ndjson read_parquet read_text
    read_blob parquet_scan parquet_metadata parquet_schema sniff_csv glob arrow_scan pandas_scan python_map_function
    seq_scan query query_table json_execute_serialized_sql json_serialize_sql json_deserialize_sql
    json_serialize_plan sql_auto_complete which_secret duckdb_secrets duckdb_tables duckdb_settings duckdb_functions
    duckdb_logs pragma_table_info pragma_storage_info pragma_database_size enable_logging disable_logging
    enable_profiling truncate_duckdb_logs parse_duckdb_log_message iceberg_scan iceberg_metadata iceberg_snapshots
    load_aws_credentials pg_get_viewdef pg_get_constraintdef pg_get_expr format_type get_block_size
    has_table_privilege col_description histogram_values summary repeat_row test_all_types test_vector_types st_read
    can_cast_implicitly cast_to_type make_type combine finalize create_sort_key vector_type
    """.split(),  # noqa: SIM905 - a list of ninety names reads better as words
)
def test_not_on_the_list(name: str) -> None:
    for sql in (f"SELECT {name}()", f"SELECT {name}('x')", f"FROM {name}('x')", f"SELECT x.{name}() FROM orders"):
        with pytest.raises(AccessDenied) as caught:
            gate(ANN, sql, CATALOG)
        assert caught.value.code in {"HR-903", "HR-905"}


def test_everything_else_that_duckdb_has_is_refused(catalog: dict[str, Known]) -> None:
    words = [name for name in catalog if name.isidentifier()]
    assert len(words) > 700
    for name in words:
        if name not in listed.FUNCTIONS:
            with pytest.raises(HeadraceError):
                gate(ANN, f"SELECT {name}(1, 2)", CATALOG)
        if name not in listed.TABLE_FUNCTIONS:
            with pytest.raises(HeadraceError):
                gate(ANN, f"FROM {name}(1, 2)", CATALOG)


def test_everything_on_the_list_may_be_called() -> None:
    for name in listed.FUNCTIONS - listed.FORMS - listed.CLOCK:
        assert f"{name}(" in gate(ANN, f"SELECT {name}(1, 2)", CATALOG).sql.lower()
