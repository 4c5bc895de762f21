"""A language model behind an OpenAI-compatible endpoint: asked for passages, which are checked before anybody reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from headrace.architect.design import Design
from headrace.architect.document.blocks import Block
from headrace.architect.drafting import Chapter, asked, chapters, faults
from headrace.errors import DesignError

SECONDS = 120.0
TRIES = 2
"""A passage that is refused is asked for once more, with the reasons."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers.

    Attributes:
        url: up to and without ``/chat/completions``.
        model: its name there.
        key: sent as a bearer token; empty for none. It is in no message and no file.
    """

    url: str
    model: str
    key: str = ""


def narrative(design: Design, blocks: Sequence[Block], endpoint: Endpoint) -> str:
    """Have every chapter drafted, and return the text of ``narrative.md``.

    Raises:
        DesignError: HR-002, the model does not answer; HR-003, what it drafted does not hold.
    """
    with httpx.Client(
        timeout=SECONDS, headers={"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    ) as client:
        passages = [
            f"## {chapter.title}\n\n{_drafted(client, chapter, design, endpoint)}" for chapter in chapters(blocks)
        ]
    told = f"Drafted by the language model `{endpoint.model}` from the design, and checked against it: every citation, figure and name is in the statement that it cites."
    return "\n\n".join([f"# {design.needs.requirements.name}: in short", told, *passages]) + "\n"


def _drafted(client: httpx.Client, chapter: Chapter, design: Design, endpoint: Endpoint) -> str:
    messages = asked(chapter)
    wrong: list[str] = []
    for _ in range(TRIES):
        text = _answer(client, messages, endpoint)
        wrong = faults(text, chapter, design)
        if not wrong:
            return text.strip()
        again = "This does not hold:\n" + "\n".join(f"- {one}" for one in wrong) + "\nWrite it again."
        messages = [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": again}]
    raise DesignError(
        f"what the model drafted for “{chapter.title}” does not hold: {'; '.join(wrong[:3])}{f'; and {len(wrong) - 3} more' if len(wrong) > 3 else ''}",
        code="HR-003",
        state="The design is written, without the draft.",
        fix="try again, or another model; the design needs none",
    )


def _answer(client: httpx.Client, messages: Sequence[dict[str, str]], endpoint: Endpoint) -> str:
    try:
        found = client.post(
            f"{endpoint.url.rstrip('/')}/chat/completions",
            json={"model": endpoint.model, "temperature": 0, "messages": list(messages)},
        )
        found.raise_for_status()
        text = found.json()["choices"][0]["message"]["content"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, IndexError, TypeError) as error:
        raise _silent(endpoint, _said(error)) from None
    if not isinstance(text, str):
        raise _silent(endpoint, "its answer has no text")
    return text


def _said(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    return (
        str(error)
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL)
        else "its answer is not that of a chat completion"
    )


def _silent(endpoint: Endpoint, why: str) -> DesignError:
    return DesignError(
        f"the model at {endpoint.url} does not answer: {why}",
        code="HR-002",
        state="The design is written, without the draft.",
        fix="see that the address ends before /chat/completions and the model's name is right; the key is HEADRACE_LLM_KEY in the environment",
    )
