"""All of it behind the protocol."""

from __future__ import annotations

import threading
import uuid
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from headrace.errors import LogError
from headrace.log.batch import decode
from headrace.log.draft import draft
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.committer import Committer
from headrace.log.kafka.entries import Entry, Recorded, Trimmed
from headrace.log.kafka.fetch import Fetcher
from headrace.log.kafka.follower import Follower
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.snapshots import Sum
from headrace.log.kafka.snapshotting import Snapshots, unharmed
from headrace.log.kafka.state import Batch, Outcome, Stream
from headrace.log.kafka.topics import Topics
from headrace.log.order import beyond, microseconds
from headrace.log.protocol import Clock, Epoch, Part, Receipt, Stored
from headrace.log.refusals import KEY_LIFE, outside


def open_kafka(settings: KafkaSettings, *, clock: Clock) -> KafkaLog:
    """Open the log of that name on a broker, making its topics if they are not there.

    Any number of processes may have it open, and append.

    Raises:
        LogError: the broker does not answer (HR-515) or refuses us (HR-516); the topics hold what is not ours (HR-505), are of
            another format (HR-506), or no longer have what they should (HR-517).
    """
    return KafkaLog(settings, clock)


def delete_kafka(settings: KafkaSettings) -> None:
    """Delete the log of that name from its broker, with all that it holds. Nobody may have it open."""
    Topics(settings, Broker(settings)).delete()


class KafkaLog:
    """A ``Log`` on Kafka."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._broker = Broker(settings)
        self._topics = Topics(settings, self._broker)
        self._topics.make()
        self._fetchers: dict[str, Fetcher] = {}
        self._opening = threading.Lock()
        self._closed = False
        self._follower = Follower(settings, self._broker, self._topics)
        try:
            self._follower.now(lambda _: None)
            self._committer = Committer(settings, self._broker, self._topics, self._follower, self._now)
        except BaseException:
            self._follower.close()
            raise
        self._snapshots = Snapshots(settings, self._topics, self._follower, self._committer)

    def append(
        self, parts: Sequence[Part], *, source: str, position: str | None = None, key: str | None = None
    ) -> Receipt:
        self._refuse_closed()
        with self._broker.placed():
            drafted = draft(parts, source, position, key, batch_bytes=self._settings.batch_bytes)
            outcome = self._committer.append(drafted, f"The append of {source!r}")
        assert isinstance(outcome, Receipt)
        self._snapshots.look()
        return outcome

    def position(self, source: str) -> str | None:
        self._refuse_closed()
        with self._broker.placed():
            self._committer.settle()
        return self._follower.now(lambda total: total.state.positions.get(source))

    def starts(self) -> dict[str, int]:
        return self._follower.now(lambda total: total.state.starts())

    def ends(self) -> dict[str, int]:
        return self._follower.now(lambda total: total.state.ends())

    def counts(self) -> dict[str, Stored]:
        return self._follower.now(lambda total: total.state.counts())

    def read(self, stream: str, start: int, stop: int) -> pa.Table:
        schema, batches = self._follower.now(lambda total: self._range(total, stream, start, stop))
        if not batches:
            return schema.empty_table()
        try:
            pieces = self._rows(stream, batches)
        except LogError as error:
            if error.code == "HR-517":  # trimmed since, perhaps: that is said in other words
                self._follower.now(lambda total: self._range(total, stream, start, stop))
            raise
        cut = (
            rows.slice(max(0, start - b.first), stop - max(start, b.first))
            for b, rows in zip(batches, pieces, strict=True)
        )
        return pa.concat_tables(cut, promote_options="permissive")

    def wait(self, ends: Mapping[str, int], timeout: float) -> bool:
        return self._follower.wait(
            lambda total: any(s.next > ends.get(name, 0) for name, s in total.state.streams.items()), timeout
        )

    def record(self, epoch: Epoch) -> None:
        self._refuse_closed()
        with self._broker.placed():
            if error := self._follower.now(lambda total: beyond(total.state.ends(), epoch)):
                raise error
            self._committer.enter(Recorded(uuid.uuid4().hex, epoch), f"Recording epoch {epoch.id}")
        self._snapshots.look()

    def epochs(self, after: int) -> list[Epoch]:
        return self._follower.epochs(after)

    def epoch(self, id: int) -> Epoch | None:
        return self._follower.epoch(id)

    def epoch_at(self, time: datetime) -> Epoch | None:
        return self._follower.epoch_at(time)

    def last_epoch(self) -> Epoch | None:
        return self._follower.now(lambda total: total.ledger.last)

    def trim(self, upto: Mapping[str, int], before: datetime) -> int:
        old, now = microseconds(before), self._now()
        forget = min(old, now - KEY_LIFE // timedelta(microseconds=1))
        starts, cuts = self._follower.now(
            lambda total: (
                {stream: total.state.below(stream, offset, old) for stream, offset in upto.items()},
                total.state.deletable(now),
            )
        )
        rows = self._entered(Trimmed(uuid.uuid4().hex, now, starts, forget, cuts), "Trimming")
        assert isinstance(rows, int)
        with unharmed("deleting what was trimmed", self._settings.name):
            self._delete()
        self._snapshots.look()
        return rows

    def close(self) -> None:
        with self._opening:
            if self._closed:
                return
            self._closed = True
        self._snapshots.close()
        self._committer.close()
        self._follower.close()
        for fetcher in self._fetchers.values():
            fetcher.close()

    def _now(self) -> int:
        return microseconds(self._clock())

    def _refuse_closed(self) -> None:
        if self._closed:
            raise self._broker.closed()

    def _entered(self, entry: Entry, doing: str) -> Outcome:
        with self._broker.placed():
            return self._committer.enter(entry, doing)

    def _range(self, total: Sum, stream: str, start: int, stop: int) -> tuple[pa.Schema, Sequence[Batch]]:
        kept = total.state.streams.get(stream, Stream())
        if error := outside(stream, start, stop, kept.start, kept.next):
            error.where = self._broker.where
            raise error
        schema = kept.arrow_schema if kept.columns else pa.schema([])
        return schema, kept.between(start, stop) if start < stop else []

    def _rows(self, stream: str, batches: Sequence[Batch]) -> list[pa.Table]:
        wanted: dict[int, list[int]] = defaultdict(list)
        for batch in batches:
            wanted[batch.placed.partition].append(batch.placed.offset)
        records = self._fetcher(stream).records(wanted)
        return [self._decoded(stream, b, records[b.placed.partition, b.placed.offset].value() or b"") for b in batches]

    def _decoded(self, stream: str, batch: Batch, blob: bytes) -> pa.Table:
        if zlib.crc32(blob) != batch.placed.crc:
            place = f"record {batch.placed.offset} of partition {batch.placed.partition} of {self._topics.rows(stream)}"
            raise self._broker.damaged(
                f"Rows {batch.first} to {batch.next} of stream {stream!r} ({place}): the checksum does not hold."
            )
        return decode(blob)

    def _fetcher(self, stream: str) -> Fetcher:
        with self._opening:
            self._refuse_closed()
            if stream not in self._fetchers:
                self._fetchers[stream] = Fetcher(self._topics.rows(stream), self._settings, self._broker)
            return self._fetchers[stream]

    def _delete(self) -> None:
        """Shorten the topics of the streams by the records that nothing needs any more."""
        cuts = self._follower.lately(lambda total: dict(total.state.cuts))
        self._topics.forget_records(
            {(self._topics.rows(stream), partition): offset for (stream, partition), offset in cuts.items()}
        )
