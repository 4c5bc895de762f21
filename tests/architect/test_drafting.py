"""A language model that drafts: what is true is taken, and each kind of lie is refused with its reason. The endpoint is a real one, here."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headrace.architect import design, knowledge, read
from headrace.architect.document.parts import blocks
from headrace.architect.drafting import CHAPTERS, Chapter, chapters, faults, sentences
from headrace.cli.app import app
from headrace.errors import DesignError

ROOT = Path(__file__).parents[2]
BRIEF = ROOT / "examples" / "requirements" / "brief.yaml"
DESIGN = design(read(BRIEF), knowledge())
PARTS = {chapter.title: chapter for chapter in chapters(blocks(DESIGN))}
PATTERN, FLOW, SELECTION = (PARTS[CHAPTERS[n]] for n in (0, 2, 3))
M = "[§2 Pattern matrix; brief 2.1]"
TRUE = f"Lambda is rated excellent for real-time and batch, and scores 4.56 of 5. {M} Kappa scores 2.67. {M}"


def lead(chapter: Chapter) -> str:
    """What a faithful model would write: the first statements as they stand, each sentence with its marks."""
    written = []
    for statement in [one for one in chapter.statements if "[§" in one][:4]:
        marks = " ".join(re.findall(r"\[(?:§|E\d|R: )[^\]]*\]", statement))
        body = re.sub(r"\[(?:§|E\d|R: )[^\]]*\]", "", statement).strip()
        written += [f"{part} {marks}" for part in sentences(body)]
    return "\n".join(written)


LIES: dict[str, tuple[str, str]] = {
    "no citation": ("Lambda scores 4.56 of 5.", "cites no section"),
    "one sentence of two without a citation": (f"Lambda scores 4.56 of 5. Kappa scores 2.67. {M}", "cites no section"),
    "a section that is not there": ("Lambda scores 4.56 of 5. [§9 Magic]", "no section of the framework"),
    "another number in the brief": (
        "Lambda scores 4.56 of 5. [§2 Pattern matrix; brief 2.2]",
        "no section of the framework",
    ),
    "a section cited by one numbering": ("Lambda scores 4.56 of 5. [§2 Pattern matrix]", "no section of the framework"),
    "a section of another chapter": (
        "Lambda scores 4.56 of 5. [§6.2 Compliance; brief 4.1]",
        "no statement of the chapter",
    ),
    "evidence that is not there": (f"Lambda scores 4.56 of 5. {M} [E999]", "[E999]"),
    "a requirement that is not there": (f"Lambda scores 4.56 of 5. {M} [R: budget.weekly]", "[R: budget.weekly]"),
    "an invented figure": (f"Lambda scores 4.56 of 5 and takes 99 days. {M}", "says 99"),
    "a changed figure": (f"Lambda scores 4.65 of 5. {M}", "says 4.65"),
    "a figure of another statement": ("Lambda scores 4.56 of 5. [§4.1 Lambda; brief 2.1]", "says 4.56"),
    "a share that nobody worked out": (f"Lambda is better by 73%. {M}", "says 73"),
    "a figure in words": (f"Lambda is a hundred times better. {M}", "says hundred"),
    "a year": (f"Lambda was decided in 2027. {M}", "says 2027"),
    "another currency": (f"Lambda scores 4.56 of 5 £. {M}", "says £"),
    "another pattern recommended": (f"Kappa is recommended. {M}", "recommends Kappa"),
    "another pattern's rating": (f"Kappa is rated excellent for real-time and batch. {M}", "rates Kappa excellent"),
    "a technology that is not there": (
        f"Lambda is built on Materialize Cloud and Apache Pinot. {M}",
        "names Apache Pinot",
    ),
    "an address": (f"Lambda scores 4.56 of 5, see https://example.com. {M}", "an address"),
    "HTML": (f"<b>Lambda</b> scores 4.56 of 5. {M}", "HTML"),
    "a heading": (f"# Lambda\nLambda scores 4.56 of 5. {M}", "headings"),
    "a table": (f"| Lambda | 4.56 |\nLambda scores 4.56 of 5. {M}", "tables"),
    "nothing": ("  \n", "empty"),
    "no end": (" ".join([f"Lambda scores 4.56 of 5. {M}"] * 80), "characters"),
}


def test_what_is_true_holds() -> None:
    assert faults(TRUE, PATTERN, DESIGN) == []


@pytest.mark.parametrize("chapter", [PATTERN, FLOW, SELECTION], ids=lambda chapter: chapter.title)
def test_statements_of_a_chapter_hold_in_it(chapter: Chapter) -> None:
    text = lead(chapter)
    assert len(sentences(text)) >= 3
    assert faults(text, chapter, DESIGN) == []


@pytest.mark.parametrize("lie", LIES)
def test_each_kind_of_lie_is_told(lie: str) -> None:
    text, why = LIES[lie]
    assert any(why in one for one in faults(text, PATTERN, DESIGN)), faults(text, PATTERN, DESIGN)


Answer = Callable[[dict[str, Any]], tuple[int, str]]


@pytest.fixture
def endpoint() -> Iterator[Callable[[Answer], tuple[str, list[dict[str, Any]]]]]:
    """A server that answers as it is told; with its address, what it was asked."""
    servers: list[HTTPServer] = []

    def started(answer: Answer) -> tuple[str, list[dict[str, Any]]]:
        asked: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
                status, text = answer(body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1", asked

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def completion(text: str) -> tuple[int, str]:
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


def faithful(body: dict[str, Any]) -> tuple[int, str]:
    title = body["messages"][1]["content"].split("\n")[0].removeprefix("Chapter: ")
    return completion(lead(PARTS[title]))


def drafted(out: Path, url: str, monkeypatch: pytest.MonkeyPatch, *, key: str = "secret-key") -> Any:
    monkeypatch.setenv("HEADRACE_LLM_KEY", key)
    return CliRunner().invoke(app, ["design", str(BRIEF), "--out", str(out), "--llm", url, "--llm-model", "stub"])


def test_a_faithful_model_drafts_every_chapter(endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, asked = endpoint(faithful)
    done = drafted(tmp_path, url, monkeypatch)
    assert done.exit_code == 0, done.exception
    text = (tmp_path / "narrative.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(CHAPTERS)
    assert {one["path"] for one in asked} == {"/v1/chat/completions"}
    assert {one["key"] for one in asked} == {"Bearer secret-key"}
    assert "secret-key" not in text + done.output


def test_a_liar_is_asked_once_more_and_then_refused_with_the_reason(
    endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = endpoint(lambda _: completion(LIES["an invented figure"][0]))
    (tmp_path / "narrative.md").write_text("of an earlier design")
    done = drafted(tmp_path, url, monkeypatch)
    assert isinstance(done.exception, DesignError)
    assert done.exception.code == "HR-003"
    assert "says 99" in done.exception.what
    assert len(asked) == 2
    assert "says 99" in asked[1]["messages"][-1]["content"]
    assert (tmp_path / "architecture.md").exists()
    assert not (tmp_path / "narrative.md").exists()


def test_who_mends_what_was_wrong_is_taken(endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = endpoint(lambda body: faithful(body) if len(body["messages"]) > 2 else completion("Trust me."))
    assert drafted(tmp_path, url, monkeypatch).exit_code == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, "oops"), "500"),
        ((401, "who?"), "401"),
        ((200, "no JSON"), "not that of a chat completion"),
        ((200, '{"choices": []}'), "not that of a chat completion"),
        ((200, '{"choices": [{"message": {"content": null}}]}'), "has no text"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_told(
    endpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str], said: str
) -> None:
    url, _ = endpoint(lambda _: answer)
    done = drafted(tmp_path, url, monkeypatch)
    assert isinstance(done.exception, DesignError)
    assert done.exception.code == "HR-002"
    assert said in done.exception.what
    assert "secret-key" not in str(done.exception)
    assert (tmp_path / "architecture.md").exists()


def test_nobody_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = drafted(tmp_path, "http://127.0.0.1:9/v1", monkeypatch)
    assert getattr(done.exception, "code", "") == "HR-002"


def test_an_address_without_a_model_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["design", str(BRIEF), "--out", str(tmp_path), "--llm", "http://127.0.0.1:9"])
    assert getattr(done.exception, "code", "") == "HR-116"
