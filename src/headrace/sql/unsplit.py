"""The signal that a SELECT is kept whole."""


class UnsplitError(Exception):
    """Raised while building operators, with what stands in the way; caught at the smallest SELECT around it."""
