"""The example of three domains as its users meet it: who may read what, promises and contracts, and late rows counted in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.sampling import in_ci

from .conftest import Folder, Running, running

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def mesh(tmp_path: Path) -> Folder:
    return Folder(
        Path(shutil.copytree(EXAMPLES / "mesh", tmp_path / "mesh", ignore=shutil.ignore_patterns(".headrace")))
    )


def test_it_runs_and_passes_its_tests(mesh: Folder) -> None:
    mesh.catch_up("--epoch-rows", 40).ok()
    found = mesh.ask("test", "--json").ok().json
    assert (found["ok"], len(found["tests"]), len(found["rules"])) == (True, 3, 9)
    assert all(receipt["equal"] for receipt in mesh.ask("parity", "--json").ok().json["models"])
    products = mesh.ask("products", "--json").ok().json["products"]
    assert {one["name"]: one["read_by"] for one in products} == {
        "customer_directory": ["sales"],
        "delivery_times": [],
        "orders_placed": ["logistics"],
        "sales_by_country": [],
    }
    # Catching up reconciles: what carriers reported late counts in the domain whose pattern is lambda.
    (deliveries,) = (s for s in mesh.ask("status", "--json").ok().json["sources"] if s["name"] == "deliveries")
    assert (deliveries["read"], deliveries["kept"], deliveries["late"]) == (386, 386, 0)
    assert mesh.rows("SELECT sum(deliveries) AS n FROM deliveries_by_hour") == [{"n": 386}]


def test_a_stopped_node_answers_from_within_a_domain(mesh: Folder) -> None:
    mesh.catch_up().ok()
    assert mesh.rows("SELECT count(*) AS n FROM customer_directory", "--domain", "sales") == [{"n": 19}]
    refused = mesh.query("SELECT * FROM customers", "--domain", "sales")
    assert (refused.code, "HR-906" in refused.err, "customers does not publish it" in refused.err) == (1, True, True)
    unknown = mesh.query("SELECT 1 AS one", "--domain", "sale")
    assert (unknown.code, "HR-120" in unknown.err) == (2, True)


@pytest.fixture
def node(mesh: Folder) -> Iterator[Running]:
    with running(mesh, "--no-serve") as node:
        node.until("SELECT count(*) AS n FROM orders", [{"n": 400}])
        yield node


def test_each_door_keeps_domains_apart(mesh: Folder, node: Running) -> None:
    token = (mesh.data / "tokens" / "sales").read_text().strip()
    assert (mesh.data / "tokens" / "sales").stat().st_mode & 0o077 == 0
    socket = json.loads((mesh.data / "node.json").read_text())["socket"]
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=socket),
        base_url="http://localhost",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ) as sales:

        def asked(sql: str) -> tuple[int, str]:
            answer = sales.post("/v1/sql", json={"sql": sql})
            return answer.status_code, answer.json().get("error", {}).get("code", "")

        assert asked("SELECT * FROM orders") == (200, "")
        assert asked("SELECT * FROM customer_directory") == (200, "")
        for closed in ("customers", "newsletter_list", "deliveries", "headrace_rejected", "headrace_late"):
            assert asked(f"SELECT * FROM {closed}") == (403, "HR-906"), closed
            assert asked(f"SELECT 1 AS one WHERE EXISTS (FROM {closed})") == (403, "HR-906"), closed
        codes = {
            "/v1/models/orders_placed": 200,
            "/v1/models/customer_directory": 200,
            "/v1/models/newsletter_list": 403,
            "/v1/dashboards/sales": 200,
            "/v1/dashboards/company": 200,
            "/v1/dashboards/deliveries": 403,
            "/v1/dashboards/deliveries/live": 403,
            "/v1/reports/customers": 403,
            "/v1/products": 200,
        }
        assert {path: sales.get(path).status_code for path in codes if "live" not in path} == {
            path: code for path, code in codes.items() if "live" not in path
        }
        assert sales.get("/v1/dashboards/deliveries/live").json()["error"]["code"] == "HR-944"
        assert sales.post("/v1/reconcile").status_code == 403
        assert sales.post("/v1/parity").status_code == 403
    assert node.client.get("/v1/reports/customers").status_code == 200


@in_ci
def test_a_page_reads_what_its_domain_may_whoever_looks(mesh: Folder) -> None:
    """A page that slips by the check at the start, as a node that runs does not look at it again, is held at the gate."""
    text = (mesh.root / "domains/sales/dashboards/sales.yaml").read_text()
    # A query that the compiler of rules cannot read is left to the page: here it names a column that is not there.
    mesh.write(
        "domains/sales/dashboards/sales.yaml",
        text.replace("count(*) AS orders FROM orders_placed", "nothing FROM orders_placed"),
    )
    with running(mesh, "--no-serve") as node:
        assert node.client.get("/v1/dashboards/sales").status_code == 200


def test_a_contract_changes_with_its_version(mesh: Folder) -> None:
    mesh.catch_up().ok()
    model, product = "domains/sales/models/orders_placed.sql", "domains/sales/products/orders_placed.yaml"
    before = (mesh.root / model).read_text()
    mesh.write(model, before.replace("article, amount", "article, upper(article) AS code, amount"))
    contract = (mesh.root / product).read_text()
    wider = contract.replace("article: VARCHAR,", "article: VARCHAR, code: VARCHAR,")
    mesh.write(product, wider)
    refused = mesh.catch_up()
    assert (refused.code, "HR-225" in refused.err, "version: 1.2.0" in refused.err) == (1, True, True)
    mesh.write(product, wider.replace("1.1.0", "1.2.0"))
    mesh.catch_up().ok()
    mesh.write(product, contract)
    mesh.write(model, before)
    refused = mesh.catch_up()
    assert (refused.code, "1.1.0 is older than 1.2.0" in refused.err) == (1, True)
    mesh.write(".headrace/contracts.json", "{")
    assert "HR-809" in mesh.catch_up().err


@in_ci
def test_a_key_that_is_there_twice_fails_the_test_of_its_contract(mesh: Folder) -> None:
    model = "domains/sales/models/sales_by_country.sql"
    mesh.write(model, (mesh.root / model).read_text().replace("GROUP BY ALL", "GROUP BY 1, 2, o.article"))
    mesh.ask("test").ok()  # in its test each order is of another country
    case = "domains/sales/tests/an_unknown_customer.yaml"
    mesh.write(case, (mesh.root / case).read_text().replace("customer_email: bob@", "customer_email: ann@"))
    done = mesh.ask("test")
    assert (done.code, "HR-227" in done.text, "the key of another" in done.text) == (3, True, True)
    mesh.catch_up().ok()
    done = mesh.ask("products", "--json")
    assert done.code == 3
    assert {p["name"]: p["contract"] for p in done.json["products"]}["sales_by_country"] == "broken"


def test_a_broken_promise_is_told_everywhere(tmp_path: Path) -> None:
    now = datetime.now(tz=UTC)
    shop = Folder(tmp_path / "shop")
    shop.write("headrace.yaml", "name: shop\npattern: mesh\n")
    shop.write("domains/sales/domain.yaml", "owner: sales\n")
    shop.write(
        "domains/sales/sources/orders.yaml",
        "kind: push\nevent_time: at\nschema: {id: BIGINT, at: TIMESTAMP}\n",
    )
    shop.write("domains/sales/models/placed.sql", "SELECT id, at FROM orders")
    shop.write(
        "domains/sales/products/placed.yaml",
        "version: 1.0.0\ndescription: x\nschema: {id: BIGINT, at: TIMESTAMP}\nfreshness: 1 minute\n",
    )
    with running(shop, "--no-serve") as node:

        def verdict() -> str:
            return str(node.client.get("/v1/products").json()["products"][0]["freshness"])

        assert verdict() == "unknown"
        node.push("orders", [{"id": 1, "at": (now - timedelta(hours=2)).isoformat()}])
        node.until("SELECT count(*) AS n FROM placed", [{"n": 1}])
        assert verdict() == "broken"
        done = shop.ask("products")
        assert (done.code, "broken (1 min)" in done.text) == (3, True)
        assert 'headrace_product_promises_kept{domain="sales",product="placed"} 0.0' in node.client.get("/metrics").text
        (status,) = node.client.get("/v1/status").json()["products"]
        assert (status["ok"], status["behind"] > 7000) == (False, True)
        node.until("SELECT 1 AS one", [{"one": 1}])
        end = datetime.now(tz=UTC) + timedelta(seconds=20)
        while "a promise is broken" not in node.log.read_text():
            assert datetime.now(tz=UTC) < end, node.log.read_text()
        node.push("orders", [{"id": 2, "at": datetime.now(tz=UTC).isoformat()}])
        node.until("SELECT count(*) AS n FROM placed", [{"n": 2}])
        assert verdict() == "met"
