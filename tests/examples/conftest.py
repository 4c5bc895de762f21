from __future__ import annotations

from collections.abc import Iterator

import pytest

from .batch import Batch, Moment
from .figures import newest_event


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return Batch(tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="session")
def year(batch: Batch) -> Iterator[Moment]:
    """The whole year, played."""
    with batch.at(newest_event()) as moment:
        yield moment
