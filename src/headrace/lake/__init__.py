"""History: append-only rows and model snapshots as Iceberg tables, which any engine that reads Iceberg can read.

``open_lake`` opens the folder. See ``docs/concepts/lake.md``.
"""

from __future__ import annotations

from headrace.lake.history import Commit, Expired, Snapshot
from headrace.lake.lake import Lake, open_lake

__all__ = ["Commit", "Expired", "Lake", "Snapshot", "open_lake"]
