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


def encode(vendor: dict[str, Any], form: str) -> bytes:
    """The report as a file.

    Args:
        vendor: see :func:`pipelines.vendors.reading.detail`.
        form: one of :data:`FORMATS`.

    Returns:
        The file's bytes.
    """
    if form == "json":
        return (json.dumps(vendor, indent=1, ensure_ascii=False) + "\n").encode()
    return _excel(vendor) if form == "xlsx" else _html(vendor).encode()


def _html(vendor: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("vendor.html").render(
        v=vendor, names=NAMES, meaning=MEANING, headline=headline(vendor)
    )


def headline(vendor: dict[str, Any]) -> str:
    """One sentence a buyer can begin the talk with.

    >>> oak = {"supplier_name": "Oak", "rank": 3, "vendors": 60, "rank_interval": [2, 9], "deliveries": 40}
    >>> headline({**oak, "trend": "stable", "risk": "low"})
    'Oak is 3rd of 60 vendors (2nd to 9th, as sure as 40 deliveries allow); stable, risk low.'
    """
    low, high = vendor["rank_interval"]
    deliveries = vendor["deliveries"]
    if deliveries < 8:
        known = "no delivery" if not deliveries else f"only {deliveries} deliver{'y' if deliveries == 1 else 'ies'}"
        span = f"anything from {_nth(low)} to {_nth(high)} of {vendor['vendors']}"
        return f"{vendor['supplier_name']} cannot be ranked yet: {known} in two years; {span}."
    return (
        f"{vendor['supplier_name']} is {_nth(vendor['rank'])} of {vendor['vendors']} vendors ({_nth(low)} to {_nth(high)}, "
        f"as sure as {deliveries:,} deliveries allow); {vendor['trend']}, risk {vendor['risk']}."
    )


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _excel(vendor: dict[str, Any]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = "Scores"
    append(sheet, [headline(vendor)])
    append(sheet, ["Dimension", "Score", "What it means"])
    for name, title in NAMES.items():
        append(sheet, [title, vendor["scores"][name], MEANING[name]])
    low, high = vendor["total_interval"]
    append(sheet, ["Total", vendor["total"], f"nine times in ten between {low} and {high}"])
    append(sheet, [])
    for sentence in vendor["recommendations"]:
        append(sheet, [sentence])
    for title, key in (
        ("Lead times", "items"),
        ("Months", "months"),
        ("Open lines", "open_lines"),
        ("Newest receipts", "receipts_newest"),
    ):
        rows = vendor[key]
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
