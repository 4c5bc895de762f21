"""A project of random models, from a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from .maker import Maker, Query
from .queries import query
from .sources import TABLES, Table
from .stream import Epoch, stream

MODELS = 12
EPOCHS = 20
# Models with more rows than this are not read by others.
LARGEST_READ = 300


@dataclass(frozen=True)
class Project:
    """Generated models by name, the features in each, and the changes they are driven with."""

    seed: int
    models: dict[str, str]
    features: dict[str, Counter[str]]
    epochs: list[Epoch]


def project(seed: int, *, models: int = MODELS, epochs: int = EPOCHS) -> Project:
    """The same for the same seed, on every machine."""
    texts: dict[str, str] = {}
    features: dict[str, Counter[str]] = {}
    tables: list[Table] = list(TABLES)
    for number in range(models):
        make, made = _made(random.Random(f"{seed}:{number}"), tables)
        name = f"m{number}"
        texts[name], features[name] = made.sql, make.marks
        if made.size <= LARGEST_READ and all(c.kind != "DBLX" for c in made.columns) and make.chance(0.5):
            tables = [*tables, Table(name, made.columns, made.size)]
    return Project(seed, texts, features, stream(random.Random(f"{seed}:stream"), epochs))


def _made(rng: random.Random, tables: list[Table]) -> tuple[Maker, Query]:
    make = Maker(rng, tables)
    return make, query(make)
