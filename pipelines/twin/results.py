"""Results as plain values: for JSON, for tables, for people."""

import math
from typing import Any, Final

from pipelines.engine import network_kernel as k
from pipelines.twin.measures import METRICS, Estimate, estimate
from pipelines.twin.run import Result, TwinPlan, difference

DAILY: Final = {
    "demand": k.ASKED,
    "sold": k.SOLD,
    "lost": k.SHORT,
    "on_hand": k.STOCK,
    "owed": k.OWED,
    "on_order": k.ON_ORDER,
    "ordered": k.ORDERED,
    "received": k.RECEIVED,
    "failed": k.FAILED,
}
"""Columns of a site's day; ``demand`` of a warehouse is what its stores ordered."""

MONEY: Final = ("holding_cost", "penalty_cost", "ordering_cost", "total_cost")
SHARES: Final = ("service_level", "fill_rate")


def of_run(plan: TwinPlan, result: Result, *, daily: bool = False) -> dict[str, Any]:
    """A scenario's outcome.

    Args:
        plan: how it was run.
        result: the outcome.
        daily: with every site's days.

    Returns:
        Plain values; what is not known (the fill rate of a warehouse) is None.
    """
    answer: dict[str, Any] = {
        "network": plan.network.name,
        "scenario": result.scenario.name,
        "about": result.scenario.about,
        "days": plan.days,
        "warmup_days": plan.network.warmup_days,
        "seed": plan.seed,
        "replications": plan.replications,
        "metrics": {name: number(one.mean) for name, one in result.metrics.items()},
        "intervals": {name: [number(one.low), number(one.high)] for name, one in result.metrics.items()},
        "sites": {
            site: {name: number(estimate(values).mean) for name, values in metrics.items()}
            for site, metrics in result.sites.items()
        },
    }
    return answer | ({"daily": days_of(plan, result)} if daily else {})


def days_of(plan: TwinPlan, result: Result) -> list[dict[str, Any]]:
    """Mean day of each site that holds stock, by day and site, units."""
    buyers = set(plan.network.buyers)
    return [
        {"day": day, "site": site} | {name: float(result.daily[day, j, column]) for name, column in DAILY.items()}
        for day in range(plan.days)
        for j, site in enumerate(result.site_ids)
        if site in buyers
    ]


def of_comparison(plan: TwinPlan, results: list[Result]) -> list[dict[str, Any]]:
    """Every scenario × metric: mean, interval, and the paired difference from the first scenario with its interval."""
    rows: list[dict[str, Any]] = []
    for result in results:
        for name, one in result.metrics.items():
            apart = _bounds("difference_", difference(result, results[0], name)) if result is not results[0] else {}
            rows.append({"scenario": result.scenario.name, "metric": name, **_bounds("", one), **apart})
    return rows


def _bounds(prefix: str, one: Estimate) -> dict[str, float | None]:
    return {f"{prefix}mean": number(one.mean), f"{prefix}low": number(one.low), f"{prefix}high": number(one.high)}


def number(value: float) -> float | None:
    """A number, None where it is not one."""
    return float(value) if math.isfinite(value) else None


def shown(metric: str, one: Estimate, *, signed: bool = False) -> str:
    """An estimate with its interval, for people.

    >>> shown("fill_rate", Estimate(0.8703, 0.8687, 0.8719))
    '87.0% (86.9–87.2)'
    >>> shown("lost_sales", Estimate(780.0, 700.0, 860.0), signed=True)
    '+780 (+700 to +860)'
    """
    if not math.isfinite(one.mean):
        return "–"
    digits, scale, unit = (1, 100.0, "%") if metric in SHARES else (0, 1.0, "")
    if metric in ("bullwhip", "failed_orders", "orders"):
        digits = 2 if metric == "failed_orders" else 1
    sign = "+" if signed else ""
    mean, low, high = (_plain(f"{value * scale:{sign},.{digits}f}") for value in (one.mean, one.low, one.high))
    unit = " pts" if signed and unit else unit
    return f"{mean}{unit} ({low} to {high})" if signed else f"{mean}{unit} ({low}–{high})"


def _plain(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def unseen(days: int, results: list[Result]) -> list[str]:
    """A sentence for each scenario whose spike comes after the last day, so that its figures are those without it."""
    late = ((one.scenario.name, one.scenario.spike_days) for one in results)
    return [
        f"{name}: the spike of days {spike[0]}–{spike[1]} comes after the last day, {days - 1}; nothing of it is in these figures."
        for name, spike in late
        if spike and spike[0] >= days
    ]


def table(results: list[Result]) -> tuple[list[str], list[list[str]]]:
    """Scenarios × metrics for people: heads and rows; the first scenario as it is, the others also as the difference from it."""
    heads = ["metric", *(result.scenario.name for result in results)]
    rows = []
    for name in METRICS:
        cells = [shown(name, results[0].metrics[name])]
        cells += [shown(name, difference(result, results[0], name), signed=True) for result in results[1:]]
        if any(result.metrics[name].mean for result in results):
            rows.append([name, *cells])
    return heads, rows
