"""The passes a model's tree goes through before it is compiled, in order. Each is a pure function with golden pairs in tests/.

event_windows TUMBLE, HOP and SESSION become SELECTs
refuse        what has no single answer, or reads outside the project, is an error
logical_time  now() and its kin become the epoch's logical time
opened        joins in parentheses are written in a row
unread        expressions of a WITH that nothing reads are left out
named_windows windows named in a WINDOW clause are written out
named_rows    rows that are compared get names for their values
qualify       every column says which table it is of; stars and aliases are written out
enclosed      joins that were in parentheses, but not first, become subqueries
unshadow      a table of a subquery never has the name of one outside it
group_all     GROUP BY ALL is written out
partitions    a value that a window partitions by is named once
copies        rows equal in every column are numbered, for windows of different orders
settle        what SQL leaves open (ties, order within a list) gets one defined answer, so batch and incremental agree
asof          of rows that tie in an ASOF JOIN, one is taken
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.passes.asof import asof
from headrace.sql.passes.copies import copies
from headrace.sql.passes.enclosed import enclosed
from headrace.sql.passes.event_windows import event_windows
from headrace.sql.passes.group_all import group_all
from headrace.sql.passes.logical_time import logical_time
from headrace.sql.passes.named_rows import named_rows
from headrace.sql.passes.named_windows import named_windows
from headrace.sql.passes.opened import opened
from headrace.sql.passes.partitions import partitions
from headrace.sql.passes.qualify import qualify
from headrace.sql.passes.refuse import refuse
from headrace.sql.passes.settle import settle
from headrace.sql.passes.unread import unread
from headrace.sql.passes.unshadow import unshadow
from headrace.sql.text import SqlText

Pass = Callable[[exp.Query, Catalog, SqlText], exp.Query]

PASSES: tuple[Pass, ...] = (
    event_windows,
    refuse,
    logical_time,
    opened,
    unread,
    named_windows,
    named_rows,
    qualify,
    enclosed,
    unshadow,
    group_all,
    partitions,
    copies,
    settle,
    asof,
)

__all__ = [
    "PASSES",
    "asof",
    "copies",
    "enclosed",
    "event_windows",
    "group_all",
    "logical_time",
    "named_rows",
    "named_windows",
    "opened",
    "partitions",
    "qualify",
    "refuse",
    "settle",
    "unread",
    "unshadow",
]
