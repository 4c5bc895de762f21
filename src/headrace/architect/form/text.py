"""What a file states -> its text, for people to read: lists of words on one line, everything else a line a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from headrace.project.written import Writer

HEAD = "# Filled in at `headrace design form`.\n# What is not said here is assumed; the design says so.\n"


def text(declared: Mapping[str, Any]) -> str:
    """Return the text of a file that states this and nothing else; keys keep their order."""
    if not declared:
        return HEAD
    told = yaml.dump(dict(declared), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)
    return HEAD + str(told)


class _Writer(Writer):
    """Lists of words on one line."""


def _words(writer: _Writer, value: list[Any]) -> yaml.Node:
    flat = not any(isinstance(item, list | dict) for item in value)
    return writer.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


def _keys(writer: _Writer, value: dict[str, Any]) -> yaml.Node:
    return writer.represent_mapping("tag:yaml.org,2002:map", value, flow_style=False)


_Writer.add_representer(list, _words)
_Writer.add_representer(dict, _keys)
