"""How far the engine has come, and what it was made for: properties of one table, of which each commit is all or nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from headrace.engine.protocol import Mark, SourceTable
from headrace.engine.spark.store import Store

_KIND, _NAME = "node", "ledger"
_MARK, _MODEL, _SOURCE = "headrace.mark", "headrace.model.", "headrace.source."


class Ledger:
    """The mark, the fingerprint of each model that is built, and the definition of each source."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._setting = threading.Lock()
        if _NAME not in store.names(_KIND):
            store.create(_KIND, _NAME, {"nothing": "INTEGER"})

    def mark(self) -> Mark:
        text = self._held().get(_MARK)
        if text is None:
            return Mark(0, {}, None)
        epoch, offsets, moment = json.loads(text)
        return Mark(epoch, offsets, None if moment is None else datetime.fromisoformat(moment))

    def set_mark(self, mark: Mark) -> None:
        moment = None if mark.time is None else mark.time.isoformat()
        self._set({_MARK: json.dumps([mark.epoch, dict(mark.offsets), moment])})

    def models(self) -> dict[str, str]:
        return self._named(_MODEL)

    def set_model(self, name: str, fingerprint: str) -> None:
        self._set({_MODEL + name: fingerprint})

    def forget(self, models: Sequence[str]) -> None:
        if models:
            update = self._store.loaded(_KIND, _NAME).updateProperties()
            for name in models:
                update = update.remove(_MODEL + name)
            update.commit()

    def sources(self) -> dict[str, str]:
        return self._named(_SOURCE)

    def set_source(self, source: SourceTable) -> None:
        self._set({_SOURCE + source.name: definition(source)})

    def _named(self, prefix: str) -> dict[str, str]:
        return {key.removeprefix(prefix): text for key, text in self._held().items() if key.startswith(prefix)}

    def _held(self) -> dict[str, str]:
        return dict(self._store.loaded(_KIND, _NAME).properties())

    def _set(self, values: Mapping[str, str]) -> None:
        with self._setting:
            update = self._store.loaded(_KIND, _NAME).updateProperties()
            for key, value in values.items():
                update = update.set(key, value)
            update.commit()


def definition(source: SourceTable) -> str:
    return json.dumps([dict(source.columns), source.changelog, list(source.key)])
