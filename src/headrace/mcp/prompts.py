"""Prompts: how a language model is to work with the architect. Each tells it to cite, and to invent nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mcp_types as types

from headrace.architect.interview import questions
from headrace.architect.write import DOCUMENT, RECORD
from headrace.errors import UsageError
from headrace.mcp.addresses import REFERENCE, of_design
from headrace.mcp.given import LARGEST, TOO_LARGE

CITE = """\
Rules:
- Every figure, name and rating that you state stands in an answer of the tools or in a resource. Invent none, and round none.
- Every statement ends with what it rests on, copied letter by letter: the section, as in [§4.1 Lambda; brief 2.1], and the evidence by name where there is some.
- What the tools do not say, you do not know: say so, and say which requirement or which measurement would tell.
- A tool's error says what is wrong and how to mend it. Do as it says, or tell the user; do not go round it."""

Values = Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """An argument of a prompt."""

    name: str
    says: str


@dataclass(frozen=True)
class Prompt:
    """A prompt; `text` gets the arguments that were given."""

    name: str
    title: str
    says: str
    wants: tuple[Wanted, ...]
    text: Callable[[Values], str]

    @property
    def listed(self) -> types.Prompt:
        """As clients see it."""
        arguments = [types.PromptArgument(name=one.name, description=one.says, required=False) for one in self.wants]
        return types.Prompt(name=self.name, title=self.title, description=self.says, arguments=arguments)

    def got(self, given: Values) -> types.GetPromptResult:
        """Make it.

        Raises:
            UsageError: HR-160, the arguments are not what it wants; HR-163, they are too large.
        """
        known = {one.name for one in self.wants}
        if sum(len(name) + len(value) for name, value in given.items()) > LARGEST:
            raise UsageError(
                f"{self.name}: the arguments are too large", code=TOO_LARGE, fix=f"send {LARGEST:,} characters at most"
            )
        if wrong := sorted(given.keys() - known):
            what = f"{self.name}: {', '.join(wrong)} is no argument of it"
            raise UsageError(what, code="HR-160", fix=f"arguments: {', '.join(sorted(known))}")
        content = types.TextContent(text=f"{self.text(given)}\n\n{CITE}")
        return types.GetPromptResult(
            description=self.says, messages=[types.PromptMessage(role="user", content=content)]
        )


def _gather(given: Values) -> str:
    asked = "\n".join(f"- {question}" for question in questions())
    told = f"\n\nKnown already, and not to be asked again:\n\n{given['known']}" if "known" in given else ""
    return f"""\
Interview me for the requirements of a data platform, and write them as a requirements file (YAML).

Ask a few questions at a time, in this order; source by source, workload by workload:

{asked}

Only a name, one source and one workload have to be known. What I do not know is left out of the file, never guessed: it becomes an assumption that the design states. \
The keys are those of {REFERENCE}. When you have them, show me the file and call the tool `design` with it. Then tell me the assumptions that it made, and the requirements that do not go together.{told}"""


def _justify(given: Values) -> str:
    how = (
        "Call the tool `design` with these requirements"
        if "requirements" in given
        else "Use the design that was made last in this session"
    )
    told = f"\n\nRequirements:\n\n{given['requirements']}" if "requirements" in given else ""
    return f"""\
Justify the design of a data platform to {given.get("audience", "the people who decide on it")}.

{how}, and read {of_design(DOCUMENT)}. Then argue, in this order: the pattern, with its score, how firm the choice is and what would turn it round; the place; the stack, part by part, \
with the best alternative to each and why it is not taken (the tool `compare` has every factor); the costs over three years, machines and people apart; what was assumed; what speaks against the design. \
It need not be Headrace that fits: say so where it does not.{told}"""


def _review(given: Values) -> str:
    project = f" with `project: {given['project']}`" if "project" in given else ""
    focus = f" Look first at: {given['focus']}." if "focus" in given else ""
    return f"""\
Review the design of a data platform.

Call the tool `review`{project}, and read {of_design(RECORD)} if a design was made in this session.{focus} Then tell, in this order: checks that failed, each with what would mend it; \
requirements that do not go together; risks, the gravest first, each with its mitigation; where the project has drifted from the design, each with its fix; questions that stay open, each with who could answer it. \
Do not answer an open question yourself."""


_REQUIREMENTS = Wanted("requirements", "The text of a requirements file. Without: the design that was made last.")

PROMPTS = {
    one.name: one
    for one in (
        Prompt("gather_requirements", "Gather requirements", "An interview that ends in a requirements file.", (Wanted("known", "What is known already, in any words."),), _gather),
        Prompt("justify_design", "Justify a design", "Argue a design with its figures and citations.", (_REQUIREMENTS, Wanted("audience", "Who is to be convinced.")), _justify),
        Prompt("review_design", "Review a design", "Go through checks, risks, conflicts and drift.", (Wanted("project", "A project's folder within the root, to compare with the design."), Wanted("focus", "What to look at first.")), _review),
    )
}  # fmt: skip
