"""The addresses of resources: what each is called, and how it is made."""

from __future__ import annotations

ROOT = "headrace://"

KNOWLEDGE = f"{ROOT}knowledge"
PATTERNS = f"{KNOWLEDGE}/patterns"
SECTIONS = f"{ROOT}framework/sections"
SCHEMA = f"{ROOT}requirements/schema"
REFERENCE = f"{ROOT}requirements/reference"
ERRORS = f"{ROOT}errors"


def of_component(component: str) -> str:
    return f"{KNOWLEDGE}/technologies/{component}"


def of_technology(component: str, technology: str) -> str:
    return f"{of_component(component)}/{technology}"


def of_evidence(name: str) -> str:
    return f"{KNOWLEDGE}/evidence/{name}"


def of_pattern(pattern: str) -> str:
    return f"{PATTERNS}/{pattern}"


def of_example(name: str) -> str:
    return f"{ROOT}requirements/examples/{name}"


def of_design(name: str) -> str:
    """A document of the design that was made last."""
    return f"{ROOT}design/last/{name}"
