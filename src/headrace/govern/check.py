"""Every rule that a project breaks, before anything of it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.errors import ProjectError
from headrace.govern import contracts, personal, promises
from headrace.govern.facts import Compiled, Shown
from headrace.govern.reach import reach
from headrace.project import Project
from headrace.sql import SqlText


def violations(project: Project, compiled: Compiled, shown: Sequence[Shown]) -> list[ProjectError]:
    """Every rule that the project breaks.

    Args:
        shown: the queries of its dashboards and reports.
    """
    return [
        *_strangers(project, compiled),
        *contracts.broken(project, compiled),
        *promises.impossible(project, compiled),
        *personal.unmasked(project, compiled, shown),
    ]


def _strangers(project: Project, compiled: Compiled) -> Iterator[ProjectError]:
    """HR-221: models that read what another domain does not publish."""
    if not project.domains:
        return
    reaches = {domain: reach(project, domain) for domain in project.domains}
    for program in compiled.programs:
        model = project.models[program.model]
        for relation in program.reads:
            within = reaches[model.domain]
            if relation not in within.open:  # the ledger of rejected rows is nobody's: it has rows of all domains
                home = within.closed.get(relation, "the project")
                text = SqlText(model.sql, model.path, model.first_line)
                published = [name for name, product in project.products.items() if product.domain == home]
                fix = (
                    f"read what {home} publishes: {', '.join(published)}" if published else f"{home} publishes nothing"
                )
                what = f"{model.domain} may not read {relation}: it is {home}'s own, and not published"
                yield ProjectError(what, code="HR-221", where=text.find(relation), fix=fix)
