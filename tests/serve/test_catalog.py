"""What there is and how it fares."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from headrace import __version__
from headrace.serve.catalog import rule_summary

from .conftest import Served


def test_the_project_in_one_answer(client: httpx.Client) -> None:
    shown = client.get("/v1/project").json()
    assert shown == {
        "name": "flow",
        "description": "",
        "pattern": "kappa",
        "clock": "wall",
        "version": __version__,
        "sources": [
            {"name": "flights", "kind": "push", "description": "Each departure."},
            {"name": "weather", "kind": "push", "description": ""},
        ],
        "models": [
            {
                "name": "departures",
                "description": "",
                "owner": "ops",
                "columns": {"carrier": "VARCHAR", "departures": "BIGINT"},
                "rule_summary": "linear, algebraic",
            }
        ],
        "dashboards": [
            {"name": "operations", "title": "Operations", "description": "Now."},
            {"name": "trouble", "title": "Trouble", "description": ""},
        ],
        "reports": [{"name": "monthly", "title": "Monthly", "description": "By carrier."}],
    }
    assert client.get("/v1/project").json() == shown


def test_rules_are_named_once_in_order() -> None:
    assert (
        rule_summary({"rules": [{"rule": "linear", "why": "…"}, {"rule": "keyed"}, {"rule": "linear"}]})
        == "linear, keyed"
    )
    assert rule_summary({}) == ""


def test_a_model_with_its_sql_its_plan_and_its_proof(served: Served, client: httpx.Client) -> None:
    before = client.get("/v1/models/departures").json()
    assert before["parity"] is None
    assert before["sql"].startswith("select carrier")
    assert before["explain"]["incremental"] is True
    assert (before["rows"], before["complete_to"]) == (2, "2013-01-01T00:00:00Z")
    client.post("/v1/parity")
    assert client.get("/v1/models/departures").json()["parity"]["equal"] is True
    assert client.get("/v1/models/flights").json()["error"]["code"] == "HR-112"


def test_parity_is_kept_and_run(client: httpx.Client) -> None:
    assert client.get("/v1/parity").json() == {"models": []}
    receipt = {"model": "departures", "equal": True, "missing": 0, "extra": 0, "epoch": 0, "offsets": {}}
    assert client.post("/v1/parity", json={"models": ["departures"]}).json() == {"epoch": 0, "models": [receipt]}
    assert client.get("/v1/parity").json() == {"models": [receipt]}
    assert client.post("/v1/parity", json={"models": ["nothing"]}).status_code == 404
    assert client.post("/v1/parity", json={"models": "departures"}).status_code == 400


def test_status_and_lineage_are_the_node_s(client: httpx.Client) -> None:
    assert client.get("/v1/status").json()["time"] == "2013-01-01T00:00:00Z"
    assert ["flights", "departures"] in client.get("/v1/lineage").json()["edges"]


def test_healthz_tells_nothing_but_health(served: Served) -> None:
    assert served.client(None).get("/healthz").json() == {"status": "ok"}


def test_a_wrong_method_is_told_in_our_shape(client: httpx.Client) -> None:
    answer = client.delete("/v1/project")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "HR-142")


def test_metrics_count_requests_by_route_and_show_the_node(served: Served, client: httpx.Client) -> None:
    served.node.depart("UA")
    client.get("/v1/models/departures")
    client.get("/v1/models/nothing")
    client.get("/v1/nowhere")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["headrace_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert requests["/v1/models/{name}", "200"] == requests["/v1/models/{name}", "404"] == 1
    assert requests["other", "404"] == 1
    assert families["headrace_epoch"].samples[0].value == 1
    assert families["headrace_lag_rows"].samples[0].value == 3
    assert families["headrace_waiting"].samples[0].value == 0
    assert families["headrace_open_queries"].samples[0].value == 0
