"""YAML that reads back as what was written: text is quoted wherever a project's reader would take it for something else."""

from __future__ import annotations

from typing import Any

import yaml

from headrace.project.document import scalar


class Writer(yaml.SafeDumper):
    """Lists are indented, and nothing is an alias of anything: a project's YAML has none."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - lists are indented
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def dump(value: Any) -> str:
    """Return the text of a file that states this; keys keep their order, and texts their lines."""
    return str(yaml.dump(value, Dumper=Writer, sort_keys=False, width=120, allow_unicode=True))


def _said(writer: Writer, value: str) -> yaml.Node:
    # PyYAML writes as YAML 1.1 has it, and files are read as YAML 1.2: there `1e3` is a number, too.
    quoted = not isinstance(scalar(value), str)
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)


Writer.add_representer(str, _said)
