"""A vendor's report as HTML, Excel or JSON. Pure."""

import io
import json
from pathlib import Path
from typing import Any, Final

from pipelines.render.workbooks import append

FORMATS: Final = ("html", "xlsx", "json")

NAMES: Final = {
    "delivery_time": "Delivery time",
    "on_time_delivery": "On time",
    "quality_score": "Quality",
    "cost_efficiency": "Cost",
    "reliability": "Reliability",
    "responsiveness": "Responsiveness",
}

MEANING: Final = {
    "delivery_time": "50: as long as peers on the same items; 80: half as long",
    "on_time_delivery": "lines on or before their promised day",
    "quality_score": "100: nothing rejected; 5% rejected: 50",
    "cost_efficiency": "50: peers' prices on the same items; a tenth cheaper: 70",
    "reliability": "in full, and steady lead times",
    "responsiveness": "how soon late lines follow: a week late counts half",
}


def encode(told: dict[str, Any], form: str) -> bytes:
    """The report as a file.

    Args:
        told: see :func:`pipelines.vendors.reading.detail`.
        form: one of :data:`FORMATS`.

    Returns:
        The file's bytes.
    """
    if form == "json":
        return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()
    return _excel(told) if form == "xlsx" else _html(told).encode()


def _html(told: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("vendor.html").render(v=told, names=NAMES, meaning=MEANING, headline=headline(told))


def headline(told: dict[str, Any]) -> str:
    """One sentence a buyer can begin the talk with.

    >>> oak = {"supplier_name": "Oak", "rank": 3, "vendors": 60, "rank_interval": [2, 9], "deliveries": 40}
    >>> headline({**oak, "trend": "stable", "risk": "low"})
    'Oak is 3rd of 60 vendors (2nd to 9th, as sure as 40 deliveries allow); stable, risk low.'
    """
    low, high = told["rank_interval"]
    deliveries = told["deliveries"]
    if deliveries < 8:
        known = "no delivery" if not deliveries else f"only {deliveries} deliver{'y' if deliveries == 1 else 'ies'}"
        span = f"anything from {_nth(low)} to {_nth(high)} of {told['vendors']}"
        return f"{told['supplier_name']} cannot be ranked yet: {known} in two years; {span}."
    return (
        f"{told['supplier_name']} is {_nth(told['rank'])} of {told['vendors']} vendors ({_nth(low)} to {_nth(high)}, "
        f"as sure as {deliveries:,} deliveries allow); {told['trend']}, risk {told['risk']}."
    )


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _excel(told: dict[str, Any]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = "Scores"
    append(sheet, [headline(told)])
    append(sheet, ["Dimension", "Score", "What it means"])
    for name, title in NAMES.items():
        append(sheet, [title, told["scores"][name], MEANING[name]])
    low, high = told["total_interval"]
    append(sheet, ["Total", told["total"], f"nine times in ten between {low} and {high}"])
    append(sheet, [])
    for sentence in told["recommendations"]:
        append(sheet, [sentence])
    for title, key in (
        ("Lead times", "items"),
        ("Months", "months"),
        ("Open lines", "open_lines"),
        ("Newest receipts", "receipts_newest"),
    ):
        rows = told[key]
        page = book.create_sheet(title)
        if rows:
            append(page, list(rows[0]))
            for row in rows:
                append(page, list(row.values()))
    for page in book.worksheets:
        for cell in page[2 if page.title == "Scores" else 1]:
            cell.font = Font(bold=True)
        for letter in "ABCDEFGHIJKLM":
            page.column_dimensions[letter].width = 18
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
