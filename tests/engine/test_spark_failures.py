"""What Spark raises, in words that help."""

from __future__ import annotations

import pytest

from headrace.engine.spark.failures import explained
from headrace.errors import EngineError


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "An error occurred while calling o355.count.\n: org.x.E: block rdd_90_1 not found!\n\tat a.b",
            "org.x.E: block rdd_90_1 not found!",
        ),
        ("An error occurred while calling o1.sql.\n: org.x.E: no\nCaused by: org.x.F: refused", "org.x.F: refused"),
        ("one line", "one line"),
    ],
)
def test_the_reason_is_told_and_not_which_call_met_it(said: str, told: str) -> None:
    protocol = pytest.importorskip("py4j.protocol")
    with pytest.raises(EngineError) as caught, explained("counting"):
        raise protocol.Py4JError(said)
    assert caught.value.code == "HR-613"
    assert caught.value.what == f"Spark failed while counting ({told})"
