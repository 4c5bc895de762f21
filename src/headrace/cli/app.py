"""The ``headrace`` command.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check did not hold.
"""

from __future__ import annotations

import gc
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from headrace import __version__
from headrace.cli.scaffold import TEMPLATES, create
from headrace.errors import HeadraceError

CHECK_FAILED = 3

# Each command imports what it needs when it is called: engine, lake and server take a second, and --help needs none.

app = typer.Typer(
    name="headrace",
    help="One SQL model, kept up to date row by row and recomputed over all history, with proof that the two agree.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ProjectOption = Annotated[Path, typer.Option("--project", help="The project's folder.")]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="The data directory. Default: .headrace in the project.")
]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="One of the project's targets. Default: all is on this machine.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HERE = Path()


class Format(StrEnum):
    """How ``query`` writes its answer."""

    table = "table"
    json = "json"
    csv = "csv"
    arrow = "arrow"
    parquet = "parquet"


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    template: Annotated[str, typer.Option(help=f"What to start from: {', '.join(TEMPLATES)}.")] = "orders",
) -> None:
    """Make a new project that runs as it is.

    Example: headrace init demo --template flights
    """
    typer.echo(create(folder, template))


@app.command()
def run(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = HERE,
    until_caught_up: Annotated[
        bool, typer.Option("--until-caught-up", help="Take all bounded input, then exit.")
    ] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="No dashboards and no HTTP port.")] = False,
    epoch_rows: Annotated[
        int | None, typer.Option(min=1, help="Rows an epoch takes at most. Default: 1,000,000.")
    ] = None,
    data: DataOption = None,
    target: TargetOption = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The HTTP port; 0 is any free one.")] = None,
) -> None:
    """Run the project: read its sources, keep its models, serve its dashboards.

    Examples: headrace run ; headrace run demo --until-caught-up --no-serve
    """
    from headrace.cli.run import run_node

    run_node(
        project, data, target, until_caught_up=until_caught_up, serve=not no_serve, epoch_rows=epoch_rows, port=port
    )


@app.command()
def serve(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = HERE,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="The data directory. Default: .headrace/serving/TARGET in the project."),
    ] = None,
    target: TargetOption = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The HTTP port; 0 is any free one.")] = None,
) -> None:
    """Serve, from a copy of its own, what a running node of the same target keeps and publishes. Any number of these may run.

    Example: headrace serve demo --target cluster --port 8081
    """
    from headrace.cli.run import serve_node

    serve_node(project, data, target, port)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over sources and models.")],
    as_of: Annotated[str | None, typer.Option(help="An epoch's number, or a time such as 2013-07-01T12:00:00.")] = None,
    format: Annotated[Format, typer.Option(help="How the answer is written to standard output.")] = Format.table,
    domain: Annotated[
        str | None, typer.Option("--domain", help="Ask from within this domain: what it may read. Default: everything.")
    ] = None,
    project: ProjectOption = HERE,
    data: DataOption = None,
    target: TargetOption = None,
) -> None:
    """Answer one SELECT, beside a running node or on a stopped one.

    Example: headrace query "select carrier, flights from monthly_on_time" --format csv
    """
    from headrace.cli import inspect

    inspect.query(project, data, target, sql, as_of, format.value, domain)


@app.command()
def explain(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    json: JsonOption = False,
    project: ProjectOption = HERE,
) -> None:
    """Show how a model is kept up to date: its operators, the rule of each and why, and the state it keeps.

    Example: headrace explain worst_routes
    """
    from headrace.cli import inspect

    inspect.explain(project, model, as_json=json)


@app.command()
def parity(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="Models. Default: all.")] = None,
    json: JsonOption = False,
    project: ProjectOption = HERE,
    data: DataOption = None,
    target: TargetOption = None,
) -> None:
    """Recompute models from history and compare them with what is kept. Exit code 3 if any differ.

    Example: headrace parity --json
    """
    from headrace.cli import inspect

    if not inspect.parity(project, data, target, models or [], as_json=json):
        raise typer.Exit(CHECK_FAILED)


@app.command()
def reconcile(
    json: JsonOption = False, project: ProjectOption = HERE, data: DataOption = None, target: TargetOption = None
) -> None:
    """Count late rows in, recompute models, and replace what differs (`pattern: lambda`). Exit code 3 if any differ still.

    Example: headrace reconcile --project examples/mesh
    """
    from headrace.cli import inspect

    if not inspect.reconcile(project, data, target, as_json=json):
        raise typer.Exit(CHECK_FAILED)


@app.command()
def status(
    json: JsonOption = False, project: ProjectOption = HERE, data: DataOption = None, target: TargetOption = None
) -> None:
    """Show offsets, lag, counts and watermarks.

    Example: headrace status --json
    """
    from headrace.cli import inspect

    inspect.status(project, data, target, as_json=json)


@app.command()
def products(
    json: JsonOption = False, project: ProjectOption = HERE, data: DataOption = None, target: TargetOption = None
) -> None:
    """Show what domains publish, and how each product stands to its promises. Exit code 3 if one is broken.

    Example: headrace products --project examples/mesh
    """
    from headrace.cli import inspect

    if not inspect.products(project, data, target, as_json=json):
        raise typer.Exit(CHECK_FAILED)


@app.command()
def doctor(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = HERE,
    json: JsonOption = False,
    data: DataOption = None,
    target: TargetOption = None,
) -> None:
    """Try everything that the project needs to run, and say what to mend. Exit code 3 if anything is amiss.

    Example: headrace doctor --target cluster
    """
    from headrace.cli.doctor import examine

    if not examine(project, data, target, as_json=json):
        raise typer.Exit(CHECK_FAILED)


@app.command("test")
def run_tests(json: JsonOption = False, project: ProjectOption = HERE) -> None:
    """Run the project's tests: given rows arrive in every way that must make no difference. Exit code 3 if one does not hold.

    Example: headrace test --project shop
    """
    from headrace.cli.testing import test

    if not test(project, as_json=json):
        raise typer.Exit(CHECK_FAILED)


class _Designs(TyperGroup):
    """``headrace design REQUIREMENTS.yaml`` is ``headrace design make REQUIREMENTS.yaml``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


designs = typer.Typer(
    cls=_Designs,
    help="Design a platform: a scored, cited architecture document and a project that runs, made from requirements. "
    "`headrace design REQUIREMENTS.yaml` is short for `headrace design make REQUIREMENTS.yaml`.",
)
app.add_typer(designs, name="design")


@designs.command()
def make(
    requirements: Annotated[
        Path | None, typer.Argument(metavar="REQUIREMENTS.yaml", help="What the platform is needed for.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("architecture"),
    interview: Annotated[bool, typer.Option("--interview", help="Ask for the requirements, one by one.")] = False,
    llm: Annotated[
        str | None,
        typer.Option(
            "--llm",
            help="An OpenAI-compatible endpoint that drafts a short form, which is checked. Its key: HEADRACE_LLM_KEY.",
        ),
    ] = None,
    llm_model: Annotated[str | None, typer.Option("--llm-model", help="The model's name there.")] = None,
) -> None:
    """Make the architecture and the project.

    Examples: headrace design examples/requirements/brief.yaml --out architecture ; headrace design --interview
    """
    from headrace.cli.design import asked_for
    from headrace.cli.design import design as write_design

    write_design(asked_for(requirements, out, interview=interview), out, llm, llm_model)


@designs.command("form")
def fill_in(
    requirements: Annotated[
        Path | None, typer.Argument(metavar="[REQUIREMENTS.yaml]", help="Requirements to begin with.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("architecture"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The HTTP port; 0 is any free one.")] = 0,
) -> None:
    """Fill in requirements in a browser, see at once what comes of them, and make the design. Ctrl-C ends it.

    Examples: headrace design form ; headrace design form architecture/requirements.yaml --out architecture
    """
    from headrace.cli.form import serve_form

    serve_form(requirements, out, port)


@designs.command("check")
def check_design(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = HERE,
    design: Annotated[
        Path | None,
        typer.Option("--design", help="The design's record. Default: design.json beside the project's folder."),
    ] = None,
    json: JsonOption = False,
    target: TargetOption = None,
) -> None:
    """Compare a project with its approved design. Exit code 3 if it has drifted from it.

    Example: headrace design check architecture/project
    """
    from headrace.cli.design import compare

    if not compare(project, design, target, as_json=json):
        raise typer.Exit(CHECK_FAILED)


@app.command()
def mcp(
    root: Annotated[
        Path, typer.Option("--root", help="The folder that clients may read from and write to; nothing outside of it.")
    ] = HERE,
) -> None:
    """Serve the architect to an MCP client on standard input and output: tools, resources and prompts.

    Example: headrace mcp --root ~/platform
    """
    from headrace.cli.mcp import serve

    serve(root)


targets = typer.Typer(help="Look at the services that a project may run on.", no_args_is_help=True)
app.add_typer(targets, name="target")


@targets.command()
def check(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = HERE,
    json: JsonOption = False,
    target: TargetOption = None,
) -> None:
    """Say which models the target's engine can keep, without starting anything. Exit code 3 if it refuses one.

    Example: headrace target check --target cluster
    """
    from headrace.cli.target import check as check_models

    if not check_models(project, target, as_json=json):
        raise typer.Exit(CHECK_FAILED)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headrace {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One SQL model, live and historical, proven equal."""


def main() -> None:
    """The entry point: our errors as their message and exit code, no traceback."""
    gc.set_threshold(
        50_000, 20, 20
    )  # modules and rows make few cycles: to look for them every 700 objects takes 0.2 s of a start
    try:
        app(prog_name="headrace")
    except HeadraceError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
