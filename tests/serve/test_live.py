"""Dashboards that move: what is sent, when, how often, and to whom."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import ExitStack

import httpx

from headrace.serve.dashboards import identified, relations_of
from headrace.serve.protocol import Node

from .conftest import Serve, Served
from .events import Event, a_line, listening
from .flow import ADMIN_TOKEN, READER_TOKEN, FlowNode, tile
from .test_sql import wait_for

LIVE = "/v1/dashboards/operations/live"


def evaluated(node: FlowNode, part: str) -> int:
    """How often a query with this text ran."""
    return sum(part in sql for sql in list(node.queries))


def test_a_dashboard_says_what_is_on_it(client: httpx.Client) -> None:
    shown = client.get("/v1/dashboards/operations").json()
    assert (shown["name"], shown["title"], shown["description"]) == ("operations", "Operations", "Now.")
    assert shown["tiles"][1] == {
        "id": "by-carrier",
        "title": "By carrier",
        "description": "",
        "kind": "bar",
        "x": "carrier",
        "y": ["departures"],
        "series": None,
        "unit": None,
        "format": None,
        "width": 6,
        "height": 4,
        "relations": ["departures"],
    }
    answer = client.get("/v1/dashboards/nowhere")
    assert answer.status_code == 404
    assert "operations, trouble" in answer.json()["error"]["fix"]


def test_tiles_with_one_title_have_different_ids() -> None:
    tiles = [tile("Delay (min)", "select 1"), tile("Delay – min", "select 2"), tile("…", "select 3")]
    assert list(identified(tiles)) == ["delay-min", "delay-min-2", "tile"]


def test_relations_are_read_from_the_sql_and_never_fail() -> None:
    sql = "with d as (select * from flights) select * from d join departures using (carrier)"
    assert relations_of(sql, {"flights", "departures", "weather"}) == ["departures", "flights"]
    assert relations_of("select from from", {"flights"}) == []


def test_every_tile_comes_first_and_then_the_epoch(served: Served, client: httpx.Client) -> None:
    served.node.depart("UA", "UA", "AA")
    with listening(client, LIVE) as events:
        first = [events.next() for _ in range(4)]
    assert [event.name for event in first] == ["tile", "tile", "tile", "epoch"]
    shown = {event.data["tile"]: event.data for event in first[:3]}
    assert shown["by-carrier"] == {
        "tile": "by-carrier",
        "columns": [{"name": "carrier", "type": "VARCHAR"}, {"name": "departures", "type": "BIGINT"}],
        "rows": [["AA", 1], ["UA", 2]],
        "epoch": 1,
        "as_of": "2013-01-01T00:01:00Z",
        "complete_to": "2013-01-01T00:01:00Z",
        "parity": "unproven",
    }
    assert shown["departures"]["rows"] == [[3]]
    assert first[3].data == {
        "epoch": 1,
        "time": "2013-01-01T00:01:00Z",
        "as_of": "2013-01-01T00:01:00Z",
        "complete_to": "2013-01-01T00:01:00Z",
        "rows_per_second": 12.5,
        "lag_rows": 3,
    }


def test_only_what_changed_is_asked_and_only_what_differs_is_sent(served: Served, client: httpx.Client) -> None:
    with listening(client, LIVE) as events:
        events.tiles(3)
        served.node.depart("UA")
        assert sorted(events.tiles(2)) == ["by-carrier", "departures"]
        assert evaluated(served.node, "weather") == 1
        asked = evaluated(served.node, "departures")
        served.node.rain()
        assert list(events.tiles(1)) == ["elsewhere"]
        assert evaluated(served.node, "departures") == asked
        served.node.pass_time()
        served.node.depart()
        time.sleep(0.3)
        served.node.depart("AA")
        assert {event["epoch"] for event in events.tiles(2).values()} == {5}, "an empty epoch changed no rows"


def test_a_change_is_sent_at_once_when_nothing_was_sent_lately(serve: Serve) -> None:
    served = serve(interval_seconds=1.5)
    with listening(served.client(), LIVE) as events:
        events.tiles(3)
        time.sleep(1.6)
        began = time.monotonic()
        served.node.depart("UA")
        first = events.until("tile").at - began
        served.node.depart("UA")
        events.until("tile")
        second = events.until("tile").at - began
    assert first < 1.0
    assert second > 1.4, "what comes soon after waits for its turn"


def test_a_flood_is_thinned_out_and_ends_with_the_newest_state(serve: Serve) -> None:
    served = serve(interval_seconds=0.1)
    with served.client() as client, listening(client, LIVE) as events:
        events.tiles(3)
        flood = threading.Thread(target=depart_often, args=(served.node, 300))
        began = time.monotonic()
        flood.start()
        seen: list[Event] = []
        while not seen or seen[-1].data["rows"] != [[300]]:
            event = events.until("tile")
            seen += [event] if event.data["tile"] == "departures" else []
        flood.join()
        spent = time.monotonic() - began
    assert len(seen) <= spent / 0.1 + 2, "at most one update per interval"
    assert len(seen) >= 4
    assert evaluated(served.node, "sum(departures)") <= spent / 0.1 + 3, "no more evaluations than updates"
    epochs = [event.data["epoch"] for event in seen]
    assert epochs == sorted(set(epochs))


def depart_often(node: FlowNode, times: int) -> None:
    for _ in range(times):
        node.depart("UA")
        time.sleep(0.002)


def test_a_tile_is_evaluated_once_for_all_who_watch(served: Served) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(stack.enter_context(served.client()), LIVE)) for _ in range(8)]
        for events in streams:
            events.tiles(3)
        assert evaluated(served.node, "sum(departures)") == 1
        served.node.depart("UA")
        assert all(sorted(events.tiles(2)) == ["by-carrier", "departures"] for events in streams)
        assert evaluated(served.node, "sum(departures)") == 2


def test_each_principal_has_answers_of_its_own(served: Served) -> None:
    admin, reader = served.client(ADMIN_TOKEN), served.client(READER_TOKEN)
    with listening(admin, LIVE) as one, listening(reader, LIVE) as other:
        one.tiles(3)
        other.tiles(3)
        assert evaluated(served.node, "sum(departures)") == 2


def test_nothing_is_evaluated_when_nobody_watches(served: Served) -> None:
    with served.client() as client, listening(client, LIVE) as events:
        events.tiles(3)
    wait_for(lambda: "headrace_open_streams 0.0" in served.client().get("/metrics").text)
    asked = len(served.node.queries)
    served.node.depart("UA")
    time.sleep(0.3)
    assert len(served.node.queries) == asked


def test_a_tile_that_moves_with_time_is_asked_every_epoch(served: Served) -> None:
    tiles = served.node.project.dashboards["operations"].tiles
    moving = tile("Moving", "select now() as moved, count(*) as n from weather")
    object.__setattr__(served.node.project.dashboards["operations"], "tiles", (*tiles, moving))
    with served.client() as client, listening(client, LIVE) as events:
        events.tiles(4)
        served.node.pass_time()
        assert list(events.tiles(1)) == ["moving"]


def test_a_tile_that_fails_says_so_and_the_others_go_on(served: Served, client: httpx.Client) -> None:
    with listening(client, "/v1/dashboards/trouble/live") as events:
        first = {event.name: event.data for event in (events.next(), events.next())}
        assert first["tile"]["rows"] == [[1]]
        assert first["error"]["tile"] == "wrong"
        assert first["error"]["error"]["code"] == "HR-301"
        asked = evaluated(served.node, "no_such_column")
        time.sleep(0.7)
        assert asked < evaluated(served.node, "no_such_column") < asked + 5, "it is tried again, now and then"
        assert events.until("epoch", "error", "tile").name == "epoch", "the same error is not sent twice"


def test_a_slow_tile_does_not_hold_up_the_others(served: Served, client: httpx.Client) -> None:
    slow = tile("Slow", "select count(*) as n from range(100000) a, range(100000) b where a.range + b.range < 0")
    dashboard = served.node.project.dashboards["operations"]
    object.__setattr__(dashboard, "tiles", (slow, *dashboard.tiles))
    with listening(client, LIVE) as events:
        began = time.monotonic()
        assert "slow" not in events.tiles(3)
        served.node.depart("UA")
        assert sorted(events.tiles(2)) == ["by-carrier", "departures"]
        assert time.monotonic() - began < 1.5
        assert events.until("error").data["error"]["code"] == "HR-640"


def test_too_many_rows_are_an_error_not_a_cut(serve: Serve) -> None:
    served = serve(tile_rows=1)
    served.node.depart("UA", "AA")
    with served.client() as client, listening(client, LIVE) as events:
        error = events.until("error").data
        assert (error["tile"], error["error"]["code"]) == ("by-carrier", "HR-642")


def test_a_new_verdict_reaches_the_tiles(served: Served, client: httpx.Client) -> None:
    with listening(client, LIVE) as events:
        assert {data["parity"] for data in events.tiles(3).values()} == {"unproven"}
        client.post("/v1/parity")
        assert {data["parity"] for data in events.tiles(3).values()} == {"equal"}


def test_epochs_are_told_once_a_tick_even_when_nothing_happens(serve: Serve) -> None:
    served = serve(tick_seconds=0.2)
    with served.client() as client, listening(client, LIVE) as events:
        ticks = [events.until("epoch").at for _ in range(5)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(ticks)]
    assert all(0.15 < gap < 0.6 for gap in gaps)


def test_a_silent_stream_sends_heartbeats(serve: Serve) -> None:
    served = serve(heartbeat_seconds=0.2, tick_seconds=60)
    with served.client() as client, listening(client, LIVE) as events:
        events.until("epoch")
        threading.Timer(0.9, lambda: served.node.depart("UA")).start()
        events.until("tile")
    assert 2 <= events.comments <= 6
    assert events.hello == "retry: 2000"


def test_a_client_that_does_not_read_costs_little_and_gets_the_newest(serve: Serve) -> None:
    served = serve(interval_seconds=0.02)
    wide = tile("Wide", "select repeat('x', 200000) || coalesce(sum(departures), 0)::varchar as t from departures")
    dashboard = served.node.project.dashboards["operations"]
    object.__setattr__(dashboard, "tiles", (wide,))
    with a_line(served.url, LIVE) as line:
        with listening(served.client(), LIVE) as fast:
            for number in range(1, 101):
                served.node.depart("UA")
                while not fast.until("tile").data["rows"][0][0].endswith(f"x{number}"):
                    pass
        text = read_until(line, b'x100"')
    shown = text.count(b"event: tile")
    assert shown < 50, "most states were skipped: 100 of 200 kB each were made while nobody read"


def read_until(line: socket.socket, end: bytes) -> bytes:
    line.settimeout(10)
    text = bytearray()
    while end not in text[-300_000:]:
        text += line.recv(65536)
    return bytes(text)


def test_status_is_a_stream_too(served: Served, client: httpx.Client) -> None:
    with listening(client, "/v1/status/live") as events:
        assert events.until("status").data["epoch"] == 0
        served.node.depart("UA")
        while events.until("status").data["epoch"] != 1:
            pass


def test_a_node_that_cannot_tell_its_status_still_shows_its_tiles(served: Served, client: httpx.Client) -> None:
    served.node.failing = RuntimeError("no status")
    with listening(client, LIVE) as events:
        assert len(events.tiles(3)) == 3
        served.node.depart("UA")
        assert len(events.tiles(2)) == 2


def test_streams_are_bounded(serve: Serve) -> None:
    served = serve(streams=2)
    with served.client() as client, listening(client, LIVE), listening(client, "/v1/status/live"):
        answer = client.get(LIVE)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "HR-843")


def test_changes_of_a_model_come_epoch_by_epoch(served: Served, client: httpx.Client) -> None:
    served.node.depart("DL")
    with listening(client, "/v1/models/departures/changes") as events:
        start = events.next()
        assert (start.name, start.data) == ("start", {"model": "departures", "epoch": 1})
        served.node.depart("UA", "AA")
        served.node.rain()
        served.node.depart("B6")
        first, second = events.next(), events.next()
    assert first.name == "changes"
    assert first.data == {
        "epoch": 2,
        "time": "2013-01-01T00:02:00Z",
        "columns": [{"name": "carrier", "type": "VARCHAR"}],
        "rows": [["UA", 1], ["AA", 1]],
    }
    assert (second.data["epoch"], second.data["rows"]) == (4, [["B6", 1]])


def test_no_change_is_lost_to_a_subscriber_that_keeps_up(served: Served, client: httpx.Client) -> None:
    with listening(client, "/v1/models/departures/changes") as events:
        events.until("start")
        threading.Thread(target=lambda: [served.node.depart(str(number)) for number in range(500)]).start()
        seen = [events.until("changes").data for _ in range(500)]
    assert [change["epoch"] for change in seen] == list(range(1, 501))
    assert [change["rows"] for change in seen] == [[[str(number), 1]] for number in range(500)]


def test_a_subscriber_that_falls_behind_is_told_where(serve: Serve) -> None:
    served = serve(backlog_bytes=200_000)
    with a_line(served.url, "/v1/models/departures/changes") as line:
        wait_for(lambda: "headrace_open_streams 1.0" in served.client().get("/metrics").text)
        for _ in range(400):
            served.node.depart("x" * 60_000)
        text = read_until(line, b"0\r\n\r\n")
    assert b'"code":"HR-844"' in text
    sent = text.count(b"event: changes")
    assert f"the changes from epoch {sent + 1} on were dropped".encode() in text


def test_the_test_node_is_a_node() -> None:
    def served_by(node: Node) -> Node:
        return node

    assert served_by(FlowNode.__new__(FlowNode)) is not None


def test_only_models_have_changes(client: httpx.Client) -> None:
    assert client.get("/v1/models/flights/changes").status_code == 404
