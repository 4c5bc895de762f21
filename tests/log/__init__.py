"""Tests of ``headrace.log``: one contract over every implementation, and what each one promises beyond it."""
