"""*SKU*: why it is ordered or not, its past under three rules on one axis, its forecast, and the same under another choice."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from pipelines.briefing.explanation import Explanation
from pipelines.briefing.queries import explain, stock, worklist
from pipelines.core.errors import StockproofError
from pipelines.core.quantiles import LEVELS
from pipelines.replay import corrections
from pipelines.serve.desk import common
from pipelines.serve.guard import Viewer
from pipelines.studies.queries import sku as replayed
from pipelines.studies.question import Change

router = APIRouter(include_in_schema=False)


@router.get("/skus/{item}/{location}")
def sku(request: Request, user: Viewer, item: str, location: str, as_of: date | None = None) -> Response:
    """The SKU."""
    one = explain.explain(item, location, as_of)[0]
    beside = stock.sku(one.as_of, item, location)
    notes = worklist.notes(f"sku:{item}@{location}")
    return common.show(
        request, "sku.html", one=one, beside=beside, fan=_fan(one), corrections=_corrected(beside["recorded"]), notes=notes, wide=True
    )  # fmt: skip


@router.get("/skus/{item}/{location}/history")
def history(user: Viewer, item: str, location: str) -> dict[str, Any]:
    """Data of the time axis: stock of the books, of the ERP's rule and of ours, orders; demand and stockouts."""
    day = common.run_date()
    found = replayed.history(item, location)
    recorded = {str(row["day"]): row for row in stock.sku(day, item, location)["recorded"]}
    rows = [recorded.get(day) for day in found["days"]]
    demand = [row["quantity"] if row else 0.0 for row in rows]
    return found | {"demand": demand, "stockout": [bool(row and row["is_stockout"]) for row in rows]}


@router.get("/skus/{item}/{location}/what-if")
def what_if(
    request: Request,
    user: Viewer,
    item: str,
    location: str,
    service: str = "",
    lead_time: str = "",
    review: str = "",
    minimum: str = "",
) -> Response:
    """The SKU replayed under another service target, lead time, review period or minimum: a fragment."""
    one = explain.explain(item, location)[0]
    try:
        change = _change(one, service, lead_time, review, minimum)
        before, after = replayed.what_if(item, location, Change()), replayed.what_if(item, location, change)
    except (ValueError, ValidationError):
        return common.show(
            request, "_what_if.html", fault="A service is a percentage below 100; the others are numbers above zero."
        )
    except StockproofError as fault:
        return common.show(request, "_what_if.html", fault=f"{fault.message}: {fault.remedy}")
    gap = after["levels"]["order_up_to"] - one.stock.position
    quantity = max(gap, 0.0) if one.stock.position <= after["levels"]["reorder_point"] else 0.0
    return common.show(request, "_what_if.html", fault="", before=before, after=after, quantity=quantity, one=one)


def _change(one: Explanation, service: str, lead_time: str, review: str, minimum: str) -> Change:
    agreed = one.supplier.lead_time_days if one.supplier else None
    least = one.supplier.min_order_qty if one.supplier else None
    found: dict[str, Any] = {}
    if service.strip():
        found["service_target"] = float(service.replace("%", "")) / 100.0
    if lead_time.strip() and agreed:
        found["lead_time_factor"] = float(lead_time) / agreed
    if review.strip():
        found["review_period_days"] = int(review)
    if minimum.strip() and least:
        found["min_order_factor"] = float(minimum) / least
    return Change(**found)


def _corrected(recorded: list[dict[str, Any]]) -> dict[str, Any]:
    """What was changed in the history, in a sentence, as stretches of days and as a chart by day."""
    found = corrections.stretches(recorded)
    chart = {
        "days": [str(row["day"]) for row in recorded], "booked": [row["booked"] for row in recorded],
        "used": corrections.filled(recorded), "empty": [row["is_stockout"] for row in recorded],
    }  # fmt: skip
    return {"summary": corrections.summary(found), "stretches": found, "chart": chart}


def _fan(one: Explanation) -> dict[str, Any]:
    """The forecast's quantiles by day or week, and the projected stock."""
    places = {
        name: LEVELS.index(level)
        for name, level in (("low", 0.05), ("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("high", 0.95))
    }
    buckets = one.forecast.buckets if one.forecast else []
    fan = {name: [bucket.quantiles[at] for bucket in buckets] for name, at in places.items()}
    projection = {
        "days": [str(day.day) for day in one.projection],
        "stock": [round(day.stock, 2) for day in one.projection],
        "with_order": [round(day.with_order, 2) for day in one.projection],
        "arriving": [day.arriving for day in one.projection],
    }
    return {
        "days": [str(bucket.bucket_on) for bucket in buckets],
        "mean": [bucket.mean for bucket in buckets],
        **fan,
        "projection": projection,
        "reorder_point": one.levels.reorder_point,
        "order_up_to": one.levels.order_up_to,
    }
