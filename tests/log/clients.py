"""What a client of a broker says, and does not say, while the broker is going away."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, KafkaException


class Said:
    """In place of a message: an error of that code."""

    def __init__(self, code: int) -> None:
        self._code = code

    def error(self) -> KafkaError:
        return KafkaError(self._code)


class Away:
    """A client that gets no answer when it asks for the ends of topics."""

    def __init__(self, reader: Consumer) -> None:
        self._reader = reader

    def get_watermark_offsets(self, *_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)
