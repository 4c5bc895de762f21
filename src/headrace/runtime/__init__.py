"""The node: the epoch loop that ties log, engine and lake together; parity; queries as of one epoch.

Nothing is imported here: the command line looks at a `datadir` without loading the engine and the lake of `node`.
"""
