"""The answer of a study as one JSON document. Pure.

``global_metrics`` gives each figure of our policy (``simulated``, the first variant), of the books (``real``) and of the ERP's rule
(``incumbent``), and the change against the books on the SKUs that both have. The schema is in docs/study-answer.schema.json.
"""

from typing import Any, Final

import polars as pl

from pipelines.studies.groups import BREAKDOWNS, TOP, breakdown, items
from pipelines.studies.money import budget, lost_sales, money, trade_off
from pipelines.studies.question import Question, variants
from pipelines.studies.sides import metrics, sides

MOST_GROUPS: Final = 200
"""Groups of a breakdown in the document; `study show --by supplier --page` gives the rest."""


def document(
    head: dict[str, Any],
    question: Question,
    rows: pl.DataFrame,
    failing: pl.DataFrame,
    drawn: pl.DataFrame,
    named: int,
    confidence: float,
) -> dict[str, Any]:
    """The whole document; ``daily_comparison`` stays null until it is asked for.

    Args:
        head: row of ops.studies.
        question: what was asked.
        rows: plan.study_items.
        failing: SKUs left out because their books do not add up.
        drawn: the SKUs drawn, with stratum and weight.
        named: SKUs that the filter leaves of the catalogue.
        confidence: of the intervals.

    Returns:
        The document, ready for JSON.
    """
    calendar = int(head["days_total"])
    whole = question.sample != "stratified"
    parts = [
        sides(rows, one.label, drawn, whole=whole, calendar=calendar, confidence=confidence)
        for one in variants(question)
    ]
    first = parts[0]
    return {
        **{name: head[name] for name in ("simulation_id", "status", "name", "author", "tags")},
        "as_of": str(head["as_of"]), "start_date": str(head["start_date"]), "end_date": str(head["end_date"]),
        "total_items": int(head["items_total"]), "total_days": calendar, "question": question.model_dump(mode="json"),
        "sample": sample(question, drawn, named, failing, rows, confidence), "global_metrics": metrics(first),
        "variants": [
            {"variant": one.label, "policy": one.policy, "value": one.value, "metrics": metrics(part, intervals=False)}
            for one, part in zip(variants(question), parts, strict=True)
        ],
        "trade_off_curve": trade_off(question, parts), "stock_budget": budget(question, parts), "money": money(question, first),
        "lost_sales_avoided": lost_sales(first),
        **{f"{name}_breakdown": breakdown(first, name)[:MOST_GROUPS] for name in BREAKDOWNS},
        "breakdown_groups": {name: first.simulated[column].n_unique() for name, column in BREAKDOWNS.items()},
        "item_level_summary": items(first).head(TOP).to_dicts(), "daily_comparison": None,
    }  # fmt: skip


def sample(
    question: Question, drawn: pl.DataFrame, named: int, failing: pl.DataFrame, rows: pl.DataFrame, confidence: float
) -> dict[str, Any]:
    """How the SKUs were drawn, which were left out, and what that does to the figures."""
    notes = {
        "all": "every SKU; intervals are those of other SKUs of the same kind",
        "stratified": "a random sample by demand class and ABC class; every figure is extrapolated to the catalogue, with its interval",
        "top": "the best sellers: a biased sample that cannot be extrapolated to the rest of the catalogue",
    }
    lost = sorted(set(drawn["stratum"]) - set(rows["stratum"]))
    return {
        "kind": question.sample,
        "items": drawn.height,
        "of": named,
        "biased": question.sample == "top",
        "confidence": confidence,
        "note": notes[question.sample],
        "books_fail": failing.height,
        "books_fail_note": "left out; the other SKUs of their stratum stand for them" if failing.height else "",
        "books_fail_first": failing.select("item_id", "location_id", "kind").head(TOP).to_dicts(),
        "strata_without_sku": lost,
    }
