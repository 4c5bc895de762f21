"""The streams' columns, as in Nexmark's tables for Flink, and the small table that q13 joins."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

STREAMS: Mapping[str, Mapping[str, str]] = {
    "person": {
        "id": "BIGINT",
        "name": "VARCHAR",
        "email_address": "VARCHAR",
        "credit_card": "VARCHAR",
        "city": "VARCHAR",
        "state": "VARCHAR",
        "date_time": "TIMESTAMP",
        "extra": "VARCHAR",
    },
    "auction": {
        "id": "BIGINT",
        "item_name": "VARCHAR",
        "description": "VARCHAR",
        "initial_bid": "BIGINT",
        "reserve": "BIGINT",
        "date_time": "TIMESTAMP",
        "expires": "TIMESTAMP",
        "seller": "BIGINT",
        "category": "BIGINT",
        "extra": "VARCHAR",
    },
    "bid": {
        "auction": "BIGINT",
        "bidder": "BIGINT",
        "price": "BIGINT",
        "channel": "VARCHAR",
        "url": "VARCHAR",
        "date_time": "TIMESTAMP",
        "extra": "VARCHAR",
    },
}
SIDE_INPUT = {"key": "BIGINT", "value": "VARCHAR"}


def side_input() -> pa.Table:
    """The static side of q13: a value for each remainder of an auction's id."""
    return pa.table({"key": pa.array(range(10_000), pa.int64()), "value": [f"value {key}" for key in range(10_000)]})
