"""A model's SQL to a delta program. Pure: no I/O; what only the engine knows is handed in through the catalog's oracle."""

from headrace.sql.catalog import Catalog, Oracle, Relation
from headrace.sql.compile import compile_model, reads, settled
from headrace.sql.costs import cost, estimate
from headrace.sql.frontier import watermark, watermarks
from headrace.sql.functions import called
from headrace.sql.origins import NOTHING, Origins, origins
from headrace.sql.program import WEIGHT, Advance, Append, Applied, Compute, Evict, Forget, Merge, Program, Seal, State
from headrace.sql.prune import deltas, pruned
from headrace.sql.text import SqlText, nearest, parse
from headrace.sql.whole import shadowed

__all__ = [
    "NOTHING",
    "WEIGHT",
    "Advance",
    "Append",
    "Applied",
    "Catalog",
    "Compute",
    "Evict",
    "Forget",
    "Merge",
    "Oracle",
    "Origins",
    "Program",
    "Relation",
    "Seal",
    "SqlText",
    "State",
    "called",
    "compile_model",
    "cost",
    "deltas",
    "estimate",
    "nearest",
    "origins",
    "parse",
    "pruned",
    "reads",
    "settled",
    "shadowed",
    "watermark",
    "watermarks",
]
