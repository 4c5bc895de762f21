"""The example of three domains, broken in one place each: what is refused, at which file, and before anything runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.engine import DuckDBOracle
from headrace.errors import HeadraceError, ProjectError
from headrace.ingest import resolve
from headrace.project import ProjectErrors, load
from headrace.project.problems import CODES
from headrace.runtime.assemble import assemble
from headrace.runtime.governed import broken_rules

MESH = Path(__file__).parents[2] / "examples" / "mesh"
GOVERN = {"HR-220", "HR-221", "HR-222", "HR-223", "HR-224", "HR-225", "HR-226", "HR-227"}


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MESH, tmp_path / "mesh", ignore=shutil.ignore_patterns(".headrace")))


def broken(at: Path) -> list[ProjectError]:
    """Every rule that a project breaks."""
    try:
        project = load(at)
        assembly = assemble(project, DuckDBOracle(project.functions), lambda source: resolve(source, project.root))
    except ProjectErrors as errors:
        return list(errors.problems)
    return broken_rules(project, assembly)


def test_the_example_breaks_none(mesh: Path) -> None:
    assert broken(mesh) == []


def edited(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(at: Path) -> None:
        text = (at / file).read_text()
        assert old in text
        (at / file).write_text(text.replace(old, new))

    return edit


def written(file: str, text: str) -> Callable[[Path], None]:
    def write(at: Path) -> None:
        (at / file).parent.mkdir(parents=True, exist_ok=True)
        (at / file).write_text(text)

    return write


# how it is broken, the code, the file, part of what is said, part of the fix
BREAKS = {
    "a model reads what another domain keeps to itself": (
        written("domains/sales/models/mailing.sql", "SELECT count(*) AS n\nFROM newsletter_list\n"),
        ("HR-221", "domains/sales/models/mailing.sql", "sales may not read newsletter_list", "customer_directory"),
    ),
    "a model reads another domain's source": (
        written("domains/sales/models/mailing.sql", "SELECT country FROM customers"),
        (
            "HR-221",
            "domains/sales/models/mailing.sql",
            "sales may not read customers: it is customers's own",
            "customer_directory",
        ),
    ),
    "a model reads the rejected rows of all domains": (
        written("domains/sales/models/peek.sql", "SELECT source, raw FROM headrace_rejected"),
        ("HR-221", "domains/sales/models/peek.sql", "sales may not read headrace_rejected", "publishes nothing"),
    ),
    "a product of a model of another domain": (
        written(
            "domains/logistics/products/orders_placed.yaml",
            "version: 1.0.0\ndescription: x\nschema: {id: BIGINT}\nfreshness: 10 minutes\n",
        ),
        ("HR-209", "domains/sales/products/orders_placed.yaml", "the name 'orders_placed' is taken", "rename"),
    ),
    "a product of no domain": (
        written("products/orders_placed.yaml", "version: 1.0.0\n"),
        ("HR-213", "products/orders_placed.yaml", "belongs to no domain", "domains/NAME/products/"),
    ),
    "alerts of a domain, which nothing reads yet": (
        written("domains/sales/alerts/a.yaml", "x: 1\n"),
        ("HR-210", "domains/sales/alerts/a.yaml", "alerts/ is not supported", "move it"),
    ),
    "a dashboard of a domain reads what another keeps to itself": (
        edited("domains/sales/dashboards/sales.yaml", "FROM orders_placed", "FROM deliveries"),
        ("HR-221", "domains/sales/dashboards/sales.yaml", "dashboard sales, 'Orders'", "sales_by_country"),
    ),
    "the company's dashboard reads what is not published": (
        edited("dashboards/company.yaml", "FROM customer_directory", "FROM customers"),
        ("HR-221", "dashboards/company.yaml", "customers does not publish it", "customer_directory"),
    ),
    "an e-mail column without a tag": (
        edited("domains/sales/sources/orders.yaml", "tags: {customer_email: personal}\n", ""),
        (
            "HR-222",
            "domains/sales/sources/orders.yaml",
            "customer_email of orders looks like data of persons (email)",
            "personal",
        ),
    ),
    "a tag of a column that is not there": (
        edited("domains/logistics/sources/deliveries.yaml", "late: ledger\n", "late: ledger\ntags: {carier: none}\n"),
        ("HR-212", "domains/logistics/sources/deliveries.yaml", "the schema has no column 'carier'", "`carrier`"),
    ),
    "a product shows an e-mail address": (
        edited("domains/customers/models/customer_directory.sql", "sha256(email)", "lower(email)"),
        (
            "HR-223",
            "domains/customers/products/customer_directory.yaml",
            "customer_directory.customer shows data of persons",
            "sha256()",
        ),
    ),
    "a report shows a name": (
        edited("domains/customers/reports/customers.yaml", "SELECT country,", "SELECT max(full_name), country,"),
        ("HR-223", "domains/customers/reports/customers.yaml", "made of customers.full_name", "count it"),
    ),
    "a domain without an owner": (
        edited("domains/logistics/domain.yaml", "owner: logistics\n", ""),
        ("HR-206", "domains/logistics/domain.yaml", "`owner` is missing", "add `owner: …`"),
    ),
    "a domain that cannot be reached": (
        edited("domains/logistics/domain.yaml", "contact: logistics@mail-order.example\n", ""),
        ("HR-220", "domains/logistics/domain.yaml", "wants a `contact` of every domain", "add `contact:`"),
    ),
    "a folder of a domain that nobody answers for": (
        written("domains/returns/models/returned.sql", "SELECT 1 AS n"),
        ("HR-212", "domains/returns", "nobody answers for it", "`owner`"),
    ),
    "a model with another column than its contract": (
        edited("domains/sales/models/orders_placed.sql", "article, amount", "article, article AS what, amount"),
        (
            "HR-224",
            "domains/sales/products/orders_placed.yaml",
            "what (VARCHAR) is not in the contract",
            "version",
        ),
    ),
    "a model with another type than its contract": (
        edited(
            "domains/sales/models/orders_placed.sql",
            "amount, ordered_at",
            "CAST(amount AS DOUBLE) AS amount, ordered_at",
        ),
        ("HR-224", "domains/sales/products/orders_placed.yaml", "amount is DOUBLE, not DECIMAL(12,2)", "version"),
    ),
    "a contract without a version": (
        edited("domains/sales/products/orders_placed.yaml", "version: 1.1.0\n", ""),
        ("HR-206", "domains/sales/products/orders_placed.yaml", "`version` is missing", "add"),
    ),
    "a version that is none": (
        edited("domains/sales/products/orders_placed.yaml", "version: 1.1.0\n", "version: v2\n"),
        ("HR-207", "domains/sales/products/orders_placed.yaml", "'v2' is not a version", "three numbers"),
    ),
    "a product that is no model": (
        written(
            "domains/sales/products/orders.yaml",
            "version: 1.0.0\ndescription: x\nschema: {id: BIGINT}\nfreshness: 10 minutes\n",
        ),
        ("HR-212", "domains/sales/products/orders.yaml", "sales has no model 'orders'", "orders_placed"),
    ),
    "a key that is no column": (
        edited("domains/sales/products/orders_placed.yaml", "key: [order_id]", "key: [id]"),
        ("HR-212", "domains/sales/products/orders_placed.yaml", "no column 'id'", "order_id"),
    ),
    "fresher than its source may be late": (
        edited("domains/sales/products/orders_placed.yaml", "freshness: 10 minutes", "freshness: 1 minute"),
        (
            "HR-226",
            "domains/sales/products/orders_placed.yaml",
            "its source orders may deliver 0:05:00 late",
            "0:05:00 or more",
        ),
    ),
    "fresher than what it reads": (
        edited("domains/logistics/products/delivery_times.yaml", "freshness: 15 minutes", "freshness: 6 minutes"),
        (
            "HR-226",
            "domains/logistics/products/delivery_times.yaml",
            "orders_placed, which it reads, promises 0:10:00",
            "or more",
        ),
    ),
    "staler than the policy allows": (
        edited("domains/logistics/products/delivery_times.yaml", "freshness: 15 minutes", "freshness: 2 hours"),
        (
            "HR-220",
            "domains/logistics/products/delivery_times.yaml",
            "the policy products allows 1:00:00 at most",
            "change the policy",
        ),
    ),
    "a model outside of every domain": (
        written("models/total.sql", "SELECT count(*) AS n FROM orders_placed"),
        ("HR-213", "models/total.sql", "belongs to no domain", "domains/NAME/models/"),
    ),
    "functions of a domain of its own": (
        written("domains/sales/functions/f.py", "__all__ = []\n"),
        ("HR-213", "domains/sales/functions/f.py", "a domain has no functions of its own", "all domains share"),
    ),
    "two domains with one name for a model": (
        written("domains/logistics/models/orders_placed.sql", "SELECT 1 AS n"),
        ("HR-209", "domains/sales/models/orders_placed.sql", "the name 'orders_placed' is taken", "rename"),
    ),
    "domains, and another pattern": (
        edited("headrace.yaml", "pattern: mesh", "pattern: kappa"),
        ("HR-212", "headrace.yaml", "the project's pattern is `kappa`", "`pattern: mesh`"),
    ),
    "a policy of no kind": (
        edited("policies/products.yaml", "kind: products", "kind: product"),
        ("HR-207", "policies/products.yaml", "'product' is not a kind of policy", "`products`"),
    ),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_breaks_a_rule_is_refused_at_its_file(mesh: Path, how: str) -> None:
    edit, (code, file, said, fix) = BREAKS[how]
    edit(mesh)
    problem = next(iter(broken(mesh)), None)
    assert problem is not None
    assert problem.where is not None
    assert (problem.code, problem.where.path.relative_to(mesh)) == (code, Path(file))
    assert said in problem.what
    assert fix in problem.fix


def test_a_name_that_only_looks_like_a_persons_is_told_so(mesh: Path) -> None:
    edited("domains/sales/sources/orders.yaml", "article: VARCHAR", "email_campaign: VARCHAR, article: VARCHAR")(mesh)
    assert [problem.code for problem in broken(mesh)] == ["HR-222"]
    edited(
        "domains/sales/sources/orders.yaml",
        "{customer_email: personal}",
        "{customer_email: personal, email_campaign: none}",
    )(mesh)
    assert broken(mesh) == []


def test_a_mesh_without_a_policy_holds_to_the_usual_one(mesh: Path) -> None:
    (mesh / "policies" / "personal_data.yaml").unlink()
    edited("domains/sales/sources/orders.yaml", "tags: {customer_email: personal}\n", "")(mesh)
    assert [problem.code for problem in broken(mesh)] == ["HR-222"]


def test_a_policy_holds_in_a_project_without_domains_too(tmp_path: Path) -> None:
    for file, text in {
        "headrace.yaml": "name: shop\n",
        "policies/persons.yaml": "kind: personal_data\nmasks: [sha256]\n",
        "sources/people.yaml": "kind: push\ntags: {email: personal}\nschema: {id: BIGINT, email: VARCHAR}\n",
        "models/known.sql": "SELECT id, email FROM people",
        "dashboards/now.yaml": "tiles: [{title: Who, kind: table, sql: FROM known}]\n",
    }.items():
        written(file, text)(tmp_path)
    (problem,) = broken(tmp_path)
    assert (problem.code, problem.where.path.name if problem.where else "") == ("HR-223", "now.yaml")
    edited("models/known.sql", "id, email", "id, sha256(email) AS who")(tmp_path)
    assert broken(tmp_path) == []
    edited("dashboards/now.yaml", "FROM known", "FROM headrace_rejected")(tmp_path)  # which holds rows as they came
    assert [problem.code for problem in broken(tmp_path)] == ["HR-223"]
    counted = "SELECT count(*) AS n FROM headrace_rejected"
    edited("dashboards/now.yaml", "FROM headrace_rejected", counted)(tmp_path)
    assert broken(tmp_path) == []


def test_every_code_is_raised_somewhere() -> None:
    """HR-225 and HR-227 need rows: test_products.py has them."""
    raised = {code for _, (code, *_) in BREAKS.values()} | {"HR-225", "HR-227"}
    assert raised >= GOVERN == {code for code in CODES if re.fullmatch("HR-22[0-9]", code)}


def test_a_refusal_says_that_nothing_was_run(mesh: Path) -> None:
    BREAKS["an e-mail column without a tag"][0](mesh)
    problems = broken(mesh)
    with pytest.raises(HeadraceError, match="Nothing was run and nothing was changed"):
        raise ProjectErrors(problems)
