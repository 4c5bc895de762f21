"""Which functions a query may call: data, held against DuckDB's own catalog by tests/security/test_functions.py.

A name is on the list when its result follows from its arguments (or from the random generator) and calling it
changes nothing. Anything that reads files, the network, settings, variables, sequences, the catalog or another
query's text, that runs SQL it is handed, or that waits, logs or writes, is absent, and so is every function that
DuckDB may add later: what is not named here is refused. Operators that DuckDB also lists as functions (`+`, `~~`)
are the grammar's business (`syntax.py`).
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEXT = _names(
    """
    array_extract ascii bar base64 bin bit_length char_length character_length chr concat concat_ws contains
    damerau_levenshtein decode editdist3 encode ends_with format format_bytes formatreadabledecimalsize
    formatreadablesize from_base64 from_binary from_hex hamming hash hex ilike_escape instr jaccard jaro_similarity
    jaro_winkler_similarity lcase left left_grapheme len length length_grapheme levenshtein like_escape lower lpad
    ltrim md5 md5_number md5_number_lower md5_number_upper mismatches nfc_normalize not_ilike_escape not_like_escape
    octet_length ord parse_dirname parse_dirpath parse_filename parse_formatted_bytes parse_path pg_size_pretty
    prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace
    regexp_split_to_array regexp_split_to_table repeat replace reverse right right_grapheme rpad rtrim sha1 sha256
    split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array
    strip_accents strlen strpos substr substring substring_grapheme suffix to_base to_base64 to_binary to_hex
    translate trim ucase unbin unhex unicode upper url_decode url_encode
    """
)

NUMBERS = _names(
    """
    abs acos acosh add asin asinh atan atan2 atanh bit_count bit_position bitstring cbrt ceil ceiling cos cosh cot
    degrees divide even exp factorial fdiv floor fmod gamma gcd get_bit greatest_common_divisor isfinite isinf isnan
    lcm least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even
    roundbankers set_bit sign signbit sin sinh sqrt subtract tan tanh trunc xor
    """
)

TIMES = _names(
    """
    age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
    dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era hour isodow isoyear
    julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz
    microsecond millennium millisecond minute month monthname nanosecond normalized_interval quarter second strftime
    strptime time_bucket timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours
    to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks
    to_years try_strptime week weekday weekofyear year yearweek
    """
)

LISTS = _names(
    """
    aggregate array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains
    array_cosine_distance array_cosine_similarity array_cross_product array_distance array_distinct
    array_dot_product array_filter array_grade_up array_has array_has_all array_has_any array_indexof
    array_inner_product array_intersect array_length array_negative_dot_product array_negative_inner_product
    array_pop_back array_pop_front array_position array_prepend array_push_back array_push_front array_reduce
    array_resize array_reverse array_reverse_sort array_select array_slice array_sort array_to_string
    array_to_string_comma_default array_transform array_unique array_value array_where array_zip filter flatten
    generate_series generate_subscripts grade_up list_aggr list_aggregate list_any_value list_append list_apply
    list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and list_bool_or list_cat
    list_concat list_contains list_cosine_distance list_cosine_similarity list_count list_distance list_distinct
    list_dot_product list_element list_entropy list_extract list_filter list_first list_grade_up list_has
    list_has_all list_has_any list_histogram list_indexof list_inner_product list_intersect list_kurtosis
    list_kurtosis_pop list_last list_mad list_max list_median list_min list_mode list_negative_dot_product
    list_negative_inner_product list_pack list_position list_prepend list_product list_reduce list_resize
    list_reverse list_reverse_sort list_select list_sem list_skewness list_slice list_sort list_stddev_pop
    list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp
    list_where list_zip range reduce unnest
    """
)

STRUCTS_AND_MAPS = _names(
    """
    cardinality element_at map map_concat map_contains map_contains_entry map_contains_value map_entries map_extract
    map_extract_value map_from_entries map_keys map_values row struct_concat struct_contains struct_extract
    struct_extract_at struct_has struct_indexof struct_insert struct_keys struct_pack struct_position struct_update
    struct_values union_extract union_tag union_value variant_extract variant_typeof
    """
)

JSON = _names(
    """
    array_to_json from_json from_json_strict json json_array json_array_length json_contains json_exists
    json_extract json_extract_path json_extract_path_text json_extract_string json_group_array json_group_object
    json_group_structure json_keys json_merge_patch json_object json_pretty json_quote json_structure json_transform
    json_transform_strict json_type json_valid json_value row_to_json to_json
    """
)

ANY_TYPE = _names(
    """
    alias enum_code enum_first enum_last enum_range enum_range_boundary greatest least nullif pg_typeof typeof
    uuid_extract_timestamp uuid_extract_version
    """
)

FORMS = _names("array coalesce date grouping grouping_id ifnull percentile_cont percentile_disc try")
"""Written as calls, but DuckDB's grammar makes operators of them, so its catalog of functions has no such names."""

AGGREGATES = _names(
    """
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last
    arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg
    bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean
    geometric_mean group_concat histogram histogram_exact kahan_sum kurtosis kurtosis_pop last list listagg mad max
    max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop
    stddev_samp string_agg sum sumkahan var_pop var_samp variance wavg weighted_avg
    """
)

WINDOWS = _names(
    """
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
    row_number
    """
)

VOLATILE = _names("gen_random_uuid random uuid uuidv4 uuidv7")
"""Safe, but not repeatable. A model may not call these; a query that is asked once may."""

CLOCK = _names(
    """
    current_date current_localtime current_localtimestamp current_time current_timestamp get_current_time
    get_current_timestamp localtime localtimestamp now today transaction_timestamp
    """
)
"""Never sent to the engine: `clock.py` puts the epoch's logical time in their place."""

FUNCTIONS = frozenset[str]().union(
    *(TEXT, NUMBERS, TIMES, LISTS, STRUCTS_AND_MAPS, JSON, ANY_TYPE, FORMS, AGGREGATES, WINDOWS, VOLATILE, CLOCK)
)
"""What may be called in an expression."""

TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})
"""What may be called in FROM."""

SQL_VALUES = _names("current_catalog current_role current_schema current_user session_user user")
"""Bare words that DuckDB turns into a call when no column has the name."""

REASONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "it reads files or the memory of the process",
        "declare the file as a source, and query the source",
        ("read_", "glob", "sniff_", "parquet_", "iceberg_", "delta_", "arrow_", "pandas_", "seq_scan", "st_read"),
    ),
    (
        "it runs SQL, or reads a table, that the gate cannot see",
        "name the relation in FROM",
        (
            "query",
            "json_execute",
            "json_serialize",
            "json_deserialize",
            "histogram_values",
            "histogram",
            "from_substrait",
        ),
    ),
    (
        "it reads the settings or the secrets of the engine",
        "`headrace status` shows what may be known of the node",
        ("current_setting", "getenv", "getvariable", "which_secret", "version", "current_", "pragma_", "in_search"),
    ),
    (
        "it reads the catalog of the engine, past the list of what may be named",
        "`headrace status` lists the relations",
        ("duckdb_", "pg_", "has_", "information_schema", "format_", "get_block", "stats", "summary", "txid"),
    ),
    (
        "it changes something, or makes the node wait",
        "a query may only read",
        (
            "nextval",
            "currval",
            "setseed",
            "write_",
            "sleep",
            "checkpoint",
            "force_",
            "enable_",
            "disable_",
            "truncate_",
        ),
    ),
)
"""Why a function is refused and what to do instead, by how its name begins. Only the words of the refusal depend on
this table; what is refused is everything that is not on the lists above."""
