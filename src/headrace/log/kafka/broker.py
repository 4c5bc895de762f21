"""Clients of the broker, and what it says, as ``LogError`` with what is left and what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from headrace.errors import LogError, Place
from headrace.kafka import Meaning, meaning, setting, telling
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.refusals import NOTHING_KEPT, UNCHANGED

T = TypeVar("T")

PASSING_SECONDS = 10
"""So long may a topic take to be made, or its leader to move, before what the broker says is taken for what is."""

_STARTING = (KafkaError.NOT_CONTROLLER, KafkaError.INVALID_REPLICATION_FACTOR)
"""What is said by brokers that just start: it is not known yet who is in charge, or not how many they are."""


class Broker:
    """How to reach the broker, and what it last complained of."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.where = Place(Path(f"kafka:{settings.servers}/{settings.name}"))
        self._settings = settings
        self._complaint: KafkaError | None = None

    def client(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A client's settings: ours, then the user's, then those that the caller cannot do without."""
        return {
            "bootstrap.servers": self._settings.servers,
            "client.id": "headrace",
            "log_level": 0,  # what is said there is said in errors
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1000,
            "topic.metadata.refresh.fast.interval.ms": 50,
            **self._settings.client,
            "error_cb": self._complained,
            **(more or {}),
        }

    def made(self, client: Callable[[dict[str, Any]], T], more: Mapping[str, Any]) -> T:
        """A client; what it does not like of its settings is told without their values, one of which may be a secret."""
        try:
            return client(self.client(more))
        except KafkaException as error:
            named = setting(error.args[0])
            what = f"The client's settings are refused{f': see {named}' if named else ''}."
            fix = "Correct it, by librdkafka's names and values."
            raise LogError(what, code="HR-516", where=self.where, state=UNCHANGED, fix=fix) from None

    def ask(self, call: Callable[[], T], serve: Callable[[], object] = lambda: None) -> T:
        """What the call returns; called again while a topic is being made or moved, or a broker starts. An error becomes a ``LogError``.

        Args:
            call: asks anew each time.
            serve: lets the client tell what it has to complain of.
        """
        deadline = time.monotonic() + min(self._settings.seconds, PASSING_SECONDS)
        while True:
            try:
                answer = call()
            except RuntimeError:  # the client is closed
                raise self.closed() from None
            except KafkaException as error:
                serve()
                if not _worth_repeating(error.args[0]) or time.monotonic() > deadline:
                    raise self.explained(error.args[0], "Asking the broker") from error
            else:
                self._complaint = None
                return answer
            time.sleep(0.02)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Say where, in an error that does not."""
        try:
            yield
        except LogError as error:
            error.where = error.where or self.where
            raise

    def explained(self, error: KafkaError, doing: str, state: str = UNCHANGED) -> LogError:
        """The ``LogError`` for what the broker, or its client, says."""
        code, what, fix = self._said(error)
        return LogError(f"{doing} failed: {what}.", code=code, where=self.where, state=state, fix=fix)

    def silent(self, doing: str, state: str = UNCHANGED) -> LogError:
        """The broker did not answer within our patience."""
        waited = f"no answer within {self._settings.seconds:g} seconds"
        said = f"{waited}; last heard: {self._complaint.str()}" if self._complaint else waited
        return self._unreachable(doing, said, state)

    def too_slow(self, doing: str, longest: timedelta) -> LogError:
        """The rows of one append took so long that they might be deleted before they count."""
        what = f"{doing} failed: its rows took longer than {longest.total_seconds():g} seconds to be written."
        fix = "Append fewer rows at a time. If they were few, see what slows the broker."
        return LogError(what, code="HR-515", where=self.where, state=NOTHING_KEPT, fix=fix)

    def uncertain(self, doing: str, cause: LogError, fix: str) -> LogError:
        """An entry may or may not have reached the journal, and it could not be taken back."""
        return LogError(
            f"{doing} was on its way when the broker stopped answering ({cause.what}), and could not be taken back.",
            code="HR-511",
            where=self.where,
            state="It is not visible. Once the broker answers again, it may be found whole. Everything acknowledged "
            "before it is safe.",
            fix=fix,
        )

    def closed(self) -> LogError:
        """Somebody uses a log after closing it."""
        return LogError("The log is closed.", code="HR-514", where=self.where, state=UNCHANGED, fix="Open it again.")

    def damaged(self, what: str) -> LogError:
        """What came back is not what was written."""
        fix = "Restore the topic, or begin a log under another name: the sources deliver again."
        return LogError(what, code="HR-503", where=self.where, state=UNCHANGED, fix=fix)

    def foreign(self, what: str) -> LogError:
        """A topic of ours holds what we did not write."""
        fix = "Let nothing else write to the log's topics. Begin a log under another name: the sources deliver again."
        return LogError(what, code="HR-505", where=self.where, state=UNCHANGED, fix=fix)

    def other_format(self, found: bytes) -> LogError:
        """The log was written by a version whose entries we do not know."""
        what = f"The log is of format {found.decode(errors='replace')}, which this version does not read."
        fix = "Run the version that wrote it, or a newer one."
        return LogError(what, code="HR-506", where=self.where, state=UNCHANGED, fix=fix)

    def shortened(self, what: str) -> LogError:
        """Records that the journal names are no longer in their topic."""
        return LogError(
            f"{what} are named by the journal, and no longer in their topic.",
            code="HR-517",
            where=self.where,
            state=UNCHANGED,
            fix="Something else shortened the topic: see its retention.ms and retention.bytes, which have to be -1. History "
            "has the rows that were tiered; for the others, begin a log under another name: the sources deliver again.",
        )

    def let_go(self, topic: str, setting: str, value: str | None) -> LogError:
        """A topic of ours is set to delete what the journal may name."""
        return LogError(
            f"{topic} has {setting} {value}: it lets go of records that the log needs.",
            code="HR-517",
            where=self.where,
            state=UNCHANGED,
            fix=f"Set {setting} of that topic to -1: the log deletes what it no longer needs by itself.",
        )

    def _unreachable(self, doing: str, said: str, state: str) -> LogError:
        return LogError(
            f"{doing} failed: Kafka at {self._settings.servers} does not answer ({said}).",
            code="HR-515",
            where=self.where,
            state=state,
            fix="See that the broker runs and can be reached from here; then try again. With the same "
            "idempotency key, to append again is always safe.",
        )

    def _said(self, error: KafkaError) -> tuple[str, str, str]:
        said = f"{error.str()}; {self._complaint.str()}" if self._complaint else error.str()
        servers = self._settings.servers
        means = meaning(error)
        if self._complaint is not None and meaning(self._complaint) is Meaning.FORBIDDEN:
            means = Meaning.FORBIDDEN  # which a client tells once, and from then on only that it has no broker
        lost = self._complaint is not None and meaning(self._complaint) is Meaning.SILENT
        if lost and means in (Meaning.MOVING, Meaning.OTHER):
            means = Meaning.SILENT  # a client that lost the broker knows no topics, and says so in many ways
        match means:
            case Meaning.SILENT:
                told = self._unreachable("", said, "")
                return told.code, f"Kafka at {servers} does not answer ({said})", told.fix
            case Meaning.MOVING:
                fix = "Restore the topic. If the log was deleted, begin one under another name: the sources deliver again."
                return "HR-504", f"a topic of the log is not there ({error.str()})", fix
            case Meaning.FORBIDDEN:
                user = self._settings.client.get("sasl.username")
                who = f"user {user!r}" if user else "us"
                fix = "Give the target's Kafka settings a user, and its password, that may read, write and make the topics of this log."
                return "HR-516", f"Kafka at {servers} refuses {who} ({said})", fix
            case Meaning.TOO_LARGE:
                fix = "Split the row. Or let the broker take larger records: max.message.bytes of the topic."
                return "HR-512", f"a row is larger than the broker takes ({said})", fix
            case Meaning.GONE:
                gone = self.shortened("Records")
                return gone.code, gone.what.removesuffix("."), gone.fix
            case Meaning.DISK:
                fix = "Free space on the broker's disk, or mend it; see the broker's own log. Then append again."
                return "HR-510", f"the broker cannot write to its disk ({said})", fix
            case Meaning.OTHER:
                return "HR-518", f"Kafka at {servers} says: {said} ({error.name()})", "See the broker's own log."

    def _complained(self, error: KafkaError) -> None:
        self._complaint = telling(self._complaint, error)


def _worth_repeating(error: KafkaError) -> bool:
    return meaning(error) is Meaning.MOVING or error.code() in _STARTING
