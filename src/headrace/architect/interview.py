"""Requirements asked for one by one. Every answer may be left out: what nobody knows yet becomes a stated assumption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ValidationError, create_model

from headrace.architect.requirements import (
    Budget,
    Cloud,
    Domain,
    History,
    Requirements,
    SourceNeed,
    Team,
    Workload,
)
from headrace.project.written import dump

Ask = Callable[[str, str], str]
"""Question and what is taken if nothing is answered -> the answer."""
Say = Callable[[str], None]

MORE = "Another? Leave the name empty to go on."


def interview(ask: Ask, say: Say) -> str:
    """Ask for requirements, and return them as the text of a file.

    Args:
        ask: puts a question; an answer that cannot be taken is asked for again, with the reason told to `say`.
    """
    talk = _Talk(ask, say)
    told: dict[str, Any] = {"name": talk.one(Requirements, "name", "What is the platform called?", "Data platform")}
    talk.set(told, Requirements, "summary", "What is it for, in a sentence?")
    told["sources"] = talk.several("Where does data come from? Say it source by source.", lambda: _source(talk))
    told["workloads"] = talk.several(
        "What is wanted of it? Dashboards, alerts, reports, one by one.", lambda: _workload(talk)
    )
    _company(talk, told)
    _place(talk, told)
    return "# Asked for by `headrace design --interview`.\n" + dump(told)


def _source(talk: _Talk) -> dict[str, Any] | None:
    name = talk.one(SourceNeed, "name", "Source: its name (small letters, digits, _)?", "")
    if name is None:
        return None
    made: dict[str, Any] = {"name": name, "kind": talk.one(SourceNeed, "kind", "What is it?", "events")}
    talk.set(made, SourceNeed, "records_per_second", "Records a second, on average?")
    talk.set(made, SourceNeed, "holds", "What in it must be protected?")
    talk.set(made, SourceNeed, "domain", "Which domain of the company does it belong to?")
    return made


def _workload(talk: _Talk) -> dict[str, Any] | None:
    name = talk.one(Workload, "name", "Workload: its name?", "")
    if name is None:
        return None
    made: dict[str, Any] = {"name": name, "kind": talk.one(Workload, "kind", "What is it?", "dashboard")}
    made["freshness"] = talk.text(Workload, "freshness", "How old may an answer be (`5 seconds`, `1 day`)?", "1 minute")
    talk.set(made, Workload, "users", "How many use it?")
    talk.set(made, Workload, "domain", "For which domain?")
    return made


def _company(talk: _Talk, told: dict[str, Any]) -> None:
    history: dict[str, Any] = {}
    talk.set(history, History, "years", "How many years are records kept?")
    talk.set(history, History, "restated", "Are past records corrected or loaded again in bulk (true, false)?")
    if history:
        told["history"] = history
    names = sorted({part["domain"] for part in (*told["sources"], *told["workloads"]) if "domain" in part})
    if names:
        told["domains"] = [_owned(talk, name) for name in names]
        talk.set(
            told,
            Requirements,
            "autonomous_domains",
            "Do domains have people who build and answer for their own data (true, false)?",
        )
    talk.set(told, Requirements, "complexity", "How involved are the transformations?")
    talk.set(told, Requirements, "sensitivity", "How sensitive is the data?")
    talk.set(told, Requirements, "regulation", "Which laws and standards apply?")


def _owned(talk: _Talk, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name}
    talk.set(made, Domain, "owner", f"Who answers for the data of {name}?")
    return made


def _place(talk: _Talk, told: dict[str, Any]) -> None:
    strategy = talk.one(Cloud, "strategy", "What is the cloud strategy?", "cloud_neutral")
    told["cloud"] = {"strategy": strategy}
    if strategy == "cloud_first":
        talk.set(told["cloud"], Cloud, "provider", "Which provider?")
    budget = talk.one(Budget, "monthly", "What may it cost in a month?", "")
    if budget is not None:
        told["budget"] = {"monthly": budget, "currency": talk.one(Budget, "currency", "In which currency?", "USD")}
    team: dict[str, Any] = {}
    talk.set(team, Team, "engineers", "How many engineers are there?")
    talk.set(team, Team, "skills", "What do they know?")
    if team:
        told["team"] = team
    talk.set(told, Requirements, "open_source", "Must or should its parts be open source?")


def questions() -> list[str]:
    """Every question that an interview puts, in its order: one is held with somebody who has an answer to each."""
    put: dict[str, int] = {}

    def answer(question: str, _: str) -> str:
        put[question] = put.get(question, 0) + 1
        if question.endswith("]"):
            return question[question.rindex("[") + 1 : -1].split(", ", maxsplit=1)[0]
        return {1: "each_one", 2: "1"}.get(
            put[question], ""
        )  # a word, or if that cannot be taken a number, and no more

    interview(answer, lambda _: None)
    return list(put)


class _Talk:
    """Puts questions until their answers can be taken."""

    def __init__(self, ask: Ask, say: Say) -> None:
        self._ask = ask
        self._say = say

    def several(self, opening: str, one: Callable[[], dict[str, Any] | None]) -> list[dict[str, Any]]:
        """Ask for things until there is no more; at least one."""
        self._say(opening)
        found: list[dict[str, Any]] = []
        while (made := one()) is not None or not found:
            if made is None:
                self._say("At least one is needed.")
            elif made["name"] in {other["name"] for other in found}:
                self._say(f"There is one called {made['name']} already.")
            else:
                found.append(made)
                self._say(MORE)
        return found

    def set(self, into: dict[str, Any], cls: type[BaseModel], key: str, question: str) -> None:
        """Ask for a value that may be left out."""
        value = self.one(cls, key, question, "")
        if value is not None:
            into[key] = value

    def one(self, cls: type[BaseModel], key: str, question: str, default: str) -> Any:
        """Ask for a value; None if it is left out."""
        text = self.text(cls, key, question, default)
        return None if text == "" else _value(text, cls, key)

    def text(self, cls: type[BaseModel], key: str, question: str, default: str) -> str:
        """Ask for a value, and return the answer as it was given."""
        choices = _choices(cls, key)
        shown = f"{question} [{', '.join(choices)}]" if choices else question
        while True:
            text = self._ask(shown, default).strip()
            if text == "":
                return ""
            if not (fault := _fault(text, cls, key)):
                return text
            self._say(fault)


def _choices(cls: type[BaseModel], key: str) -> list[str]:
    """The words that a field takes, if it takes only some."""
    found: list[str] = []
    waiting: list[Any] = [get_type_hints(cls, include_extras=True)[key]]
    while waiting:
        for argument in get_args(waiting.pop(0)):
            if isinstance(argument, str):
                found.append(argument)
            else:
                waiting.append(argument)
    return list(dict.fromkeys(found))


def _is_list(cls: type[BaseModel], key: str) -> bool:
    return "tuple[" in str(cls.model_fields[key].annotation)


def _value(text: str, cls: type[BaseModel], key: str) -> Any:
    """An answer as YAML would have it; of a list, the words between commas."""
    if _is_list(cls, key):
        return [word.strip() for word in text.split(",") if word.strip()]
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _fault(text: str, cls: type[BaseModel], key: str) -> str:
    """Say why an answer cannot be taken; empty when it can."""
    field = cls.model_fields[key]
    alone = create_model("Alone", __base__=None, **{key: (get_type_hints(cls, include_extras=True)[key], field)})  # type: ignore[call-overload]
    try:
        alone.model_validate({key: _value(text, cls, key)})
    except ValidationError as error:
        return _told(error.errors()[0], _choices(cls, key))
    return ""


def _told(details: Any, choices: Sequence[str]) -> str:
    context = details.get("ctx", {})
    if "what" in context:
        return f"{context['what']}: {context['fix']}."
    if choices:
        return f"That is not one of {', '.join(choices)}."
    return f"{details['msg']}."
