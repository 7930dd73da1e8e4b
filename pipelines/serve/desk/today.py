"""*Today*: the orders that wait, by urgency and needed-by date; signed, rejected, grouped, locked and released from here."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipelines.briefing import actions as notes
from pipelines.briefing.queries import day_notices, runs, worklist
from pipelines.orders import job
from pipelines.serve import acts, start
from pipelines.serve.desk import common, rows
from pipelines.serve.guard import Approver, Planner, Viewer
from pipelines.stack import servers

router = APIRouter(include_in_schema=False)

Numbers = Annotated[list[str], Form()]
Text = Annotated[str, Form()]


@router.get("/")
def today(request: Request, user: Viewer, wanted: Annotated[rows.Filters, Query()]) -> Response:
    """The worklist; before the first run a page that says what to do next."""
    day = wanted.as_of or worklist.newest()
    if day is None:
        return common.show(request, "first.html", steps=runs.first_steps())
    of_day = rows.of_day(day)
    return common.show(
        request, "today.html", day=day, columns=wanted.columns(), vendors=of_day.vendors, sums=of_day.sums,
        views=worklist.views(user.name, "today"), wide=True,
        **{**wanted.model_dump(exclude={"cols", "as_of"}), "shown": wanted.shown()} | common.paged(rows.listed(wanted, day), wanted.page),
    )  # fmt: skip


@router.get("/notices")
def notices(request: Request, user: Viewer, as_of: date) -> Response:
    """What to know of a date before signing: a fragment that loads after the list, since it asks all marts."""
    return common.show(request, "_notices.html", notices=day_notices.of_day(as_of))


@router.get("/today.csv")
def today_csv(user: Viewer, wanted: Annotated[rows.Filters, Query()]) -> Response:
    """The same rows as CSV."""
    day = common.run_date(wanted.as_of)
    return common.sheet(rows.listed(wanted, day), rows.sheet_columns(wanted), f"{wanted.view}-{day}")


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


@router.post("/orders/group")
def group(user: Planner, numbers: Numbers = [], to: Text = "/") -> Response:  # noqa: B006
    """Bring orders of one supplier together in one."""
    return common.back(to, "grouped", [acts.group(numbers, user)])


@router.post("/orders/lock")
def lock(user: Planner, numbers: Numbers = [], to: Text = "/") -> Response:  # noqa: B006
    """Keep orders for oneself."""
    return common.back(to, "locked", acts.lock(numbers, user))


@router.post("/orders/unlock")
def unlock(user: Planner, numbers: Numbers = [], to: Text = "/") -> Response:  # noqa: B006
    """Give locked orders back to all."""
    return common.back(to, "unlocked", acts.unlock(numbers, user))


@router.post("/orders/release")
def release(user: Approver, to: Text = "/") -> Response:
    """Bring the signed orders into the ERP, each exactly once: by the DAG that the command starts; here where Airflow is away."""
    day = common.run_date()
    if servers.api().healthy():
        begun = start.begin("release_orders", day, {}, user)
        return RedirectResponse(f"/runs/{begun['run_id']}", 303)
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
