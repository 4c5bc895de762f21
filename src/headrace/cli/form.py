"""``headrace design form``: the form's server in this process, from start to a clean end."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import typer

from headrace.architect.form.form import RequirementsForm, loaded
from headrace.architect.knowledge import knowledge
from headrace.architect.read import content
from headrace.cli.signals import ending
from headrace.cli.stopped import wall
from headrace.serve import configure_logs
from headrace.serve.form import FormServer, form_app
from headrace.serve.form.link import Link


def serve_form(requirements: Path | None, folder: Path, port: int) -> None:
    """Serve the form until Ctrl-C, and say what was written.

    Raises:
        ProjectErrors: the file cannot be read, or says what no field can show.
        NodeError: the port cannot be had.
    """
    configure_logs()
    values = loaded(requirements, content(requirements)) if requirements is not None else {}
    form = RequirementsForm(folder.resolve(), values)
    knowledge()  # read before anybody waits for it
    server, link = FormServer(port), Link()
    # A second signal cuts off what is still being answered.
    with closing(server), ending(server.end):
        # The link goes to standard output: it is the answer of the command.
        print(link.address(server.url), flush=True)
        typer.echo(f"Open the link; it works once. What you save goes to {folder}. Ctrl-C ends it.", err=True)
        server.run(form_app(form, link, clock=wall))
    written = ", ".join(map(str, form.written))
    typer.echo(f"Ended. Written: {written}" if written else "Ended. Nothing was written.", err=True)
    sys.stderr.flush()
