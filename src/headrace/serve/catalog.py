"""What there is and how it fares: the project, its models, lineage, parity, status, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from headrace import __version__
from headrace.project import Project
from headrace.serve.errors import bad_request, unknown
from headrace.serve.protocol import Node
from headrace.serve.site import Site, answer_json, find, read_fields, require_admin, require_own, stream

LONGEST_SECONDS = 86_400.0


async def healthz(_site: Site, _request: Request) -> Response:
    """Tell that the server answers; no data."""
    return answer_json({"status": "ok"})


async def project(site: Site, _request: Request) -> Response:
    """Describe the project: sources, models, dashboards, reports."""
    if not site.summary:
        site.summary.update(await site.call(lambda: summary(site.node)))
    return answer_json(site.summary)


def summary(node: Node) -> dict[str, Any]:
    """Return the answer of ``/v1/project``."""
    declared = node.project
    return {
        "name": declared.name,
        "description": getattr(declared, "description", ""),
        "pattern": declared.pattern,
        "clock": declared.clock,
        "version": __version__,
        "sources": [
            {"name": name, "kind": source.kind, "description": source.description}
            for name, source in declared.sources.items()
        ],
        "models": [_model_line(declared, name, node.explain(name)) for name in declared.models],
        "dashboards": [
            {"name": name, "title": one.title, "description": one.description}
            for name, one in declared.dashboards.items()
        ],
        "reports": [
            {"name": name, "title": one.title, "description": one.description} for name, one in declared.reports.items()
        ],
    }


def _model_line(declared: Project, name: str, explained: Mapping[str, Any]) -> dict[str, Any]:
    model = declared.models[name]
    return {
        "name": name,
        "description": model.description,
        "owner": model.owner,
        "columns": explained.get("columns", {}),
        "rule_summary": rule_summary(explained),
    }


def rule_summary(explained: Mapping[str, Any]) -> str:
    """Return the rules of a model in one line, each once: ``bilinear, algebraic``."""
    rules = [rule["rule"] if isinstance(rule, Mapping) else rule for rule in explained.get("rules", ())]
    return ", ".join(dict.fromkeys(map(str, rules)))


async def model(site: Site, request: Request) -> Response:
    """Describe one model: its SQL, how it is maintained, its newest receipt, its size."""
    declared = find("model", request, site.node.project.models)
    name = declared.name
    require_own(request, name, declared.domain, published=name in site.node.project.products)
    explained, receipts, status = await site.call(
        lambda: (site.node.explain(name, measured=True), site.node.receipts(), site.node.status())
    )
    figures: Mapping[str, Any] = next((one for one in status.get("models", ()) if one.get("name") == name), {})
    return answer_json(
        {
            "name": name,
            "description": declared.description,
            "owner": declared.owner,
            "sql": declared.sql,
            "columns": explained.get("columns", {}),
            "explain": explained,
            "parity": {"model": name, **receipts[name]} if name in receipts else None,
            "rows": figures.get("rows"),
            "complete_to": figures.get("complete_to"),
        }
    )


async def changes(site: Site, request: Request) -> Response:
    """Stream a model's raw changes. Row filters do not reach them yet, so only an administrator may."""
    require_admin(request, "subscribe to raw changes")
    name = find("model", request, site.node.project.models).name
    subscription, leave = site.live.subscribe(name)
    return stream(site, request, subscription.events(site.limits.heartbeat_seconds), leave)


async def products(site: Site, _request: Request) -> Response:
    """Tell what domains publish: contracts, owners, promises and how they are kept. Everybody may know of it."""
    return answer_json({"products": await site.call(site.node.products)})


async def lineage(site: Site, _request: Request) -> Response:
    """Tell what feeds what."""
    return answer_json(await site.call(site.node.lineage))


async def status(site: Site, _request: Request) -> Response:
    """Tell the node's health."""
    return answer_json(await site.call(site.node.status))


async def status_live(site: Site, request: Request) -> Response:
    """Stream the node's health, once a second."""
    client, leave = site.live.watch_status()
    return stream(site, request, client.batches(site.limits.heartbeat_seconds), leave)


async def receipts(site: Site, _request: Request) -> Response:
    """Return the newest receipt of each model that has one."""
    kept = await site.call(site.node.receipts)
    return answer_json({"models": [{"model": name, **receipt} for name, receipt in kept.items()]})


async def check_parity(site: Site, request: Request) -> Response:
    """Recompute models in batch and compare; all of them when the body names none."""
    require_admin(request, "run parity checks")
    fields = await read_fields(request, site.limits, {"models": "names of models; all when absent"})
    names = fields.get("models") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request("`models` is not a list of names", 'Send {"models": ["name", …]} or no body.')
    for name in names:
        if name not in site.node.project.models:
            raise unknown("model", name, list(site.node.project.models))
    return answer_json(await site.call(lambda: site.node.parity(names)))


async def reconcile(site: Site, request: Request) -> Response:
    """Count late rows in, recompute models, and replace what differs."""
    require_admin(request, "reconcile models")
    # It cannot be stopped half-way, so the answer comes when it is done.
    return answer_json(await site.calls.run(lambda _: site.node.reconcile(), seconds=LONGEST_SECONDS))


async def metrics(site: Site, _request: Request) -> Response:
    """Return counts for Prometheus."""
    figures = await site.call(site.node.status)
    server = {"streams": site.live.streams, "queries": site.queries.running}
    return Response(site.metrics.text(figures, server), media_type=CONTENT_TYPE_LATEST)
