"""*Today*: the orders that wait, by urgency and needed-by date; signed, rejected, taken back and released from here."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from pipelines.briefing import actions as notes
from pipelines.briefing.queries import day_notices, runs, worklist
from pipelines.orders import job
from pipelines.serve import acts, start
from pipelines.serve.desk import common
from pipelines.serve.guard import Approver, Planner, Viewer
from pipelines.stack import servers

router = APIRouter(include_in_schema=False)

COLUMNS: Final = {
    "location_id": "Location",
    "lines": "Lines",
    "units": "Units",
    "order_value": "Value",
    "needed_by": "Needed by",
    "expected_on": "Expected",
    "risk": "Risk",
    "expected_saving": "Saves",
    "state": "State",
}
LINE_COLUMNS: Final = {
    "location_id": "Location", "category": "Category", "abc_class": "ABC", "on_hand": "On hand", "quantity": "Quantity",
    "unit_price": "Price", "line_value": "Value", "needed_by": "Needed by", "expected_on": "Expected", "risk": "Risk", "state": "State",
}  # fmt: skip
OPEN: Final = ("proposed", "overridden", "refused")
Numbers = Annotated[list[str], Form()]
Text = Annotated[str, Form()]


def _orders(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Orders of their lines: sums, the earliest needed-by day and the greatest risk."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["order_id"], []).append(line)
    return [_order(held) for held in found.values()]


def _order(held: list[dict[str, Any]]) -> dict[str, Any]:
    alive = [line for line in held if line["quantity"] > 0]
    needed = [line["needed_by"] for line in alive if line["needed_by"]]
    expected = [line["expected_on"] for line in alive if line["expected_on"]]
    same = {name: held[0][name] for name in ("order_id", "state", "supplier_id", "supplier_name", "location_id")}
    look = held[0]["state"] == "refused" or any(line["needs_review"] for line in held)
    return same | {
        "lines": len(alive),
        "units": sum(line["quantity"] for line in alive),
        "order_value": sum(line["line_value"] for line in alive),
        "needed_by": min(needed, default=None),
        "expected_on": max(expected, default=None),
        "look": look,
        "risk": max((line["risk"] for line in alive), default=0.0),
        "alerts": sum(bool(line["alert"]) for line in held),
        "expected_saving": sum(line["expected_saving"] for line in alive),
        "text": " ".join(f"{line['item_id']} {line['item_name']}" for line in held).lower(),
    }


def _wanted(row: dict[str, Any], q: str, state: str, vendor: str, look: bool) -> bool:
    words = f"{row['order_id']} {row['supplier_id']} {row['supplier_name']} {row.get('item_id', '')} {row.get('item_name', '')}"
    text = f"{words} {row.get('text', '')}".lower()
    of_state = {"open": row["state"] in OPEN, "": True}.get(state, row["state"] == state)
    needs = row.get("look", row.get("needs_review", False))
    return q.lower() in text and of_state and vendor in ("", row["supplier_id"]) and (not look or needs)


def _urgent_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["needed_by"] or date.max, -row["risk"], row["order_id"]))


def _listed(
    lines: list[dict[str, Any]], whole: list[dict[str, Any]], view: str, filters: tuple[str, str, str, bool], sort: str
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Columns and rows of the page and of its CSV: lines, or their orders, as filtered and sorted."""
    columns, rows = (COLUMNS, whole) if view == "orders" else (LINE_COLUMNS, lines)
    wanted = [row for row in rows if _wanted(row, *filters)]
    return columns, common.ordered(_urgent_first(wanted), sort, list(columns))


@router.get("/")
def today(  # noqa: PLR0913, PLR0917 a page's filters are its arguments
    request: Request, user: Viewer, view: str = "orders", q: str = "", state: str = "open", vendor: str = "", look: bool = False,
    sort: str = "", group: str = "", page: int = 1, cols: Annotated[list[str], Query()] = [], as_of: date | None = None,  # noqa: B006
) -> Response:  # fmt: skip
    """The worklist; before the first run a page that says what to do next."""
    day = as_of or worklist.newest()
    if day is None:
        return common.show(request, "first.html", steps=runs.first_steps())
    lines = worklist.lines(day)
    whole = _orders(lines)
    columns, rows = _listed(lines, whole, view, (q, state, vendor, look), sort)
    if group == "vendor":
        rows = sorted(rows, key=lambda row: row["supplier_name"])
    vendors = sorted({(row["supplier_id"], row["supplier_name"]) for row in whole}, key=lambda pair: pair[1])
    waiting = [row for row in whole if row["state"] in OPEN]
    sums = {
        "waiting": len(waiting),
        "value": sum(row["order_value"] for row in waiting),
        "look": sum(row["look"] for row in waiting),
        "soon": sum(bool(row["needed_by"] and (row["needed_by"] - day).days <= 7) for row in waiting),
        "approved": sum(row["state"] == "approved" for row in whole),
        "exceptions": sum(row["status"] == "open" for row in worklist.exceptions(day)),
    }
    shown = [name for name in columns if name in cols] or list(columns)
    return common.show(
        request, "today.html", day=day, view=view, q=q, state=state, vendor=vendor, look=look, sort=sort, group=group, columns=columns,
        shown=shown, vendors=vendors, sums=sums, notices=day_notices.of_day(day), views=worklist.views(user.name, "today"), wide=True,
        **common.paged(rows, page),
    )  # fmt: skip


@router.get("/today.csv")
def today_csv(
    user: Viewer,
    view: str = "orders",
    q: str = "",
    state: str = "open",
    vendor: str = "",
    look: bool = False,
    sort: str = "",
    as_of: date | None = None,
) -> Response:
    """The same rows as CSV."""
    day = common.run_date(as_of)
    lines = worklist.lines(day)
    columns, rows = _listed(lines, _orders(lines), view, (q, state, vendor, look), sort)
    first = ["order_id", "supplier_id", "supplier_name"] + ([] if view == "orders" else ["item_id", "item_name"])
    return common.sheet(rows, first + list(columns), f"{view}-{day}")


@router.post("/orders/approve")
def approve(user: Approver, numbers: Numbers = [], to: Text = "/", reason: Text = "") -> Response:  # noqa: B006
    """Sign orders within the user's limit, all or none."""
    acts.approve(numbers, reason, user)
    return common.back(to, "approved", numbers)


@router.post("/orders/reject")
def reject(user: Planner, reason: Text, numbers: Numbers = [], to: Text = "/") -> Response:  # noqa: B006
    """Refuse orders."""
    acts.reject(numbers, reason, user)
    return common.back(to, "rejected", numbers)


@router.post("/orders/take-back")
def take_back(user: Planner, numbers: Numbers = [], to: Text = "/") -> Response:  # noqa: B006
    """Undo a signature or a refusal."""
    acts.take_back(numbers, user)
    return common.back(to, "taken_back", numbers)


@router.post("/orders/release")
def release(user: Approver, to: Text = "/") -> Response:
    """Bring the signed orders into the ERP, each exactly once: through Airflow as the command does, or here where Airflow is away."""
    day = common.run_date()
    if servers.api().healthy():
        start.run("release_orders", day, {}, user)
        return common.back(to, "releasing")
    facts = job.release_approved(day)
    return common.back(to, "released", [f"order {n}" for n in range(1, int(facts["orders"]) + 1)])


@router.post("/views")
def save_view(user: Viewer, page: Text, name: Text, query: Text, to: Text = "/") -> Response:
    """Keep the filter on the screen under a name."""
    notes.save_view(user.name, page, name, query)
    return common.back(to, "view")


@router.post("/views/delete")
def delete_view(user: Viewer, page: Text, name: Text, to: Text = "/") -> Response:
    """Forget a saved filter."""
    notes.delete_view(user.name, page, name)
    return common.back(to, "view_gone")


@router.get("/search")
def search(request: Request, user: Viewer, q: str = "") -> Response:
    """SKUs, vendors and orders that a text names, as a list under the search field."""
    return common.show(request, "search.html", found=worklist.search(q), q=q)
