"""Names that a function of the project cannot have."""

from __future__ import annotations

from functools import cache

import duckdb

# Grammar, not functions, to DuckDB or to us, so DuckDB's list of functions does not have them.
_FORMS = """
current_time current_timestamp date getenv hop if ifnull localtime localtimestamp percentile_cont percentile_disc session try tumble
"""

# A call of one of these is read as something else on the way to DuckDB: a command, a clause, a type.
_WORDS = """
alter attach auto_increment autoincrement begin cache comment commit connect connect_by_root copy cube database delete detach
disconnect div drop escape execute file force function grant install keep kill load lock macro namespace operator ordinality over
overwrite partition partitioned_by percent pragma procedure recursive rename revoke rollback rollup rows schema set settings
straight_join temp temporary trigger uncache unknown update use vector view volatile
"""


@cache
def taken() -> frozenset[str]:
    """What DuckDB has, words of its grammar, and ours."""
    with duckdb.connect() as connection:
        functions = connection.execute("SELECT DISTINCT lower(function_name) FROM duckdb_functions()").fetchall()
        words = connection.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset((*_FORMS.split(), *_WORDS.split(), *(name for (name,) in (*functions, *words))))
