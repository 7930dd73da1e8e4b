"""Forecasts of items, explanations, and how forecasts did."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from pipelines import settings
from pipelines.briefing.queries import explain as explanations
from pipelines.forecast import queries
from pipelines.serve import answers
from pipelines.serve.api.parts import NO_KEY, AsOf, Id, Key, Text, example, problems
from pipelines.serve.guard import Viewer
from pipelines.serve.once import Once

router = APIRouter(tags=["forecasts"], route_class=Once, responses=problems(404))

FORECAST = {
    "as_of": "2026-06-28",
    "item_id": "ITEM-000017",
    "location_id": "WH1",
    "method": "window_bootstrap",
    "protection_days": 14,
    "mean": 21.4,
    "low": 9.0,
    "high": 38.0,
    "stockout_probability": 0.12,
    "buckets": [{"horizon": 1, "bucket_on": "2026-06-29", "mean": 1.5, "q950": 5.0}],
}
Periods = Annotated[int | None, Query(ge=1, le=366, description="Most buckets; without it, `forecast.periods`.")]


class Items(BaseModel):
    """Items to forecast."""

    items: list[str] = Field(min_length=1, max_length=1_000, examples=[["ITEM-000017", "ITEM-000018"]])
    location_id: str = Field("", max_length=100, examples=["WH1"])
    as_of: date | None = Field(None, examples=["2026-06-28"])
    periods: int | None = Field(None, ge=1, le=366, examples=[12])


@router.post(
    "/forecast/items",
    summary="Forecasts of several items",
    responses=example({"as_of": "2026-06-28", "forecasts": [FORECAST], "unknown": []}),
)
async def of_items(user: Viewer, given: Items, key: Key = NO_KEY) -> Response:
    """One document an item and location; items without a forecast are named in ``unknown``."""

    def read() -> dict[str, Any]:
        day = queries.newest(given.as_of)
        found = queries.of_items(given.items, day, location_id=given.location_id, periods=_periods(given.periods))
        unknown = sorted(set(given.items) - {one["item_id"] for one in found})
        return {"as_of": day, "forecasts": found, "unknown": unknown}

    return await answers.made(read)


@router.get(
    "/forecast/item/{item_id}",
    summary="Forecast of an item",
    responses=example({"item_id": "ITEM-000017", "forecasts": [FORECAST]}),
)
async def of_item(
    request: Request, user: Viewer, item_id: Id, location_id: Text = "", as_of: AsOf = None, periods: Periods = None
) -> Response:
    """Over lead time and review period, and bucket by bucket with quantiles; ETag and 304."""

    def read() -> dict[str, Any]:
        day = queries.newest(as_of)
        found = queries.of_item(item_id, day, location_id=location_id, periods=_periods(periods))
        return {"as_of": day, "item_id": item_id, "forecasts": found}

    return await answers.kept(request, "forecast", read)


@router.get(
    "/forecast/performance",
    summary="How forecasts did",
    responses=example({"as_of": "2026-06-28", "methods": [], "due": []}),
)
async def performance(
    request: Request, user: Viewer, as_of: AsOf = None, days: Annotated[int, Query(ge=1, le=730)] = 90
) -> Response:
    """Methods by number of SKUs, and errors of the forecasts that came due, by category."""

    def read() -> dict[str, Any]:
        day = queries.newest(as_of)
        return queries.performance(day, day - timedelta(days=days))

    return await answers.kept(request, "forecast", read)


@router.get(
    "/items/{item_id}/explain",
    summary="Why an item is ordered or not",
    responses=example({"item_id": "ITEM-000017", "explanations": []}),
)
async def explain(request: Request, user: Viewer, item_id: Id, location_id: Text = "", as_of: AsOf = None) -> Response:
    """The decision, its level, the numbers, the passport, what would flip it and what stood in the way, one document a location."""

    def read() -> dict[str, Any]:
        found = explanations.explain(item_id, location_id or None, as_of)
        return {"item_id": item_id, "explanations": [one.model_dump(mode="json") for one in found]}

    return await answers.kept(request, "explain", read)


def _periods(given: int | None) -> int:
    return given or settings.load().forecast.periods
