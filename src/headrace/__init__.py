"""Headrace: one SQL model, live and historical, proven equal."""

__version__ = "0.1.0"
