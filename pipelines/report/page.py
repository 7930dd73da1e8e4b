"""The page: figures and sentences of a run put into one self-contained HTML file. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.core.text import count
from pipelines.render.formats import money, quantity
from pipelines.report import accuracy_section, facts, inventory_page, method, outcomes_section, proof, sections, wording
from pipelines.report.tables import ForecastTables, Tables
from pipelines.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"


def render(
    tables: Tables,
    forecasts: ForecastTables,
    settings: Settings,
    inventory: dict[str, Any] | None = None,
    outcomes: dict[str, Any] | None = None,
    advice: Sequence[str] = (),
    accuracy: dict[str, Any] | None = None,
) -> tuple[str, dict[str, Any]]:
    """The report of a run.

    Args:
        tables: what the run left in the warehouse.
        forecasts: history and forecast of the SKUs of :func:`sections.chosen`.
        settings: the configuration in force, for the method notes.
        inventory: facts of the inventory section; None: it is left out.
        outcomes: what followed earlier decisions (``outcome_figures.figures``); None: the section is left out.
        advice: sentences on what to change so that runs take less time and memory; empty: the section is left out.
        accuracy: what became of earlier forecasts (``accuracy_figures.figures``); None: the section is left out.

    Returns:
        (HTML, summary figures). The same input gives the same bytes.
    """
    tables = tables.decided().sound()
    proposed = facts.proposals(tables.lines())
    risky = facts.at_risk(tables.decisions, tables.skus)
    compared = facts.compare(tables.replays, tables.replay_days, tables.bounds)
    omitted = facts.left_out(tables.replays, tables.skus, tables.calibration)
    context = {
        **_top(tables, proposed, risky.height, compared, omitted),
        "caveats": [*proof.guarded(tables), *proof.interval(tables), *wording.caveats(compared, omitted)]
        if compared
        else [],
        **_figures(tables, forecasts, risky, settings),
        "year": sections.year(tables, compared),
        "proof": proof.sections(tables),
        "inventory": inventory_page.section_context(inventory) if inventory else None,
        "outcomes": outcomes_section.context(outcomes) if outcomes else None,
        "advice": list(advice),
        "accuracy": accuracy_section.context(accuracy) if accuracy else None,
        "method": method.notes(tables, settings, compared),
    }
    environment = inventory_page.environment(TEMPLATES)
    return environment.get_template("report.html").render(context), _summary(
        tables, proposed, risky.height, compared, omitted
    )


def _top(
    tables: Tables,
    proposed: facts.Proposals,
    risky: int,
    compared: facts.Comparison | None,
    omitted: list[tuple[str, int]],
) -> dict[str, Any]:
    """What stands above the sections."""
    return {
        "as_of": tables.as_of.isoformat(),
        "weekday": wording.weekday(tables.as_of),
        "degraded": tables.degraded,
        "headline": wording.headline(proposed, tables.decisions.height, risky),
        "verdict": wording.verdict(compared) if compared else _alone(tables, omitted),
        "missing": [*wording.missing(*_held(tables)), *tables.notices],
        "tiles": _tiles(tables, proposed, risky),
        "unpriced": proposed.unpriced,
    }


def _figures(tables: Tables, forecasts: ForecastTables, risky: pl.DataFrame, settings: Settings) -> dict[str, Any]:
    """Tables and plots of the sections."""
    bucket = settings.planning.grain
    return {
        "policies": [sections.NAMES[p] for p in facts.POLICIES if p in tables.replay_days["policy"]],
        "classes": sections.classes(tables),
        "vendors": sections.vendors(tables),
        "risks": sections.risks(tables, risky),
        "risky": risky.height,
        "many_locations": tables.skus["location_id"].n_unique() > 1,
        "examples": sections.examples(tables, forecasts, bucket),
        "bucket": bucket,
        "quarantined": tables.quarantined.to_dicts(),
        "set_aside": tables.set_aside,
        "review": sections.review(tables),
        "gates": tables.gates.filter(~pl.col("passed")).to_dicts(),
        "gates_total": tables.gates.height,
    }


def _held(tables: Tables) -> tuple[bool, bool, bool]:
    """Whether the ERP holds stock records, purchase orders, and a minimum and maximum."""
    return (
        tables.skus["counted_on"].null_count() < tables.skus.height,
        tables.receipts > 0 or tables.open_orders.height > 0,
        tables.skus["reorder_point"].null_count() < tables.skus.height,
    )


def _tiles(tables: Tables, proposed: facts.Proposals, risky: int) -> list[tuple[str, str, str]]:
    return [
        (f"{proposed.lines:,}", "order lines", f"of {count(tables.decisions.height, 'SKU')} reviewed"),
        (money(proposed.value), "order value", "in the ERP's currency"),
        (
            f"{proposed.vendors:,}",
            "vendors",
            f"with {count(proposed.orders, 'order')}" if proposed.vendors else "nothing to order",
        ),
        (f"{risky:,}", "SKUs at risk", _empty(tables)),
    ]


def _empty(tables: Tables) -> str:
    """How many shelves are empty today, where the ERP holds stock."""
    if not _held(tables)[0]:
        return "more likely than not to run out"
    empty = facts.active(tables.decisions, tables.skus).filter(pl.col("on_hand") <= 0, pl.col("order_up_to") > 0)
    return f"{count(empty.height, 'shelf', 'shelves')} empty today"


def _alone(tables: Tables, omitted: list[tuple[str, int]]) -> str:
    """What is left to say where nothing can be compared."""
    ours = tables.replays.filter(pl.col("policy") == "candidate")
    return wording.no_comparison(facts.totals(ours) if ours.height else None, ours.height, omitted)


def _summary(
    tables: Tables,
    proposed: facts.Proposals,
    risky: int,
    compared: facts.Comparison | None,
    omitted: list[tuple[str, int]],
) -> dict[str, Any]:
    """The figures of the headline, for tables and programs."""
    summary: dict[str, Any] = {
        "as_of": tables.as_of.isoformat(),
        "skus": tables.decisions.height,
        "lines": proposed.lines,
        "order_value": round(proposed.value, 2),
        "vendors": proposed.vendors,
        "skus_at_risk": risky,
        "skus_compared": compared.skus if compared else 0,
        "skus_left_out": sum(number for _, number in omitted),
        "quarantined_rows": tables.set_aside,
        "review_rows": tables.to_review,
        "failed_gates": int((~tables.gates["passed"]).sum()),
    }
    if tables.degraded:
        summary["degraded"] = tables.degraded
    if compared:
        for policy, t in compared.totals.items():
            summary[f"fill_{policy}"] = round(t.fill, 6) if t.fill is not None else None
            summary[f"in_stock_{policy}"] = round(t.in_stock, 6)
            summary[f"stock_value_{policy}"] = round(t.stock_value, 2)
            summary[f"cost_{policy}"] = round(t.total_cost, 2)
        summary |= {
            "censored_sku_days": compared.censored_days,
            "replay_days": compared.days,
            "cost_change": round(compared.cost_change, 2),
            "cost_change_low": _cents(compared.cost_low),
            "cost_change_high": _cents(compared.cost_high),
        }
    return summary


def _cents(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def line(summary: dict[str, Any]) -> str:
    """One line about a report, for the terminal.

    >>> line({"as_of": "2026-06-28", "lines": 2, "order_value": 1500.0, "vendors": 1, "skus_at_risk": 3})
    '2026-06-28: 2 lines worth 1,500 from 1 vendor, 3 SKUs at risk'
    """
    return (
        f"{summary['as_of']}: {count(summary['lines'], 'line')} worth {quantity(round(summary['order_value']))} "
        f"from {count(summary['vendors'], 'vendor')}, {count(summary['skus_at_risk'], 'SKU')} at risk"
    )
