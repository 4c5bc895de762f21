"""The word that was likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """Say which known word was likely meant; when none is near, all there are."""
    known = list(known)
    near = get_close_matches(word, known, n=1) or get_close_matches(word.lower(), known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"{otherwise} {', '.join(f'`{one}`' for one in known)}"
