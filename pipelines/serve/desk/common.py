"""What the desk's pages share: the run they speak of, messages with an undo, filters of numbers, CSV of what is on screen."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from pipelines.briefing.queries import worklist
from pipelines.core.errors import NotFound
from pipelines.core.text import count, units
from pipelines.render import formats
from pipelines.serve import pages

PAGE_ROWS: Final = 100
"""Rows of a page."""

NAV: Final = (
    ("/", "Today"),
    ("/exceptions", "Exceptions"),
    ("/inventory", "Inventory"),
    ("/vendors", "Vendors"),
    ("/studies", "Studies"),
    ("/adjustments", "Adjustments"),
    ("/accuracy", "Accuracy"),
    ("/runs", "Runs"),
)

MESSAGES: Final = {
    "approved": "Signed {n}.", "rejected": "Rejected {n}.", "taken_back": "{n} waits for a signature again.",
    "overridden": "The line is changed; the order needs a signature.", "released": "Released: {n} went to the ERP.",
    "split": "Split off {n}.", "copied": "Copied: this is {n}.", "grouped": "Grouped in {n}.",
    "locked": "Locked: only you decide on {n}.", "unlocked": "Unlocked {n}.",
    "noted": "Noted.", "assigned": "Assigned.", "snoozed": "Put aside.", "done": "Done.", "reopened": "Open again.",
    "adjusted": "The adjustment holds from the next run on.", "withdrawn": "Withdrawn from the next run on.", "view": "Filter saved.",
    "view_gone": "Filter deleted.", "cancelled": "The study is cancelled.",
}  # fmt: skip


def run_date(as_of: date | None = None) -> date:
    """The run a page speaks of: the one asked for, else the newest.

    Raises:
        NotFound: there is none yet.
    """
    found = as_of or worklist.newest()
    if found is None:
        raise NotFound("no daily run has decided orders yet", "the first page says what to do next")
    return found


def show(request: Request, template: str, /, **values: Any) -> Response:
    """A page of the desk with its message, if an act before it left one."""
    said = request.query_params.get("said", "")
    numbers = [one for one in request.query_params.get("n", "").split(",") if one][:200]
    message = MESSAGES.get(said, "").format(n=count(len(numbers), "order") if len(numbers) != 1 else numbers[0])
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    always: dict[str, Any] = {
        "message": message,
        "said": said,
        "numbers": numbers,
        "path": request.url.path,
        "here": here,
        "wide": False,
    }
    return pages.render(request, template, **(always | values))


def back(target: str, said: str, numbers: Sequence[str] = ()) -> RedirectResponse:
    """To a page of the desk after an act, with its message; anything but a path of the desk leads to the first page."""
    safe = target if target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() else "/"
    path, _, query = safe.partition("?")
    kept = "&".join(part for part in query.split("&") if part and part.split("=")[0] not in ("said", "n"))
    added = urlencode({"said": said} | ({"n": ",".join(numbers)} if numbers else {}))
    return RedirectResponse(f"{path}?{kept}&{added}" if kept else f"{path}?{added}", 303)


def sheet(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], name: str) -> Response:
    """What is on the screen as CSV; a text that a spreadsheet would run as a formula stays a text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> Any:
    """A cell.

    >>> _cell("=1+1"), _cell(-3.5), _cell(None)
    ("'=1+1", -3.5, '')
    """
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def ordered(rows: list[dict[str, Any]], sort: str, allowed: Sequence[str]) -> list[dict[str, Any]]:
    """Rows by a column, ``-column`` descending; what is not known comes last. Other columns change nothing."""
    name = sort.removeprefix("-")
    if name not in allowed:
        return rows
    known = [row for row in rows if row[name] is not None]
    return sorted(known, key=lambda row: row[name], reverse=sort.startswith("-")) + [r for r in rows if r[name] is None]


def paged(rows: Sequence[Any], page: int, size: int = PAGE_ROWS) -> dict[str, Any]:
    """Rows of a page, counted from 1, with the number of pages and rows."""
    pages_ = max(-(-len(rows) // size), 1)
    at = min(max(page, 1), pages_)
    return {"rows": rows[(at - 1) * size : at * size], "page": at, "pages": pages_, "total": len(rows)}


def with_query(request: Request, **changes: Any) -> str:
    """The page's address with other parameters; the message of an act before is left out."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in (*changes, "said", "n")]
    return (
        f"{request.url.path}?{urlencode(kept + [(key, str(value)) for key, value in changes.items() if value != ''])}"
    )


def _day(value: date | None) -> str:
    return formats.UNKNOWN if value is None else f"{value:%d %b %Y}".lstrip("0")


def _number(value: float | None, digits: int = 2) -> str:
    return formats.UNKNOWN if value is None else f"{value:,.{digits}f}"


def _ratio(value: float | None) -> str:
    return formats.UNKNOWN if value is None else formats.percent(value)


def _units(value: float | None) -> str:
    return formats.UNKNOWN if value is None else units(value)


pages.templates().env.filters.update(
    {"day": _day, "num": _number, "pct": _ratio, "units": _units, "money": formats.money, "count": count}
)
pages.templates().env.globals.update({"with_query": with_query, "nav": NAV})
