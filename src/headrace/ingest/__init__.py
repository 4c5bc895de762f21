"""Ingest: files, pushed rows and replays as Arrow rows, each with the position after it.

What comes in is either kept, with the types of the source's columns, or rejected with a reason; nothing is dropped, and
a reader opened at a chunk's position goes on exactly after it. See ``docs/concepts/sources.md``.
"""

from __future__ import annotations

from headrace.ingest.chunk import REJECTED, Chunk, Reader
from headrace.ingest.opening import open_reader, resolve
from headrace.ingest.push import parse_push, typed_rows

__all__ = ["REJECTED", "Chunk", "Reader", "open_reader", "parse_push", "resolve", "typed_rows"]
