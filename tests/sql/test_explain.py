"""What a program says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.sql import Catalog, SqlText, compile_model


@pytest.mark.parametrize(
    ("sql", "warned"),
    [
        ("SELECT a.id, b.x FROM ev AS a JOIN ev AS b ON a.k = b.k", True),
        ("SELECT a.id, r.name FROM ev AS a JOIN ref AS r ON a.k = r.k", True),
        ("SELECT k, count(*) AS n FROM ev GROUP BY k", False),
        ("SELECT id FROM ev WHERE ts > now() - INTERVAL 1 HOUR", False),
        ("SELECT k, x FROM ev QUALIFY row_number() OVER (PARTITION BY k ORDER BY ts) = 1", False),
    ],
)
def test_state_that_grows_for_ever_is_warned_of(catalog: Catalog, sql: str, warned: bool) -> None:
    program = compile_model("m", SqlText(sql, Path("m.sql")), catalog)
    assert any(state.warning for state in program.states) is warned
