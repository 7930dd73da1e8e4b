"""The data docs: one static site a gate and date, replaced whole, and an index over them."""

import html
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import expectations
from pipelines.io import files

KEPT_DATES: Final = 14
"""Sites of so many dates stay; the verdicts themselves stay in ops.gates."""


def index() -> Path:
    """Page that links the sites of every gate and date."""
    return files.state_dir("data_docs") / "index.html"


def publish(boundary: str, as_of: date, build: Callable[[Path], None]) -> Path:
    """Build the site of a gate beside the old one and put it in its place; renew the index.

    Args:
        boundary: the gate.
        as_of: the run's date.
        build: writes a site with ``index.html`` into the empty folder it is given.

    Returns:
        The site's first page.
    """
    day = files.state_dir("data_docs", as_of.isoformat())
    building, site = day / f".building-{boundary}", day / boundary
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    build(building)
    shutil.rmtree(site, ignore_errors=True)
    building.rename(site)
    _prune()
    files.write_atomic(index(), _page())
    return site / "index.html"


def _days() -> list[Path]:
    folder = files.state_dir("data_docs")
    return sorted((day for day in folder.iterdir() if day.is_dir()), reverse=True)


def _prune() -> None:
    for day in _days()[KEPT_DATES:]:
        shutil.rmtree(day, ignore_errors=True)


def _page() -> str:
    rows = "\n".join(
        f"<tr><th>{html.escape(day.name)}</th>"
        + "".join(
            f'<td><a href="{day.name}/{boundary}/index.html">{boundary}</a></td>'
            if (day / boundary / "index.html").is_file()
            else "<td></td>"
            for boundary in expectations.BOUNDARIES
        )
        + "</tr>"
        for day in _days()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stockproof data docs</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem }}
th, td {{ padding: .3rem 1rem .3rem 0; text-align: left }}</style></head>
<body><h1>Data docs</h1>
<p>What each gate asked of the data, and what it found, by as-of date.</p>
<table>
{rows}
</table></body></html>
"""
