"""The inventory report as a section of the daily report, a page, a workbook and a document. Pure."""

import io
import json
from typing import Any, Final

import jinja2
import polars as pl
from markupsafe import Markup

from pipelines.core.text import count, verb
from pipelines.render.formats import lasting, money, percent, quantity
from pipelines.render.workbooks import append
from pipelines.report import inventory
from pipelines.report.inventory import InventoryTables

SHOWN: Final = 15
"""Rows of each list on the page; the workbook has all."""

STATUS: Final = {"dead": "dead", "out": "out of stock", "at_risk": "at risk", "excess": "excess", "fine": "fine"}


_LINE: Final = ("say", "po_id", "line_no", "supplier_id", "item_id", "location_id", "quantity_open")
_EXPEDITE: Final = (*_LINE, "expected_on", "days_short", "missed", "missed_value")
_CANCEL: Final = (*_LINE, "open_value")


def facts(tables: InventoryTables) -> dict[str, Any]:
    """Everything the section shows.

    Args:
        tables: of the date.

    Returns:
        Figures, sentences and rows, JSON values throughout.
    """
    skus = inventory.positions(tables)
    expedite, cancel = inventory.actions(tables, skus)
    by_status = skus.group_by("status").agg(pl.len().alias("skus"), pl.col("stock_value").sum())
    number = {row["status"]: row for row in by_status.iter_rows(named=True)}
    total = {
        name: float(skus[name].sum())
        for name in ("stock_value", "needed_value", "excess_value", "dead_value", "order_value")
    }
    report: dict[str, Any] = {
        "as_of": tables.as_of.isoformat(),
        "degraded": tables.degraded,
        "skus": skus.height,
        **{name: round(value, 2) for name, value in total.items()},
        "open_value": round(float(expedite_value(tables.open_lines)), 2),
        "order_lines": int((skus["quantity"].fill_null(0.0) > 0).sum()),
        "status": {
            key: {
                "skus": number.get(key, {}).get("skus", 0),
                "stock_value": round(number.get(key, {}).get("stock_value", 0.0), 2),
            }
            for key in inventory.ORDER
        },
        "expedite": _plain(expedite, _EXPEDITE),
        "cancel": _plain(cancel, _CANCEL),
        "matrix": _plain(inventory.matrix(skus)),
        "dead": _list(skus, "dead_value"),
        "excess": _list(skus, "excess_value"),
        "running_out": _running_out(skus),
        "reconciled": [
            {"figure": name, "report": ours, "marts": theirs}
            for name, ours, theirs in inventory.reconciled(tables, skus)
        ],
    }
    report["sentences"] = sentences(report)
    return report


def expedite_value(lines: pl.DataFrame) -> float:
    """Value of open lines at their order prices."""
    return float(lines.select((pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0)).sum()).item() or 0.0)


def _plain(rows: pl.DataFrame, columns: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    chosen = rows.select(columns) if columns else rows
    return chosen.with_columns(pl.col(pl.Date).cast(pl.String), pl.col(pl.Float64).round(4).fill_nan(None)).to_dicts()


_LIST: Final = (
    "item_id",
    "location_id",
    "item_name",
    "abc_class",
    "demand_class",
    "on_hand",
    "stock_value",
    "cover_days",
    "last_demand_on",
)


def _list(skus: pl.DataFrame, value: str) -> list[dict[str, Any]]:
    found = skus.filter(pl.col(value) > 0).sort(value, descending=True, maintain_order=True)
    return _plain(found, (*_LIST, value))


def _running_out(skus: pl.DataFrame) -> list[dict[str, Any]]:
    """SKUs out of stock or at risk, the most demand value at stake first."""
    stake = pl.col("risk").fill_null(1.0) * pl.col("forecast_mean").fill_null(0.0) * pl.col("unit_cost").fill_null(0.0)
    found = skus.filter(pl.col("status").is_in(["out", "at_risk"])).with_columns(at_stake=stake)
    columns = (
        "item_id",
        "location_id",
        "item_name",
        "abc_class",
        "status",
        "on_hand",
        "on_order",
        "forecast_mean",
        "protection_days",
        "risk",
        "quantity",
        "at_stake",
    )
    return _plain(found.sort("at_stake", descending=True, maintain_order=True), columns)


def sentences(report: dict[str, Any]) -> list[str]:
    """What a planner should do, most money first; each names its figure."""
    said = []
    if report["running_out"]:
        said.append(_running_out_sentence(report["running_out"], report["status"]["out"]["skus"]))
    if report["expedite"]:
        missed = sum(row["missed_value"] for row in report["expedite"])
        said.append(
            f"Call about {count(len(report['expedite']), 'open line')} that {verb(len(report['expedite']), 'comes', 'come')} too late, "
            "starting at the top of the list: "
            f"demand worth {money(missed)} would be missed."
        )
    if report["cancel"]:
        lines, value = len(report["cancel"]), sum(row["open_value"] for row in report["cancel"])
        whose = verb(lines, "a SKU that already holds", "SKUs that already hold")
        said.append(f"Cancel {count(lines, 'open line')} worth {money(value)} for {whose} too much.")
    if report["dead_value"] > 0:
        said.append(
            f"Sell off or write down {money(report['dead_value'])} of stock "
            f"({percent(report['dead_value'] / max(report['stock_value'], 1e-9))}): "
            f"{count(len(report['dead']), 'SKU')} without demand for a year, or discontinued."
        )
    if report["excess_value"] > 0:
        skus = len(report["excess"])
        said.append(
            f"Order nothing more of {count(skus, 'SKU')} until {verb(skus, 'it sells', 'they sell')} down: "
            f"{money(report['excess_value'])} lie beyond {verb(skus, 'its', 'their')} order-up-to level and "
            f"{inventory.EXCESS_DAYS:.0f} days of forecast demand from the end of the protection interval."
        )
    return said or ["Nothing to do: no SKU is running out, dead or in excess."]


def _running_out_sentence(rows: list[dict[str, Any]], out: int) -> str:
    proposed = sum(1 for row in rows if row["quantity"])
    waiting = sum(1 for row in rows if not row["quantity"] and row["on_order"])
    bare = len(rows) - proposed - waiting
    return (
        f"{count(len(rows), 'SKU')} {verb(len(rows), 'is', 'are')} out of stock ({out:,}) or more likely than not to run out: "
        f"approve the proposals of {proposed:,} today"
        + (f"; {waiting:,} {verb(waiting, 'waits', 'wait')} for open orders alone" if waiting else "")
        + (f"; {bare:,} {verb(bare, 'has neither, check it', 'have neither, check those')} first" if bare else "")
        + "."
    )


def section_context(report: dict[str, Any]) -> dict[str, Any]:
    """What the template needs: the facts, cut to what a page shows."""
    return {**report, "shown": SHOWN, "names": STATUS, "excess_days": int(inventory.EXCESS_DAYS)}


def render(report: dict[str, Any], environment: jinja2.Environment) -> str:
    """The stand-alone page."""
    return environment.get_template("inventory.html").render(inventory=section_context(report), as_of=report["as_of"])


def environment(templates: Any) -> jinja2.Environment:
    """Templates with the filters the section uses."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        money=money, percent=percent, quantity=quantity, svg=Markup, number=lambda value: f"{value:,}", lasting=lasting
    )
    return made


def excel(report: dict[str, Any]) -> bytes:
    """The report as a workbook, a sheet a list, nothing left out."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    front = book.active
    front.title = "Summary"
    for sentence in filter(None, [report["degraded"], *report["sentences"]]):
        append(front, [sentence])
    front.append([])
    for name in (
        "skus",
        "stock_value",
        "needed_value",
        "excess_value",
        "dead_value",
        "open_value",
        "order_value",
        "order_lines",
    ):
        front.append([name, report[name]])
    for title, key in (
        ("Running out", "running_out"),
        ("Expedite", "expedite"),
        ("Cancel", "cancel"),
        ("Excess", "excess"),
        ("Dead", "dead"),
        ("ABC x class", "matrix"),
        ("Reconciled", "reconciled"),
    ):
        page, rows = book.create_sheet(title), report[key]
        page.append(list(rows[0]) if rows else ["nothing"])
        for cell in page[1]:
            cell.font = Font(bold=True)
        for row in rows:
            append(page, list(row.values()))
        page.freeze_panes = "A2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def document(report: dict[str, Any]) -> str:
    """The report as JSON."""
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"
