"""*Order*: its lines, their change with what it would cost, split, workbook and e-mail to the vendor, notes."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from pipelines.briefing import actions as noting
from pipelines.briefing.queries import worklist
from pipelines.core.errors import StockproofError
from pipelines.core.text import units
from pipelines.orders import preview
from pipelines.orders import reading as orders
from pipelines.orders.workbook import workbook
from pipelines.serve import acts
from pipelines.serve.desk import common
from pipelines.serve.guard import Planner, Viewer

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


@router.get("/orders/{number}")
def order(request: Request, user: Viewer, number: str) -> Response:
    """The order."""
    one = orders.one(number)
    details = {line["line_no"]: line for line in worklist.lines(one["as_of"]) if line["order_id"] == number}
    lines = [
        f"{line['item_id']}\t{units(line['quantity'])}\t{line['item_name'] or ''}"
        for line in one["lines"]
        if line["quantity"] > 0
    ]
    body = f"Please deliver to {one['location_name'] or one['location_id']}:\n\n" + "\n".join(lines)
    mail = f"mailto:?subject={quote('Purchase order ' + number)}&body={quote(body[:1500])}"
    notes = worklist.notes(f"order:{number}")
    return common.show(request, "order.html", order=one, details=details, mail=mail, notes=notes, wide=True)


@router.get("/orders/{number}/lines/{line_no}/preview")
def what_it_costs(request: Request, user: Viewer, number: str, line_no: int, quantity: str = "") -> Response:
    """What another quantity would cost, by replay: a fragment below the line."""
    try:
        played = preview.line(number, line_no, max(float(quantity), 0.0))
    except ValueError:
        return common.show(request, "_preview.html", played=None, fault="Type a number of units.")
    except StockproofError as fault:
        return common.show(request, "_preview.html", played=None, fault=fault.message)
    return common.show(request, "_preview.html", played=played, fault="")


@router.post("/orders/{number}/lines/{line_no}/override")
def override(user: Planner, number: str, line_no: int, quantity: Annotated[float, Form()], reason: Text) -> Response:
    """Change a line's quantity."""
    acts.override(f"{number}:{line_no}", quantity, reason, user)
    return common.back(f"/orders/{number}", "overridden", [number])


@router.post("/orders/{number}/split")
def split(user: Planner, number: str, lines: Annotated[list[int], Form()] = []) -> Response:  # noqa: B006
    """Move the chosen lines into an order of their own."""
    new = acts.split(number, lines, user)
    return common.back(f"/orders/{number}", "split", [new])


@router.post("/orders/{number}/copy")
def copy(user: Planner, number: str) -> Response:
    """Propose the same lines once more; the page of the new order opens."""
    new = acts.copy(number, user)
    return common.back(f"/orders/{new}", "copied", [new])


@router.get("/orders/{number}/workbook")
def book(user: Viewer, number: str) -> Response:
    """The workbook for the vendor."""
    one = orders.one(number)
    content = workbook(orders.for_vendors(one["as_of"], [number]))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{one["order_id"]}.xlsx"'}
    )


@router.post("/notes")
def note(user: Planner, subject: Text, text: Text, to: Text = "/") -> Response:
    """Add a note to an order, a SKU or a vendor."""
    noting.note(subject, text, user.name)
    return common.back(to, "noted")
