"""The node: the epoch loop that ties log, engine and lake together; parity; queries as of one epoch."""

from headrace.runtime.assemble import Assembly, assemble, order_models
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Answer, EpochResult, Node, Settings

__all__ = ["Answer", "Assembly", "DataDir", "EpochResult", "Node", "Settings", "assemble", "order_models"]
