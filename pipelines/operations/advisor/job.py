"""The advisor's part of a day: exceptions in, advice out; whatever happens to it, the day's orders are complete."""

import logging
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from pipelines import settings
from pipelines.briefing.queries import explain
from pipelines.io import advisor, warehouse
from pipelines.operations.advisor import review
from pipelines.settings import Settings

READS = ("plan.decisions", "orders.orders", "orders.lines", "marts.dim_item", "ops.advisor_calls")
WRITES = ("ops.advisor_calls", "ops.advice")

AUTHOR: Final = "advisor"

log = logging.getLogger(__name__)

# Lines that a rule, an alert or a level that stepped in marks, on orders that nobody has touched; the most valuable first.
_EXCEPTIONS: Final = """
select o.order_id, l.line_no, l.item_id, o.location_id, i.item_name, o.supplier_id, l.proposed_quantity, l.unit_price,
    cast(l.expected_on as text) as expected_on, d.alert, d.pack_size, d.min_order_qty
from orders.lines l join orders.orders o using (order_id)
join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
left join marts.dim_item i on i.item_id = l.item_id
where o.as_of = :as_of and o.state in ('proposed', 'overridden') and l.quantity > 0 and l.quantity = l.proposed_quantity
    and (l.needs_review or d.alert_code <> '' or d.level_reason <> '')
order by l.proposed_quantity * coalesce(l.unit_price, 0) desc, o.order_id, l.line_no limit :most
"""

Override = Callable[[str, float, str, str], object]
"""Changes a line: ``ORDER:LINE``, quantity, reason, author."""


def run(as_of: date, override: Override) -> dict[str, Any]:
    """Ask the advisor about the exceptions of a date and follow it within the limits. Never fails: a fault is part of what it returns.

    The same question is asked once: a repeated run takes the answer it has.

    Args:
        as_of: the run's date; its orders are made.
        override: changes a line, as a planner does; it is scored like any other override.

    Returns:
        Lines reviewed by verdict, and ``fault``, the first one; empty where no advisor is configured.
    """
    config = settings.load()
    if config.advisor.url is None:
        return {}
    counts: dict[str, Any] = {"keep": 0, "change": 0, "ask": 0, "refused": 0, "fault": ""}
    try:
        lines = warehouse.read(_EXCEPTIONS, as_of=as_of, most=config.advisor.max_lines).to_dicts()
    except Exception as fault:
        return counts | {"fault": str(fault)[:200]}
    for line in lines:
        try:
            counts[_reviewed(as_of, line, config, override)] += 1
        except Exception as fault:  # the advisor is optional: nothing that it does may stop the day
            log.warning("advisor: %s", fault)
            counts["fault"] = counts["fault"] or str(fault)[:200]
            if isinstance(fault, advisor.OverLimit):
                break
    return counts


def _reviewed(as_of: date, line: dict[str, Any], config: Settings, override: Override) -> str:
    """Verdict on a line, followed."""
    low, high = review.limits(line, config.advisor.max_change, config.purchase.max_quantity)
    [explanation] = explain.explain(line["item_id"], line["location_id"], as_of)
    text = review.document(line, explanation.model_dump(mode="json", exclude={"projection", "orders"}), low, high)
    key = {
        "as_of": as_of,
        "item_id": line["item_id"],
        "location_id": line["location_id"],
        "input_hash": advisor.input_hash(review.SYSTEM, text, config.advisor),
    }
    held = warehouse.read(
        "select verdict, quantity, reasoning from ops.advice where input_hash = :h", h=key["input_hash"]
    )
    if held.height:
        advice = review.Advice.model_validate(held.row(0, named=True))
    else:
        advice = advisor.ask(review.SYSTEM, text, review.Advice, config.advisor, key)
    refused = review.refusal(advice, line, low, high)
    if not held.height:
        _keep(key, line, advice, refused, config.advisor.model)
    if refused:
        return "refused"
    if advice.verdict == "change" and advice.quantity is not None and advice.quantity != line["proposed_quantity"]:
        override(f"{line['order_id']}:{line['line_no']}", advice.quantity, f"advisor: {advice.reasoning[:400]}", AUTHOR)
    if advice.verdict == "ask":
        warehouse.execute(
            "update orders.lines set needs_review = true where order_id = :order_id and line_no = :line_no",
            order_id=line["order_id"],
            line_no=line["line_no"],
        )
    return advice.verdict


def _keep(key: dict[str, Any], line: dict[str, Any], advice: review.Advice, refused: str, model: str) -> None:
    """Log the advice; a second run at once that asked the same keeps the first answer."""
    warehouse.execute(
        """insert into ops.advice (input_hash, as_of, item_id, location_id, order_id, line_no, proposed_quantity, model, verdict, quantity,
            reasoning, refused)
        values (:input_hash, :as_of, :item_id, :location_id, :order_id, :line_no, :proposed_quantity, :model, :verdict, :quantity,
            :reasoning, :refused) on conflict (input_hash) do nothing""",
        **key,
        order_id=line["order_id"],
        line_no=line["line_no"],
        proposed_quantity=line["proposed_quantity"],
        model=model,
        verdict=advice.verdict,
        quantity=advice.quantity,
        reasoning=advice.reasoning[:2000],
        refused=refused,
    )


def advice_of(as_of: date) -> list[dict[str, Any]]:
    """Advice of a date, for the desk and the API."""
    return warehouse.read(
        "select * from ops.advice where as_of = :as_of order by order_id, line_no", as_of=as_of
    ).to_dicts()
