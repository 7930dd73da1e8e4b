"""What a study's answer is worth: money saved, the stock–service trade-off, a budget, lost sales as bounds. Pure."""

from typing import Any

import polars as pl

from pipelines.studies import figures
from pipelines.studies.figures import METRICS, UNSEEN_IN_BOOKS
from pipelines.studies.question import Question, variants
from pipelines.studies.sides import Sides, interval, plain


def trade_off(question: Question, parts: list[Sides]) -> list[dict[str, Any]]:
    """Stock against service: a point a variant, and the ERP's rule and the books as points of their own."""
    points = [
        {"variant": one.label, "policy": one.policy, "value": one.value, **_point(part.simulated, part)}
        for one, part in zip(variants(question), parts, strict=True)
    ]
    for name, rows in (("incumbent", parts[0].incumbent), ("real", parts[0].real)):
        if rows.height:
            points.append(
                {"variant": name, "policy": name, "value": None, **_point(rows, parts[0], books=name == "real")}
            )
    return points


def _point(rows: pl.DataFrame, of: Sides, *, books: bool = False) -> dict[str, float | None]:
    shown = ("inventory_value", "service_level", "fill_rate", "total_orders", "total_cost")
    return {
        metric.name: None
        if books and metric.name in UNSEEN_IN_BOOKS
        else plain(figures.side(rows, metric, of.design(rows)).value)
        for metric in METRICS
        if metric.name in shown
    }


def budget(question: Question, parts: list[Sides]) -> dict[str, Any] | None:
    """The variant with the most units filled whose mean stock is within the budget; None where none was named."""
    if question.stock_budget is None:
        return None
    points = trade_off(question, parts)[: len(parts)]
    within = [point for point in points if (point["inventory_value"] or 0.0) <= question.stock_budget]
    best = max(within, key=lambda point: (point["fill_rate"] or 0.0, -(point["inventory_value"] or 0.0)), default=None)
    return {"limit": question.stock_budget, "best": best, "within": [point["variant"] for point in within]}


def money(question: Question, of: Sides) -> dict[str, Any]:
    """Money of the changes a year, and the return on what the change costs."""
    year = 365.0 / of.calendar
    found: dict[str, Any] = {}
    for name, other in (("books", of.real), ("incumbent", of.incumbent)):
        ours, theirs = of.both(other)
        if not ours.height:
            continue
        at = of.design(ours)
        columns = (
            ("holding_cost", "ordering_cost")
            if name == "books"
            else ("holding_cost", "ordering_cost", "shortage_cost", "total_cost")
        )
        found[f"against_{name}"] = {
            f"{column}_saved": interval(figures.saved(ours, theirs, column, at), "value") for column in columns
        }
        stock = figures.saved(ours, theirs, "stock_value_days", at)
        ends = {"value": stock.value, "low": stock.low, "high": stock.high}
        found[f"against_{name}"]["capital_released"] = {
            end: plain(days / of.calendar if days is not None else None) for end, days in ends.items()
        }
    saving = found.get("against_incumbent", {}).get("total_cost_saved", {}).get("value")
    if question.change_cost is not None and saving is not None:
        yearly = saving * year
        found["return_on_investment"] = {
            "change_cost": question.change_cost,
            "saved_a_year": plain(yearly),
            "first_year": plain((yearly - question.change_cost) / question.change_cost)
            if question.change_cost
            else None,
            "payback_days": plain(question.change_cost / yearly * 365.0) if yearly > 0 else None,
        }
    return found


def lost_sales(of: Sides) -> dict[str, Any]:
    """Lost sales avoided against the books, as bounds: what customers wanted at an empty shelf was not recorded."""
    ours, real = of.both(of.real)
    if not ours.height:
        return {"units": None, "revenue": None}
    weight, price = ours["weight"].to_numpy(), ours["unit_price"].to_numpy()
    ends = [real[f"lost_units_{end}"].to_numpy() - ours[f"lost_units_{end}"].to_numpy() for end in ("low", "high")]
    units, revenue = ([float(weight @ (end * scale)) for end in ends] for scale in (1.0, price))
    return {
        name: {"low": plain(min(pair)), "high": plain(max(pair))}
        for name, pair in (("units", units), ("revenue", revenue))
    }
