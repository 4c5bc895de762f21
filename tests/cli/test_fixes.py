"""What an error tells to type can be typed: the commands and options in messages are those of `headrace`."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from typer.main import get_command

from headrace.cli.app import app

SOURCES = Path(__file__).parents[2] / "src" / "headrace"


def options(command: Any) -> set[str]:
    """Of a command, or of those of a group."""
    below = [options(one) for one in getattr(command, "commands", {}).values()]
    return {option for parameter in command.params for option in parameter.opts}.union(*below)


COMMANDS = {name: options(command) for name, command in get_command(app).commands.items()}  # type: ignore[attr-defined]
# At the start of a text, after a colon or a comma, or in backticks: elsewhere the word is the project's name.
COMMAND = re.compile(r"(?:^|[`:,] ?)headrace ([a-z]+)\b([^`]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def said() -> list[str]:
    """Every text in the source."""
    return [
        node.value
        for path in sorted(SOURCES.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_every_command_that_is_named_exists() -> None:
    named = {
        (found[1], option)
        for text in said()
        for found in COMMAND.finditer(text)
        for option in [None, *OPTION.findall(found[2])]
    }
    assert len({command for command, _ in named}) >= 5
    assert {command for command, _ in named} - COMMANDS.keys() == set()
    assert {(command, option) for command, option in named if option and option not in COMMANDS[command]} == set()


def test_every_option_that_is_named_exists() -> None:
    known = set().union(*COMMANDS.values(), {"--version", "--help"})
    named = {option for text in said() for option in OPTION.findall(text)}
    assert len(named) >= 8
    assert named - known == set()
