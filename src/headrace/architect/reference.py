"""`docs/reference/requirements.md`, written from the classes that read requirements, so that the two cannot differ.

``python -m headrace.architect.reference > docs/reference/requirements.md``
"""

from __future__ import annotations

from headrace.architect.requirements import (
    Budget,
    Cloud,
    Domain,
    Existing,
    History,
    Requirements,
    ServiceLevels,
    SourceNeed,
    Team,
    Weights,
    Workload,
)
from headrace.project.declared import Declared
from headrace.project.reference import keys

_HEAD = """\
# A file of requirements

<!-- Written by `python -m headrace.architect.reference`. Edit the classes in `src/headrace/architect/requirements.py`, not this page. -->

What `headrace design REQUIREMENTS.yaml` reads. Only a name, one source and one workload have to be said; whatever is left out becomes an
assumption that the document states, with the key that replaces it. [The architect](../concepts/architect.md) says what is made of it, and
`examples/requirements/` has five of them.

YAML and durations are read as in [the files of a project](project.md).
"""
_EXAMPLE = """\
```yaml
name: Company data platform
sources:
  - {name: orders, kind: database, records_per_second: 40, holds: [personal]}
  - {name: clicks, kind: events}
workloads:
  - {name: sales_now, kind: dashboard, freshness: 5 seconds, users: 30}
  - {name: monthly_report, kind: report, freshness: 1 day}
cloud: {strategy: cloud_neutral}
budget: {monthly: 20000, currency: EUR}
team: {engineers: 4, skills: [python, sql, kubernetes]}
open_source: preferred
```
"""


def markdown() -> str:
    """Return the reference of a file of requirements, as Markdown."""
    parts: dict[str, type[Declared]] = {
        "sources": SourceNeed,
        "workloads": Workload,
        "history": History,
        "domains": Domain,
        "cloud": Cloud,
        "budget": Budget,
        "team": Team,
        "systems": Existing,
        "service_levels": ServiceLevels,
        "weights": Weights,
    }
    chapters = [keys(f"## {key}", cls) for key, cls in parts.items()]
    return "\n".join([_HEAD, keys("## The file", Requirements, _EXAMPLE), *chapters])


if __name__ == "__main__":
    print(markdown(), end="")
