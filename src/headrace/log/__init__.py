"""The durable, replayable log: every row that arrived, and the ledger of the epochs that took it.

``protocol`` says what a log is; ``sqlite`` keeps one in a single file. See ``docs/concepts/log.md``.
"""

from __future__ import annotations

from headrace.log.protocol import Clock, Epoch, Log, Part, Receipt, Stored
from headrace.log.sqlite import open_sqlite

__all__ = ["Clock", "Epoch", "Log", "Part", "Receipt", "Stored", "open_sqlite"]
