"""What `/metrics` shows, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.types import Scope

ROUTE = "headrace.route"
"""Where the scope holds the path template that matched: labels must not grow with what clients ask for."""

_NODE = {
    "epoch": "Number of the newest committed epoch.",
    "lag_rows": "Rows that are in the log and in no epoch yet.",
    "rows_per_second": "Rows taken into epochs per second.",
    "waiting": "Parts of the node that wait for log, lake or Spark to answer.",
}
_PRODUCTS = {
    "freshness_promised_seconds": ("freshness_promised", "How far behind a product may be."),
    "behind_seconds": ("behind", "How far behind a product is."),
    "promises_kept": ("ok", "Whether a product keeps its promises: 1, or 0."),
}
_SERVER = {
    "streams": "Open event streams.",
    "queries": "Queries running or waiting.",
}


class Metrics:
    """Counts of one server, in a registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "headrace_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "headrace_http_request_seconds",
            "Time to answer a request; for a stream, how long it was open.",
            ["route"],
            registry=self._registry,
        )

    def measure(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one finished request."""
        route = scope.get(ROUTE, "other")
        self._requests.labels(scope["method"], route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, status: Mapping[str, Any], server: Mapping[str, float]) -> bytes:
        """Return everything, with the node's and the server's figures of this moment."""
        now = CollectorRegistry()
        status = {**status, "waiting": len(status.get("waiting", ()))}
        gauges = [*_gauges("headrace_", _NODE, status), *_gauges("headrace_open_", _SERVER, server)]
        gauges += _products(status.get("products", ()))
        now.register(_Gauges(lambda: gauges))
        return generate_latest(self._registry) + generate_latest(now)


class _Gauges:
    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect


def _products(products: Iterable[Mapping[str, Any]]) -> list[Metric]:
    found: list[Metric] = []
    for name, (key, text) in _PRODUCTS.items():
        gauge = GaugeMetricFamily(f"headrace_product_{name}", text, labels=["domain", "product"])
        for one in products:
            if one[key] is not None:
                gauge.add_metric([one["domain"], one["name"]], float(one[key]))
        found += [gauge] if gauge.samples else []
    return found


def _gauges(prefix: str, texts: Mapping[str, str], values: Mapping[str, Any]) -> list[Metric]:
    known = {name: values[name] for name in texts if values.get(name) is not None}
    return [GaugeMetricFamily(prefix + name, texts[name], value=float(value)) for name, value in known.items()]
