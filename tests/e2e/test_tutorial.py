"""The tutorial, as a newcomer follows it: each command is run, and its output is what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .conftest import HEADRACE

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"


@dataclass(frozen=True)
class Step:
    """A command with the lines below it: what is typed into ``cat``, or what is answered."""

    command: str
    below: str


def steps(text: str) -> Iterator[Step]:
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, below = part.partition("\n")
            yield Step(command, below)


def test_every_command_answers_as_shown(tmp_path: Path) -> None:
    told = list(steps(PAGE.read_text()))
    assert len(told) > 8
    path = f"{HEADRACE.parent}{os.pathsep}{os.environ['PATH']}"
    for step in told:
        typed = step.below if step.command.startswith("cat >") else None
        done = subprocess.run(
            ["sh", "-c", step.command],
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL if typed is None else None,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
        )
        assert done.returncode == 0, f"{step.command}\n{done.stdout}"
        if typed is None:
            assert matches(step.below, done.stdout), f"{step.command}\n{done.stdout}"


def matches(shown: str, answered: str) -> bool:
    """Equal but for spaces at the ends of lines, and for seconds."""
    lines = [line.rstrip() for line in answered.splitlines()]
    pattern = re.sub(r"\d+\\\.\d{3}\b", r"\\d+\\.\\d{3}", re.escape("\n".join(s.rstrip() for s in shown.splitlines())))
    return re.fullmatch(pattern, "\n".join(lines)) is not None
