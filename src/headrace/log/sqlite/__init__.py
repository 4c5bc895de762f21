"""The log in one SQLite file.

schema      the tables, the file's format, what is refused at opening
connections how every connection is set up; the readers' pool
turn        one writer at a time, over all processes
commit      the committer: many appends, one transaction, one fsync
streams     each stream's bounds
append      what an append writes
read        rows of a range
ledger      epochs
retention   trimming
failures    what SQLite says, in words that help
log         all of it behind the protocol
"""

from __future__ import annotations

from headrace.log.sqlite.log import SqliteLog, open_sqlite

__all__ = ["SqliteLog", "open_sqlite"]
