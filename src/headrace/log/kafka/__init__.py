"""The log on Kafka.

settings     where the broker is, what the topics are called
topics       the topics: names, settings, making, deleting what was trimmed
entries      what the journal and the ledger hold: one record is one commit
state        what the journal adds up to: streams, positions, keys
ledger       what the ledger adds up to, and the epochs that are no longer in memory
snapshots    the state written down, so that nobody has to add up the whole journal
snapshotting when, and what is deleted then
follower     reads journal and ledger as they grow; answers those who wait
committer    writes rows, then the entries that make them count
fetch        rows of a range
broker       clients, and what the broker says, in words that help
markers      what is said of published epochs
publisher    writes what is published of models
published    reads it
changelogs   both, opened
examine      whether a broker would do
log          all of it behind the protocol

Why a journal and not Kafka's transactions: ``docs/adr/0017-a-journal-on-kafka.md``.
"""

from __future__ import annotations

from headrace.log.kafka.changelogs import open_published, open_publisher
from headrace.log.kafka.examine import examine
from headrace.log.kafka.log import KafkaLog, delete_kafka, open_kafka
from headrace.log.kafka.markers import Build, Marker
from headrace.log.kafka.published import Published
from headrace.log.kafka.publisher import Publisher
from headrace.log.kafka.settings import KafkaSettings

__all__ = [
    "Build",
    "KafkaLog",
    "KafkaSettings",
    "Marker",
    "Published",
    "Publisher",
    "delete_kafka",
    "examine",
    "open_kafka",
    "open_published",
    "open_publisher",
]
