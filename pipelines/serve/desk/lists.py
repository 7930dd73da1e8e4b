"""*Exceptions*, *Inventory*, *Vendors*, *Adjustments*, *Accuracy*: lists with what can be done about their rows."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import PlainTextResponse, Response

from pipelines.briefing import actions as noting
from pipelines.briefing.queries import runs, stock, worklist
from pipelines.core.errors import StockproofError
from pipelines.forecast import adjusting, adjustment_tables
from pipelines.serve.desk import common
from pipelines.serve.guard import Planner, Viewer
from pipelines.vendors import reading as vendors

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]

EXCEPTION: Final = (
    "kind",
    "item_id",
    "item_name",
    "location_id",
    "supplier_name",
    "risk",
    "value",
    "cause",
    "status",
    "assignee",
)
SKU: Final = {
    "category": "Category", "abc_class": "ABC", "demand_class": "Pattern", "on_hand": "On hand", "coming": "Coming", "stock_value": "Value",
    "cover_days": "Cover, days", "reorder_point": "Reorder", "order_up_to": "Up to", "risk": "Risk", "surplus_value": "Surplus",
    "quantity": "Order",
}  # fmt: skip


@router.get("/exceptions")
def exceptions(
    request: Request, user: Viewer, status: str = "open", kind: str = "", who: str = "", q: str = "", sort: str = "", page: int = 1
) -> Response:  # fmt: skip
    """What asks for a person, with its cause."""
    day = common.run_date()
    everything = worklist.exceptions(day)
    rows = common.ordered(_matching(everything, status, kind, user.name if who == "me" else "", q), sort, EXCEPTION)
    kinds = sorted({row["kind"] for row in everything})
    return common.show(
        request, "exceptions.html", day=day, wanted=status, kind=kind, kinds=kinds, who=who, q=q, sort=sort, wide=True,
        **common.paged(rows, page),
    )  # fmt: skip


@router.get("/exceptions/open")
def open_exceptions(user: Viewer, as_of: date) -> PlainTextResponse:
    """How many are open: the figure of a tile, which loads after the page."""
    return PlainTextResponse(f"{worklist.open_exceptions(as_of):,}")


@router.get("/exceptions.csv")
def exceptions_csv(user: Viewer, status: str = "open", kind: str = "", who: str = "", q: str = "") -> Response:
    """The same as CSV."""
    day = common.run_date()
    rows = _matching(worklist.exceptions(day), status, kind, user.name if who == "me" else "", q)
    return common.sheet(rows, EXCEPTION, f"exceptions-{day}")


def _matching(rows: list[dict[str, Any]], status: str, kind: str, who: str, q: str) -> list[dict[str, Any]]:
    return [
        row for row in rows
        if status in ("", row["status"]) and kind in ("", row["kind"]) and who in ("", row["assignee"])
        and q.lower() in f"{row['item_id']} {row['item_name']} {row['supplier_name']} {row['cause']}".lower()
    ]  # fmt: skip


@router.post("/exceptions/{act}")
def handle(
    user: Planner,
    act: str,
    subjects: Annotated[list[str], Form()] = [],  # noqa: B006
    assignee: Text = "",
    days: Annotated[int, Form()] = 7,
    to: Text = "/exceptions",
) -> Response:
    """Assign, snooze, close or reopen the chosen exceptions."""
    day = common.run_date()
    for subject in subjects[:500]:
        if not subject.startswith("exception:"):
            raise StockproofError(f"{subject} is not in the list of exceptions", "choose rows of the list")
        if act == "assigned":
            noting.assign(subject, assignee or user.name, user.name)
        elif act == "snoozed":
            noting.snooze(subject, worklist.snooze_until(day, days), user.name)
        elif act == "done":
            noting.done(subject, user.name)
        else:
            act = "reopened"
            noting.reopen(subject, user.name)
    return common.back(to, act)


def _is(row: dict[str, Any], only: str) -> bool:
    tests = {
        "risk": row["risk"] >= 0.5,
        "surplus": (row["surplus_value"] or 0) > 0,
        "order": row["quantity"] > 0,
        "empty": row["on_hand"] <= 0,
    }
    return bool(tests.get(only, True))


def _stock(q: str, abc: str, only: str) -> tuple[date, list[dict[str, Any]]]:
    day = common.run_date()
    found = [
        row
        for row in stock.skus(day)
        if q.lower() in f"{row['item_id']} {row['item_name']} {row['category']} {row['supplier_id']}".lower()
        and abc in ("", row["abc_class"])
        and _is(row, only)
    ]
    return day, found


@router.get("/inventory")
def inventory(
    request: Request,
    user: Viewer,
    q: str = "",
    abc: str = "",
    only: str = "",
    sort: str = "-stock_value",
    page: int = 1,
) -> Response:
    """Every SKU with stock, cover, risk and decision."""
    day, rows = _stock(q, abc, only)
    sums = {
        "skus": len(rows),
        "value": sum(row["stock_value"] for row in rows),
        "surplus": sum(row["surplus_value"] or 0 for row in rows),
        "risky": sum(row["risk"] >= 0.5 for row in rows),
        "empty": sum(row["on_hand"] <= 0 for row in rows),
    }
    rows = common.ordered(rows, sort, list(SKU))
    return common.show(
        request, "inventory.html", day=day, q=q, abc=abc, only=only, sort=sort, columns=SKU, sums=sums, wide=True,
        **common.paged(rows, page),
    )  # fmt: skip


@router.get("/inventory.csv")
def inventory_csv(user: Viewer, q: str = "", abc: str = "", only: str = "", sort: str = "-stock_value") -> Response:
    """The same as CSV."""
    day, rows = _stock(q, abc, only)
    return common.sheet(
        common.ordered(rows, sort, list(SKU)), ["item_id", "item_name", "location_id", *SKU], f"inventory-{day}"
    )


@router.get("/vendors")
def ranking(request: Request, user: Viewer, q: str = "", sort: str = "rank") -> Response:
    """Vendors by score."""
    day = vendors.day(None)
    rows = [
        row | row["scores"]
        for row in vendors.scores(day)
        if q.lower() in f"{row['supplier_id']} {row['supplier_name']}".lower()
    ]
    columns = ("rank", "total", "supplier_name", "risk", "trend", "receipts", *(rows[0]["scores"] if rows else ()))
    return common.show(
        request, "vendors.html", day=day, rows=common.ordered(rows, sort, columns), q=q, sort=sort, wide=True
    )


@router.get("/vendors/{supplier}")
def vendor(request: Request, user: Viewer, supplier: str) -> Response:
    """One vendor: scores, months, lines, advice."""
    found = vendors.detail(supplier, vendors.day(None))
    return common.show(request, "vendor.html", v=found, notes=worklist.notes(f"vendor:{supplier}"), wide=True)


@router.get("/adjustments")
def adjustments(request: Request, user: Viewer, item: str = "", location: str = "") -> Response:
    """Adjustments of forecasts, and what they were worth."""
    day = common.run_date()
    known = adjustment_tables.known(date.max).to_dicts()
    return common.show(
        request,
        "adjustments.html",
        day=day,
        rows=known,
        scores=adjustment_tables.scores(),
        item=item,
        location=location,
    )


@router.post("/adjustments")
def adjust(  # noqa: PLR0913, PLR0917 a form's fields are its arguments
    user: Planner,
    from_on: Annotated[date, Form()],
    to_on: Annotated[date, Form()],
    reason: Text,
    item_id: Text = "",
    category: Text = "",
    location_id: Text = "",
    factor: Text = "",
    units: Text = "",
) -> Response:
    """Record an adjustment."""
    try:
        numbers = {
            name: float(value) if value.strip() else None for name, value in (("factor", factor), ("units", units))
        }
    except ValueError:
        raise StockproofError(
            "factor and units are numbers", "write 1.5 for half as much again, or units as 20"
        ) from None
    names = {
        "item_id": item_id.strip() or None,
        "category": category.strip() or None,
        "location_id": location_id.strip() or None,
    }
    adjusting.adjust([names | numbers | {"from_on": from_on, "to_on": to_on, "reason": reason, "author": user.name}])
    return common.back("/adjustments", "adjusted")


@router.post("/adjustments/{number}/withdraw")
def withdraw(user: Planner, number: int, reason: Text) -> Response:
    """Take an adjustment back."""
    adjusting.withdraw(number, reason, user.name)
    return common.back("/adjustments", "withdrawn")


@router.get("/accuracy")
def accuracy(request: Request, user: Viewer) -> Response:
    """How good forecasts and service were."""
    day = common.run_date()
    return common.show(request, "accuracy.html", day=day, wide=True, **runs.accuracy(day))
