"""The section on what followed earlier decisions: figures by week, vendors that changed. Pure."""

from typing import Any

from pipelines.briefing.queries import outcome_figures
from pipelines.render.formats import money

_VENDORS = 12
"""Vendors listed at most."""


def context(found: dict[str, Any]) -> dict[str, Any]:
    """What the template needs.

    Args:
        found: from :func:`pipelines.briefing.queries.outcome_figures.figures`.

    Returns:
        ``sentences``, ``weeks`` and ``vendors`` as texts.
    """
    changed = [row for row in found["vendors"] if row["verdict"] not in outcome_figures.VERDICT_NONE]
    return {
        "sentences": outcome_figures.sentences(found),
        "weeks": [_week(row) for row in found["weeks"]],
        "reviewed": len(found["vendors"]),
        "week_on": found["vendors"][0]["week_on"] if found["vendors"] else None,
        "vendors": [_vendor(row) for row in changed[:_VENDORS]],
    }


def _week(row: dict[str, Any]) -> dict[str, str]:
    return {
        "ends": row["week_ends_on"].isoformat(),
        "fill": _share(row["fill_rate"]),
        "stockouts": f"{row['stockout_days']:,}",
        "stock": money(row["stock_value"]),
        "holding": money(row["holding_cost"]),
        "shortage": money(row["shortage_cost"]),
        "ordering": money(row["ordering_cost"]),
        "cost": money(row["total_cost"]),
        "lines": f"{row['ordered_lines']:,}",
    }


def _vendor(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": row["supplier_name"],
        "verdict": row["verdict"],
        "receipts": f"{row['receipts']:,}",
        "on_time": f"{_share(row['on_time_share'])} ({_share(row['usual_on_time_share'])})",
        "in_full": f"{_share(row['in_full_share'])} ({_share(row['usual_in_full_share'])})",
        "overdue": f"{row['overdue_lines']:,} of {row['open_lines']:,}",
    }


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
