"""Requirements in a line or two, and scenarios with the pattern that the framework gives each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from headrace.architect.framework import Pattern
from headrace.architect.knowledge import knowledge
from headrace.architect.needs import Needs, needs_of
from headrace.architect.read import read
from headrace.architect.requirements import Requirements

EXAMPLES = Path(__file__).parents[2] / "examples" / "requirements"


def example(name: str) -> Needs:
    """One of the files in `examples/requirements`."""
    return needs_of(read(EXAMPLES / f"{name}.yaml"), knowledge())


def required(
    *wanted: str, domains: int | None = None, own: bool | None = None, restated: bool | None = None, **said: Any
) -> Requirements:
    """Requirements of one source and as many workloads as there are wishes.

    Args:
        wanted: a workload each, as in ``alert 1 second``: its kind and its freshness.
        domains: how many are declared; nothing declares none.
        own: whether they have people of their own.
        restated: whether past records are corrected in bulk.
        said: any other key of the requirements.
    """
    workloads = []
    for place, wish in enumerate(wanted):
        kind, freshness = wish.split(maxsplit=1)
        workloads.append({"name": f"{kind}_{place}", "kind": kind, "freshness": freshness})
    stated: dict[str, Any] = {"name": "A platform", "sources": [{"name": "source", "kind": "events"}]}
    stated |= {"workloads": workloads, "history": {} if restated is None else {"restated": restated}}
    if domains is not None:
        stated["domains"] = [{"name": f"part_{number}"} for number in range(domains)]
    if own is not None:
        stated["autonomous_domains"] = own
    return Requirements.model_validate({**stated, **said})


def needing(*wanted: str, **said: Any) -> Needs:
    """The same with every gap closed."""
    return needs_of(required(*wanted, **said), knowledge())


@dataclass(frozen=True)
class Scenario:
    """A company's story, the pattern that the matrix gives it, and why: ratings of the chosen against the next."""

    story: str
    requirements: Requirements
    pattern: Pattern
    why: str


def _named(*domains: str, **said: Any) -> dict[str, Any]:
    """Sources that name their domains, where none are declared."""
    return {"sources": [{"name": f"of_{each}", "kind": "database", "domain": each} for each in domains], **said}


SCENARIOS = (
    # Real-time and batch: Lambda is excellent; who has one domain does not pay for Data Mesh.
    Scenario(
        "bank_catches_fraud_and_reports_to_its_regulator",
        required("alert 1 second", "report 30 days", domains=1, restated=True, complexity="high"),
        "lambda",
        "both E, single G, complex G; Mesh is G, C (overkill), E",
    ),
    Scenario(
        "retailer_watches_stock_and_forecasts_by_the_week",
        required("dashboard 30 seconds", "training 1 week", domains=1, complexity="medium"),
        "lambda",
        "both E, single G",
    ),
    Scenario(
        "bakery_chain_alerts_on_ovens_and_reports_by_the_day",
        required("alert 10 seconds", "report 1 day", domains=1, complexity="low"),
        "lambda",
        "both E, single G; the warehouse is P for what is live",
    ),
    Scenario(
        "exchange_streams_but_corrects_its_trades_in_bulk",
        required("alert 1 second", "dashboard 5 seconds", domains=1, restated=True),
        "lambda",
        "history must be reprocessed, which is when Lambda is to be used",
    ),
    Scenario(
        "utility_bills_again_what_meters_sent_late",
        required("dashboard 1 minute", "report 30 days", domains=1, restated=True, complexity="high"),
        "lambda",
        "two service levels and reprocessing",
    ),
    Scenario(
        "hospital_watches_beds_and_studies_outcomes",
        required("alert 5 seconds", "exploration 1 day", domains=1, sensitivity="high", strictness="strict"),
        "lambda",
        "both E; how sensitive the data is says nothing of the pattern",
    ),
    Scenario(
        "two_departments_share_a_team_and_want_live_and_daily",
        required("dashboard 5 seconds", "report 1 day", domains=2, own=False, complexity="medium"),
        "lambda",
        "both E; two departments without people of their own are no mesh",
    ),
    Scenario(
        "two_departments_of_their_own_want_live_and_daily",
        required("dashboard 5 seconds", "report 1 day", domains=2, own=True, complexity="medium"),
        "lambda",
        "both E against G; two are not the many domains of a large organisation",
    ),
    Scenario(
        "six_departments_one_central_team_live_and_daily",
        required("dashboard 5 seconds", "report 1 day", domains=6, own=False, complexity="low"),
        "lambda",
        "both E; ownership is central, so that nobody could own a product",
    ),
    Scenario(
        "game_studio_ranks_players_live_and_trains_by_night",
        required("api 1 second", "training 1 day", "report 1 day", domains=1, complexity="high"),
        "lambda",
        "both E, single G, complex G",
    ),
    # Stream only: Kappa is excellent, Lambda overkill.
    Scenario(
        "ad_bidder_only_streams",
        required("api 1 second", "dashboard 5 seconds", domains=1, complexity="medium"),
        "kappa",
        "stream E, single G; Lambda is C (overkill)",
    ),
    Scenario(
        "operator_watches_logs",
        required("alert 10 seconds", "dashboard 1 minute", domains=1, complexity="low"),
        "kappa",
        "stream E, single G",
    ),
    Scenario(
        "shop_feeds_its_search_and_nothing_else",
        required("api 2 seconds", domains=1, complexity="low", restated=False),
        "kappa",
        "stream E, single G",
    ),
    Scenario(
        "turbines_are_watched_with_hard_mathematics",
        required("alert 1 second", "training 10 minutes", domains=1, complexity="high", restated=False),
        "kappa",
        "stream E, single G, complex C; Mesh gains by complexity and is overkill for one domain",
    ),
    Scenario(
        "start_up_with_one_live_page",
        required("dashboard 5 seconds"),
        "kappa",
        "stream E, and nothing else is said",
    ),
    Scenario(
        "network_operator_explores_the_last_minutes",
        required("alert 1 second", "exploration 5 minutes", domains=1),
        "kappa",
        "all that is asked is live",
    ),
    Scenario(
        "two_teams_of_their_own_only_stream",
        required("alert 1 second", "dashboard 5 seconds", domains=2, own=True, complexity="low"),
        "kappa",
        "stream E against G; two domains are few",
    ),
    Scenario(
        "six_departments_one_central_team_only_stream",
        required("alert 1 second", domains=6, own=False, complexity="low"),
        "kappa",
        "stream E; ownership is central",
    ),
    # Batch only: the warehouse is excellent.
    Scenario(
        "office_reports_by_the_month",
        required("report 30 days", domains=1, complexity="low"),
        "warehouse",
        "batch E, single E",
    ),
    Scenario(
        "analysts_ask_once_a_day",
        required("exploration 1 day", "report 1 week"),
        "warehouse",
        "batch E, and one domain where none is named",
    ),
    Scenario(
        "plant_loads_its_corrections_by_night",
        required("report 1 day", domains=1, restated=True, complexity="medium"),
        "warehouse",
        "corrections in bulk are batch, and batch is all there is",
    ),
    Scenario(
        "laboratory_trains_by_night_on_hard_models",
        required("training 1 day", domains=1, complexity="high"),
        "warehouse",
        "batch E, single E, complex C: 12 points; Mesh has G, C, E: 11",
    ),
    Scenario(
        "shop_that_looks_every_hour",
        required("dashboard 1 hour", "report 1 day", domains=1, complexity="low"),
        "warehouse",
        "an hour is a batch's pace",
    ),
    Scenario(
        "two_subsidiaries_report_by_the_day",
        required("report 1 day", domains=2, own=True, complexity="low"),
        "warehouse",
        "batch E; two domains are few",
    ),
    Scenario(
        "six_departments_one_central_team_reports",
        required("report 1 day", domains=6, own=False, complexity="low"),
        "warehouse",
        "batch E; ownership is central",
    ),
    # Many domains of their own: Data Mesh is excellent, and good for any processing.
    Scenario(
        "ten_subsidiaries_each_report_by_the_day",
        required("report 1 day", domains=10, own=True, complexity="high"),
        "mesh",
        "G, E, E; the warehouse is E, C (monolithic), C (limited)",
    ),
    Scenario(
        "eight_simple_shops_each_report",
        required("report 1 day", domains=8, own=True, complexity="low"),
        "mesh",
        "G, E; the warehouse is E, C (monolithic)",
    ),
    Scenario(
        "twenty_markets_each_stream",
        required("alert 1 second", domains=20, own=True, complexity="medium"),
        "mesh",
        "G, E; Kappa is E, C (complex)",
    ),
    Scenario(
        "group_of_six_live_and_daily",
        required("dashboard 5 seconds", "report 1 day", domains=6, own=True, complexity="high"),
        "mesh",
        "G, E, E; Lambda is E, C (complex), G",
    ),
    Scenario(
        "group_of_five_live_and_daily_with_simple_work",
        required("dashboard 5 seconds", "report 1 day", domains=5, own=True, complexity="low"),
        "mesh",
        "G, E: 9 points; Lambda has E, C (complex): 7",
    ),
    Scenario(
        "domains_are_only_named_by_their_sources",
        required(
            "alert 5 seconds",
            "report 1 day",
            complexity="high",
            **_named("claims", "policies", "payments", "sales", "partners"),
        ),
        "mesh",
        "five domains, whoever declares them",
    ),
    Scenario(
        "one_domain_with_people_of_its_own_only_streams",
        required("alert 1 second", domains=1, own=True),
        "kappa",
        "one domain stays one, whoever builds for it: Mesh is C (overkill)",
    ),
)

_FRESH = st.one_of(
    st.sampled_from((1, 5, 60, 61, 300, 900, 901, 1_800, 3_599, 3_600, 86_400, 604_800)),
    st.integers(1, 2_000_000),
)
WORKLOADS = st.lists(
    st.tuples(st.sampled_from(("dashboard", "alert", "report", "exploration", "api", "training")), _FRESH),
    min_size=1,
    max_size=4,
).map(lambda wishes: [f"{kind} {seconds} seconds" for kind, seconds in wishes])
COMPLEXITY = st.sampled_from((None, "low", "medium", "high"))
MAYBE = st.sampled_from((None, True, False))
SIDES = st.fixed_dictionaries(
    {"domains": st.none() | st.integers(1, 9), "own": MAYBE, "restated": MAYBE, "complexity": COMPLEXITY}
)
"""What the choice of a pattern rests on, beside the workloads: arguments of `required`."""
