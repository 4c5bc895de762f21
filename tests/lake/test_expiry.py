"""Expiring snapshots and sweeping up: what goes, and what must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from headrace.errors import LakeError
from headrace.lake import Lake

from .rows import append, held, offsets
from .storage import Storage

LATER = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def test_the_newest_stay_and_the_others_go_with_their_files(lake: Lake, storage: Storage) -> None:
    for epoch in range(1, 6):
        lake.overwrite("models.m", pa.table({"a": [epoch]}), epoch=epoch, offsets={})
    kept = lake.snapshots("models.m")[-2:]
    gone = [file for each in lake.snapshots("models.m")[:-2] for file in lake.files("models.m", snapshot=each.id)]
    bytes = sum(storage.holds().values())
    expired = lake.expire("models.m", keep=2)
    assert expired.snapshots == 3
    assert lake.snapshots("models.m") == kept
    assert [held(lake, "models.m", each.id) for each in kept] == [{("4",): 1}, {("5",): 1}]
    assert not storage.paths(gone) & storage.holds().keys()
    assert expired.files >= 9, "of each snapshot its data file, its manifests, its manifest list"
    # The expiry itself writes one more version of the table's metadata.
    assert sum(storage.holds().values()) < bytes - expired.bytes + 20_000


def test_only_what_is_old_enough_goes(lake: Lake) -> None:
    for epoch in range(1, 4):
        lake.overwrite("models.m", pa.table({"a": [epoch]}), epoch=epoch, offsets={})
    assert lake.expire("models.m", keep=1, older_than=now() - LATER).snapshots == 0
    second = lake.snapshots("models.m")[1]
    assert lake.expire("models.m", keep=1, older_than=second.at).snapshots == 1
    assert lake.expire("models.m", keep=2, older_than=now() + LATER).snapshots == 0
    assert lake.expire("models.m", keep=1, older_than=(now() + LATER).replace(tzinfo=None)).snapshots == 1


@pytest.mark.parametrize("keep", [0, 1, -1])
def test_the_present_snapshot_always_stays(lake: Lake, keep: int) -> None:
    append(lake, 0, 10)
    append(lake, 10, 20)
    assert lake.expire("raw.orders", keep=keep).snapshots == 1
    assert offsets(lake) == list(range(20))
    assert lake.covered("raw.orders") == 20
    append(lake, 20, 30)
    assert offsets(lake) == list(range(30))


def test_an_expired_snapshot_is_refused_by_name(lake: Lake) -> None:
    append(lake, 0, 10)
    (first,) = lake.snapshots("raw.orders")
    append(lake, 10, 20)
    lake.expire("raw.orders", keep=1)
    with pytest.raises(LakeError, match="HR-712"):
        lake.select("raw.orders", snapshot=first.id)


def test_files_that_a_kept_snapshot_shares_stay(lake: Lake) -> None:
    for at in range(4):
        append(lake, at * 10, at * 10 + 10)
    middle = lake.snapshots("raw.orders")[2]
    lake.compact("raw.orders", at_least=2)
    lake.expire("raw.orders", keep=3)
    assert lake.snapshots("raw.orders")[0].id == middle.id
    assert offsets(lake, snapshot=middle.id) == list(range(30))
    assert offsets(lake) == list(range(40))


def test_a_sweep_takes_what_nothing_names_and_nothing_else(lake: Lake, storage: Storage) -> None:
    append(lake, 0, 10)
    lake.overwrite("models.m", pa.table({"a": [1]}), epoch=1, offsets={})
    append(lake, 10, 20)
    storage.write(
        "raw/not_in_the_catalog/metadata/00000-x.metadata.json", b"perhaps a catalog was put back that is too old"
    )
    good = storage.holds()
    for orphan in (
        "raw/orders/data/0.parquet",
        "raw/orders/metadata/00009-x.metadata.json",
        "models/m/metadata/half.avro",
    ):
        storage.write(orphan, b"half a file")
    assert lake.sweep(before=now() - LATER).files == 0, "they may belong to a write that is going on"
    swept = lake.sweep(before=now() + LATER)
    assert (swept.files, swept.bytes) == (3, 33)
    assert storage.holds() == good
    assert offsets(lake) == list(range(20))
    assert held(lake, "models.m") == {("1",): 1}


def test_a_long_history_of_metadata_versions_is_kept_short(lake: Lake, storage: Storage) -> None:
    for at in range(30):
        append(lake, at, at + 1)
    versions = [path for path in storage.holds("raw/orders/metadata") if path.endswith(".metadata.json")]
    assert len(versions) <= 21
    assert lake.sweep(before=now() + LATER).files == 0
    assert offsets(lake) == list(range(30))
