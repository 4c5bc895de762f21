"""Engines: what runs delta programs and batch recomputes."""

from headrace.engine.duckdb import DuckDBEngine
from headrace.engine.lateness import LEDGER, LEDGER_COLUMNS
from headrace.engine.oracle import DuckDBOracle
from headrace.engine.protocol import (
    Arrived,
    Asked,
    Committed,
    Counted,
    Engine,
    Mark,
    OnStart,
    Pace,
    Recomputed,
    Result,
    SetsAside,
    SourceTable,
)
from headrace.engine.session import stored_sizes

__all__ = [
    "LEDGER",
    "LEDGER_COLUMNS",
    "Arrived",
    "Asked",
    "Committed",
    "Counted",
    "DuckDBEngine",
    "DuckDBOracle",
    "Engine",
    "Mark",
    "OnStart",
    "Pace",
    "Recomputed",
    "Result",
    "SetsAside",
    "SourceTable",
    "stored_sizes",
]
