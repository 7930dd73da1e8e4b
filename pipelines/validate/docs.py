"""The data docs: a site a gate and date, replaced whole, and an index over them.

Great Expectations' own pages load their style and their index from the internet. The pages made here need nothing but themselves: the
index, and for each gate and date a summary with every rule, what it asked and what it found, which links Great Expectations' page of
each table.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Final

import expectations
from pipelines.io import files

KEPT_DATES: Final = 30
"""Sites of so many dates stay; the verdicts themselves stay in ops.gates."""

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 68rem; padding: 0 1rem; color: #1c2733 }
table { border-collapse: collapse; width: 100% } th, td { padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid #e3e8ee } td.n { text-align: right; font-variant-numeric: tabular-nums }
.kept { color: #1a7f4b } .broken { color: #b3261e; font-weight: 600 } pre { white-space: pre-wrap; font-size: .8rem }
small, summary { color: #5b6b7b } a { color: #0b5cad }"""


def index() -> Path:
    """Page that links the sites of every gate and date."""
    return files.state_dir("data_docs") / "index.html"


def publish(boundary: str, as_of: date, rows: Sequence[Mapping[str, Any]], build: Callable[[Path], None]) -> Path:
    """Build the site of a gate beside the old one and put it in its place; renew the index.

    Args:
        boundary: the gate.
        as_of: the run's date.
        rows: one a rule, with ``rule``, ``table_name``, ``severity``, ``bad_rows``, ``passed``, ``description``, ``remedy`` and ``asked``.
        build: writes Great Expectations' site into the empty folder it is given.

    Returns:
        The summary page.
    """
    day = files.state_dir("data_docs", as_of.isoformat())
    building, site = day / f".building-{boundary}", day / boundary
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    build(building)
    _share_static(building)
    files.write_atomic(building / "summary.html", _summary(boundary, as_of, rows, building))
    broken = sum(not row["passed"] for row in rows)
    files.write_atomic(building / "summary.json", json.dumps({"rules": len(rows), "broken": broken}))
    shutil.rmtree(site, ignore_errors=True)
    building.rename(site)
    _prune()
    files.write_atomic(index(), _index())
    return site / "summary.html"


def _share_static(site: Path) -> None:
    """Fonts and pictures are the same 4 MB in every site: keep them once."""
    own, shared = site / "static", files.state_dir("data_docs") / "static"
    if not own.is_dir():
        return
    if shared.is_dir():
        shutil.rmtree(own)
    else:
        own.rename(shared)
    own.symlink_to(Path("..", "..", "static"), target_is_directory=True)


def _days() -> list[Path]:
    folder = files.state_dir("data_docs")
    return sorted((day for day in folder.iterdir() if day.is_dir() and day.name != "static"), reverse=True)


def _prune() -> None:
    for day in _days()[KEPT_DATES:]:
        shutil.rmtree(day, ignore_errors=True)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def _index() -> str:
    head = "".join(f"<th>{boundary}</th>" for boundary in expectations.BOUNDARIES)
    rows = "\n".join(
        f"<tr><th>{escape(day.name)}</th>{''.join(_cell(day, boundary) for boundary in expectations.BOUNDARIES)}</tr>"
        for day in _days()
    )
    words = "<p>What each gate asked of the data, and what it found, by as-of date.</p>"
    return _page("Data docs", f"{words}\n<table>\n<tr><th>as of</th>{head}</tr>\n{rows}\n</table>")


def _cell(day: Path, boundary: str) -> str:
    verdict = day / boundary / "summary.json"
    if not verdict.is_file():
        return "<td></td>"
    counts = json.loads(verdict.read_text())
    kind, words = ("broken", f"{counts['broken']} of") if counts["broken"] else ("kept", "all")
    label = f"{words} {counts['rules']} rules {'broken' if counts['broken'] else 'kept'}"
    return f'<td><a class="{kind}" href="{day.name}/{boundary}/summary.html">{label}</a></td>'


def _summary(boundary: str, as_of: date, rows: Sequence[Mapping[str, Any]], site: Path) -> str:
    pages = {page.relative_to(site).parts[2]: page for page in sorted(site.glob("validations/*/*/**/*.html"))}
    broken_first = sorted(rows, key=lambda row: bool(row["passed"]))
    lines = "\n".join(_line(row, pages.get(row["table_name"]), site) for row in broken_first)
    head = "<tr><th>table</th><th>rule</th><th>severity</th><th>bad rows</th><th></th></tr>"
    words = '<p><a href="../../index.html">All gates and dates</a> · <a href="index.html">Great Expectations\' index</a></p>'
    return _page(f"{boundary}, as of {as_of}", f"{words}\n<table>\n{head}\n{lines}\n</table>")


def _line(row: Mapping[str, Any], page: Path | None, site: Path) -> str:
    table = escape(row["table_name"])
    link = f'<a href="{escape(page.relative_to(site).as_posix())}">{table}</a>' if page else table
    verdict = "kept" if row["passed"] else "broken"
    remedy = "" if row["passed"] else f"<br>Remedy: {escape(row['remedy'])}"
    asked = f"<details><summary>asked</summary><pre>{escape(row['asked'])}</pre></details>"
    return (
        f"<tr><td>{link}</td><td><b>{escape(row['rule'])}</b><br><small>{escape(row['description'])}{remedy}</small>{asked}</td>"
        f'<td>{row["severity"]}</td><td class="n">{row["bad_rows"]}</td><td class="{verdict}">{verdict}</td></tr>'
    )
