"""Reports: parameters, sections of one epoch, and CSV."""

from __future__ import annotations

import threading

import httpx
import pytest

from headrace.project import Section

from .conftest import Serve, Served


@pytest.fixture
def flown(served: Served) -> Served:
    served.node.depart(*["UA"] * 12, "AA", "AA")
    return served


def test_a_report_with_its_defaults(flown: Served, client: httpx.Client) -> None:
    shown = client.get("/v1/reports/monthly").json()
    assert (shown["name"], shown["title"], shown["description"]) == ("monthly", "Monthly", "By carrier.")
    assert shown["parameters"] == [
        {"name": "carrier", "label": "Carrier", "values": ["AA", "UA"], "value": "UA"},
        {"name": "least", "label": "Least", "values": [0, 10], "value": 0},
    ]
    assert (shown["epoch"], shown["as_of"], shown["complete_to"]) == (1, "2013-01-01T00:01:00Z", "2013-01-01T00:01:00Z")
    text, one, wrong = shown["sections"]
    assert text["text"] == "What the month was."
    assert text["rows"] is None
    assert text["columns"] is None
    assert one["rows"] == [["UA", 12]]
    assert [column["name"] for column in one["columns"]] == ["carrier", "departures"]
    assert set(one) == {"title", "text", "kind", "columns", "rows", "x", "y", "series", "unit", "format"}
    assert wrong["error"]["code"] == "HR-301"
    assert wrong["rows"] == []


@pytest.mark.parametrize(
    ("query", "rows"),
    [("carrier=AA", [["AA", 2]]), ("carrier=AA&least=10", []), ("least=10", [["UA", 12]])],
)
def test_a_parameter_is_one_of_its_values(flown: Served, client: httpx.Client, query: str, rows: list[object]) -> None:
    shown = client.get(f"/v1/reports/monthly?{query}").json()
    assert shown["sections"][1]["rows"] == rows


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("carrier=ZZ", "Use one of: AA, UA"),
        ("carrier=' or 1=1 --", "Use one of"),
        ("month=1", "carrier, least"),
        ("least=", "0, 10"),
    ],
)
def test_a_value_that_is_not_offered_is_refused(flown: Served, client: httpx.Client, query: str, says: str) -> None:
    answer = client.get(f"/v1/reports/monthly?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "HR-140")
    assert says in answer.json()["error"]["fix"]


def test_a_report_before_the_first_row_has_empty_sections(served: Served, client: httpx.Client) -> None:
    shown = client.get("/v1/reports/monthly").json()
    assert shown["parameters"][0]["values"] == []
    assert shown["parameters"][0]["value"] is None
    assert shown["sections"][1]["rows"] == []


def test_all_sections_are_of_one_epoch_while_rows_arrive(served: Served) -> None:
    report = served.node.project.reports["monthly"]
    counts = tuple(Section(sql=f"select count(*) as n, {number} as k from flights") for number in range(6))
    object.__setattr__(report, "sections", counts)
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            served.node.depart("UA")

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        with served.client() as client:
            for _ in range(20):
                shown = client.get("/v1/reports/monthly").json()
                assert {section["rows"][0][0] for section in shown["sections"]} == {shown["epoch"]}
    finally:
        stop.set()
        thread.join()


def test_a_report_tells_the_verdict_of_each_model_it_reads(flown: Served, client: httpx.Client) -> None:
    object.__setattr__(flown.node.project.reports["monthly"], "sections", (Section(sql="select * from departures"),))
    # The test's engine names the tables below a view; the node names the model.
    object.__setattr__(flown.node.project, "models", {"flights": flown.node.project.models["departures"]})
    assert client.get("/v1/reports/monthly").json()["parity"] == {"flights": "unproven"}
    flown.node.parity(["flights"])
    assert client.get("/v1/reports/monthly").json()["parity"] == {"flights": "equal"}


def test_a_section_as_csv(flown: Served, client: httpx.Client) -> None:
    answer = client.get("/v1/reports/monthly.csv?section=1&carrier=AA")
    assert answer.text == "carrier,departures\nAA,2\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="monthly-1.csv"'
    assert answer.headers["headrace-epoch"] == "1"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("section=0", 404),
        ("section=9", 404),
        ("section=-1", 404),
        ("section=x", 404),
        ("section=2", 400),
        ("section=1&no=1", 400),
    ],
)
def test_only_a_section_that_asks_something_has_a_csv(
    flown: Served, client: httpx.Client, query: str, status: int
) -> None:
    assert client.get(f"/v1/reports/monthly.csv?{query}").status_code == status


def test_an_unknown_report_names_those_there_are(client: httpx.Client) -> None:
    for path in ("/v1/reports/yearly", "/v1/reports/yearly.csv"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "monthly" in answer.json()["error"]["fix"]


def test_a_section_with_too_many_rows_says_so(serve: Serve) -> None:
    served = serve(section_rows=1)
    served.node.depart("UA", "AA")
    object.__setattr__(served.node.project.reports["monthly"], "sections", (Section(sql="select * from departures"),))
    shown = served.client().get("/v1/reports/monthly").json()
    assert shown["sections"][0]["error"]["code"] == "HR-642"
    assert len(served.client().get("/v1/reports/monthly.csv?section=0").text.splitlines()) == 3
