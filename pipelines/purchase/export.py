"""Proposals as files: CSV, JSON or Parquet, the same bytes for the same proposals."""

import io
import json

import polars as pl

COLUMNS = ("as_of", "item_id", "location_id", "supplier_id", "quantity", "unit_price", "expected_on", "reason_code")

CHANGED = ("order_id", "state", "proposed_quantity")
"""Columns that say what became of a line: whose it is, in which state, and what was proposed before a planner changed it."""

FORMATS = ("csv", "json", "parquet")


def number(value: float | None) -> str:
    """Shortest text that reads back as the same number; whole numbers without a decimal point.

    >>> number(12.0), number(0.1), number(1e16), number(None)
    ('12', '0.1', '10000000000000000', '')
    """
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def encode(proposals: pl.DataFrame, form: str) -> bytes:
    """Proposals as a file.

    Args:
        proposals: with :data:`COLUMNS` and, where orders were made, :data:`CHANGED`; in any order of rows.
        form: one of :data:`FORMATS`.

    Returns:
        The file's bytes: rows by location and item, LF line ends, UTF-8.
    """
    # The columns of the CSV are fixed: programs of others read it. JSON and Parquet say what was changed as well.
    changed = [name for name in CHANGED if name in proposals.columns and form != "csv"]
    rows = proposals.select(*COLUMNS, *changed).sort("location_id", "item_id", maintain_order=True)
    if form == "parquet":
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="zstd", statistics=False)
        return buffer.getvalue()
    if form == "json":
        return (
            json.dumps([_plain(row) for row in rows.iter_rows(named=True)], indent=1, ensure_ascii=False) + "\n"
        ).encode()
    numbers = (
        pl.col(name).map_elements(number, return_dtype=pl.String, skip_nulls=True)
        for name in ("quantity", "unit_price")
    )
    return rows.with_columns(numbers).write_csv(line_terminator="\n").encode()


def _plain(row: dict[str, object]) -> dict[str, object]:
    """JSON's own types: days as ISO text, whole numbers as integers."""
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
    return {
        name: int(value) if isinstance(value, float) and value == int(value) else value for name, value in plain.items()
    }
