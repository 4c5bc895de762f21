"""Dashboards: what their tiles are, and the stream of what the tiles show."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from starlette.requests import Request
from starlette.responses import Response

from headrace.project import Tile
from headrace.serve.site import Site, answer_json, find, principal_within, stream


async def dashboard(site: Site, request: Request) -> Response:
    """Describe a dashboard."""
    one = find("dashboard", request, site.node.project.dashboards)
    principal_within(site, request, one)
    declared = site.node.project
    relations = {*declared.sources, *declared.models}
    tiles = [_tile(id_, tile, relations) for id_, tile in identified(one.tiles).items()]
    return answer_json({"name": one.name, "title": one.title, "description": one.description, "tiles": tiles})


async def live(site: Site, request: Request) -> Response:
    """Stream a dashboard: every tile once, then whatever changes."""
    one = find("dashboard", request, site.node.project.dashboards)
    client, leave = site.live.watch_dashboard(one.name, identified(one.tiles), principal_within(site, request, one))
    return stream(site, request, client.batches(site.limits.heartbeat_seconds), leave)


def identified(tiles: Iterable[Tile]) -> dict[str, Tile]:
    """Give each tile an id from its title, numbered where titles repeat: stable while the title is."""
    found: dict[str, Tile] = {}
    for tile in tiles:
        slug = re.sub(r"[^a-z0-9]+", "-", tile.title.lower()).strip("-") or "tile"
        number, id_ = 1, slug
        while id_ in found:
            number += 1
            id_ = f"{slug}-{number}"
        found[id_] = tile
    return found


def relations_of(sql: str, known: Collection[str]) -> list[str]:
    """Return the sources and models that a SELECT names, for display; what may be read is the gate's to say."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:
        return []
    return sorted({table.name for table in tree.find_all(exp.Table)} & set(known))


def _tile(id_: str, tile: Tile, relations: Collection[str]) -> dict[str, Any]:
    return {
        "id": id_,
        "title": tile.title,
        "description": tile.description,
        "kind": tile.kind,
        "x": tile.x,
        "y": list(tile.y),
        "series": tile.series,
        "unit": tile.unit,
        "format": tile.format,
        "width": tile.width,
        "height": tile.rows,
        "relations": relations_of(tile.sql, relations),
    }
