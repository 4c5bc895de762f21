"""A design as documents: Markdown, one HTML page, JSON; all from the same blocks."""
