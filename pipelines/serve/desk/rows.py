"""Rows of *Today*: orders or their lines as filtered and sorted. Orders are kept in memory until a run or a person changes one."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from pipelines.briefing.queries import worklist
from pipelines.orders import queries, states
from pipelines.serve.desk import common

Row = dict[str, Any]

COLUMNS: Final = {
    "location_id": "Location", "lines": "Lines", "units": "Units", "order_value": "Value", "needed_by": "Needed by",
    "expected_on": "Expected", "risk": "Risk", "expected_saving": "Saves", "state": "State",
}  # fmt: skip
LINE_COLUMNS: Final = {
    "location_id": "Location", "category": "Category", "abc_class": "ABC", "on_hand": "On hand", "quantity": "Quantity",
    "unit_price": "Price", "line_value": "Value", "needed_by": "Needed by", "expected_on": "Expected", "risk": "Risk", "state": "State",
}  # fmt: skip
SOON_DAYS: Final = 7


class Filters(BaseModel):
    """What narrows and orders the list, as the page's address names it."""

    view: str = "orders"
    q: str = ""
    state: str = "open"
    vendor: str = ""
    look: bool = False
    soon: bool = False
    sort: str = ""
    group: str = ""
    page: int = 1
    cols: list[str] = []
    as_of: date | None = None

    def columns(self) -> dict[str, str]:
        """Columns there are."""
        return COLUMNS if self.view == "orders" else LINE_COLUMNS

    def shown(self) -> list[str]:
        """Columns chosen; all where none is."""
        return [name for name in self.columns() if name in self.cols] or list(self.columns())


class Day(NamedTuple):
    """Orders of a date, the most urgent first, what they sum up to, and their vendors as id and name."""

    orders: list[Row]
    sums: dict[str, Any]
    vendors: list[tuple[str, str]]


_kept: dict[date, tuple[str, Day]] = {}


def of_day(day: date) -> Day:
    """Orders of a date; read again where a run or a person has changed something since."""
    stamp = queries.stamp()
    kept = _kept.get(day)
    if kept is None or kept[0] != stamp:
        _kept.clear()
        kept = _kept[day] = (stamp, _read(day))
    return kept[1]


def _read(day: date) -> Day:
    orders = sorted(worklist.orders(day), key=_urgency)
    waiting = [row for row in orders if row["state"] in states.UNSIGNED]
    sums = {
        "waiting": len(waiting), "value": sum(row["order_value"] for row in waiting), "look": sum(row["look"] for row in waiting),
        "soon": sum(_soon(row, day) for row in waiting), "approved": sum(row["state"] == states.APPROVED for row in orders),
    }  # fmt: skip
    vendors = sorted({(row["supplier_id"], row["supplier_name"]) for row in orders}, key=lambda pair: pair[1])
    return Day(orders, sums, vendors)


def listed(wanted: Filters, day: date) -> list[Row]:
    """The rows that a page and its CSV show, in their order."""
    rows = of_day(day).orders if wanted.view == "orders" else sorted(worklist.lines(day), key=_urgency)
    fitting = [row for row in rows if _fits(row, wanted, day)]
    ordered = common.ordered(fitting, wanted.sort, list(wanted.columns()))
    return sorted(ordered, key=lambda row: str(row["supplier_name"])) if wanted.group == "vendor" else ordered


def sheet_columns(wanted: Filters) -> Sequence[str]:
    """Columns of the CSV: what identifies a row, then those on the screen."""
    item = [] if wanted.view == "orders" else ["item_id", "item_name"]
    return ["order_id", "supplier_id", "supplier_name", *item, *wanted.shown()]


def _fits(row: Row, wanted: Filters, day: date) -> bool:
    of_state = {"open": row["state"] in states.UNSIGNED, "": True}.get(wanted.state, row["state"] == wanted.state)
    return (
        of_state
        and wanted.vendor in ("", row["supplier_id"])
        and (not wanted.look or row["look"])
        and (not wanted.soon or _soon(row, day))
        and wanted.q.lower() in row["text"]
    )


def _soon(row: Row, day: date) -> bool:
    return row["needed_by"] is not None and (row["needed_by"] - day).days <= SOON_DAYS


def _urgency(row: Row) -> tuple[Any, ...]:
    return (row["needed_by"] or date.max, -row["risk"], row["order_id"])
