"""Tests of ``headrace.ingest``: real files, real packages, no network."""
