"""Money of a day's orders as each surface states it, to the cent."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from pipelines.briefing.queries import ordered_lines
from pipelines.orders import reading
from pipelines.orders.workbook import workbook
from pipelines.purchase.export import encode
from pipelines.report import facts
from pipelines.report import reading as report
from tests.life.truth import SENT, Truth

OPEN = ("proposed", "overridden", "refused", *SENT)


def equal(truth: Truth, day: date) -> Iterable[str]:
    """List, CSV, heads of the orders, workbook and report state what the orders' lines come to."""
    ours = [order for order in truth.orders if order["as_of"] == day]
    if not ours:
        return
    right = sum(
        line["quantity"] * (line["unit_price"] or 0.0)
        for order in ours
        if order["state"] in OPEN
        for line in order["lines"]
    )
    lines = ordered_lines.read(day)
    exported = csv.DictReader(io.StringIO(encode(lines, "csv").decode()))
    stated = {
        "list": float(ordered_lines.by_supplier(lines)["order_value"].sum()),
        "export": sum(float(row["quantity"]) * float(row["unit_price"] or 0.0) for row in exported),
        "orders": sum(order["order_value"] for order in reading.of_date(day) if order["state"] in OPEN),
        "workbook": _of_workbook(day),
        "report": facts.proposals(report.read(day).lines()).value,
    }
    for surface, money in stated.items():
        if abs(money - right) >= 0.005:
            yield f"{surface} states {money:.2f} where the orders hold {right:.2f}"


def _of_workbook(day: date) -> float:
    """Quantity × price of every line; the sheets' own sums are formulas of these cells."""
    from openpyxl import load_workbook

    held = reading.for_vendors(day)
    if not held:
        return 0.0
    book = load_workbook(io.BytesIO(workbook(held)))
    rows = (row for sheet in book for row in sheet.iter_rows(min_row=7, values_only=True))
    return float(sum(row[3] * (row[5] or 0.0) for row in rows if isinstance(row[0], int)))
