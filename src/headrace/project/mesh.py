"""What a project with domains has to have, before any of its SQL is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from headrace.errors import Place, ProjectError
from headrace.project.document import Document
from headrace.project.domain import Domain, Product
from headrace.project.files import DOMAINS
from headrace.project.model import Model
from headrace.project.near import nearest
from headrace.project.policy import Policy, Promises
from headrace.project.problems import ProjectErrors
from headrace.project.project import Project


def domain_of(root: Path, path: Path) -> str:
    """The domain in whose folder a file lies; empty for one of the whole project."""
    parts = path.relative_to(root).parts
    return parts[1] if len(parts) > 2 and parts[0] == DOMAINS else ""


def check_mesh(
    project: Project,
    document: Document,
    domains: Mapping[str, Domain],
    products: Mapping[str, Product],
    models: Mapping[str, Model],
    policies: Mapping[str, Policy],
) -> None:
    """Hold a project's domains, products and promises against each other.

    Raises:
        ProjectErrors: HR-212 the pattern and the folders disagree, or a product is no model of its domain; HR-220 a promise is
            longer than a policy has it, or something is not promised.
    """
    problems = [
        *_pattern(project, document, domains),
        *(problem for product in products.values() for problem in _published(product, models)),
    ]
    for policy in policies.values():
        if isinstance(policy, Promises):
            problems += _contacts(policy, domains)
            problems += [problem for product in products.values() for problem in _promised(policy, product)]
    if problems:
        raise ProjectErrors(problems)


def _pattern(project: Project, document: Document, domains: Mapping[str, Domain]) -> Iterator[ProjectError]:
    where = document.place(("pattern",)) if "pattern" in document.value else Place(document.path)
    if project.pattern == "mesh" and not domains:
        what = f"`pattern: mesh` needs domains, and {DOMAINS}/ has none"
        yield ProjectError(what, code="HR-212", where=where, fix=f"add {DOMAINS}/NAME/domain.yaml with its `owner`")
    if project.pattern != "mesh" and domains:
        what = f"{DOMAINS}/ has {', '.join(domains)}, and the project's pattern is `{project.pattern}`"
        yield ProjectError(what, code="HR-212", where=where, fix="write `pattern: mesh`, or move what they hold out")


def _published(product: Product, models: Mapping[str, Model]) -> Iterator[ProjectError]:
    own = [name for name, model in models.items() if model.domain == product.domain]
    if product.name not in own:
        what = f"{product.domain} has no model {product.name!r} that it could publish"
        fix = nearest(product.name, own, "its models are") if own else "write the model"
        yield ProjectError(what, code="HR-212", where=Place(product.file), fix=fix)


def _contacts(policy: Promises, domains: Mapping[str, Domain]) -> Iterator[ProjectError]:
    for domain in domains.values():
        if policy.contact and not domain.contact.strip():
            what = f"the policy {policy.name} wants a `contact` of every domain, and {domain.name} has none"
            fix = "add `contact:`, how its owner is reached"
            yield ProjectError(what, code="HR-220", where=Place(domain.file), fix=fix)


def _promised(policy: Promises, product: Product) -> Iterator[ProjectError]:
    for what in ("freshness", "proven"):
        limit, promised = getattr(policy, what), getattr(product, what)
        if limit is None or (promised is not None and promised <= limit):
            continue
        said = f"promises `{what}: {promised}`" if promised is not None else f"does not promise `{what}`"
        fix = f"promise {limit} or less, or change the policy in {policy.file}"
        yield ProjectError(
            f"{product.name} {said}; the policy {policy.name} allows {limit} at most",
            code="HR-220",
            where=Place(product.file),
            fix=fix,
        )
