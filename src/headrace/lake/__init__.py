"""History: append-only rows and model snapshots as Iceberg tables, which any engine that reads Iceberg can read.

``open_lake`` opens the one in a folder, ``open_lake_elsewhere`` one on S3. See ``docs/concepts/lake.md``.
"""

from __future__ import annotations

from headrace.lake.history import Commit, Expired, Snapshot
from headrace.lake.lake import Lake, open_lake, open_lake_elsewhere
from headrace.lake.place import S3, LakeElsewhere, Postgres, Rest

__all__ = [
    "S3",
    "Commit",
    "Expired",
    "Lake",
    "LakeElsewhere",
    "Postgres",
    "Rest",
    "Snapshot",
    "open_lake",
    "open_lake_elsewhere",
]
