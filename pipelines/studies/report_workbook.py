"""A study's answer as an Excel workbook: typed sheets with number formats and frozen headers. Pure."""

import io
from collections.abc import Sequence
from typing import Any, Final

from pipelines.render.workbooks import plain
from pipelines.studies.groups import BREAKDOWNS

SHARES: Final = ("rate", "level", "reduction")


def study(answer: dict[str, Any]) -> bytes:
    """The workbook of one study: global figures, trade-off, money, a sheet a breakdown, SKUs."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    sides = ("real", "incumbent", "simulated")
    rows = []
    for name, one in answer["global_metrics"].items():
        theirs = one["against_incumbent"]
        change = one.get("improvement", one.get("reduction"))
        rows.append(
            {
                "metric": name,
                **{side: one[side] for side in sides},
                "change_against_books": change,
                "low": one["low"],
                "high": one["high"],
                "change_against_incumbent": theirs.get("improvement", theirs.get("reduction")),
            }
        )
    _sheet(book, "Global", rows)
    _sheet(book, "Trade-off", answer["trade_off_curve"])
    _sheet(
        book,
        "Money",
        [
            {"against": name.removeprefix("against_"), "figure": key, **one}
            for name, part in answer["money"].items()
            if name.startswith("against_")
            for key, one in part.items()
        ],
    )
    for name in BREAKDOWNS:
        _sheet(book, name.capitalize(), [_flat(row) for row in answer[f"{name}_breakdown"]])
    _sheet(book, "SKUs", answer["item_level_summary"])
    _sheet(book, "Question", [{"key": key, "value": str(value)} for key, value in answer["question"].items()])
    return _bytes(book)


def comparison(compared: dict[str, Any]) -> bytes:
    """The workbook of a comparison: a sheet a pair."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    _sheet(book, "Studies", compared["studies"])
    for number, one in enumerate(compared["comparisons"], 1):
        _sheet(book, f"Figures {number}", one["figures"])
        _sheet(
            book, f"Question {number}", [{key: str(value) for key, value in row.items()} for row in one["questions"]]
        )
        _sheet(book, f"SKUs {number}", one["items"])
    return _bytes(book)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        flat |= {f"{key} {side}": part for side, part in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def _sheet(book: Any, title: str, rows: Sequence[dict[str, Any]]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    names = list(rows[0]) if rows else ["nothing"]
    sheet.append([name.replace("_", " ") for name in names])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for row in rows:
        sheet.append([plain(value) if isinstance(value, str) else value for value in (row[name] for name in names)])
        for name, cell in zip(names, sheet[sheet.max_row], strict=True):
            if isinstance(cell.value, str):
                cell.data_type = "s"  # an item called "=1+1" is a name, not a formula
            elif isinstance(cell.value, float):
                share = any(part in name for part in SHARES) or any(
                    part in str(row.get("metric", "")) for part in ("rate", "level")
                )
                cell.number_format = "0.00%" if share and abs(cell.value) <= 10 else "#,##0.00"
            elif isinstance(cell.value, int):
                cell.number_format = "#,##0"
    for number, name in enumerate(names, 1):
        sheet.column_dimensions[get_column_letter(number)].width = max(len(name) + 2, 14)


def _bytes(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
