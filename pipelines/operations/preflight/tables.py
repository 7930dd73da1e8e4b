"""SQL of the preflight: clocks, and the columns that the ERP had at the last run."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines.io import erp, warehouse

READS: Final = ("ops.erp_columns",)
WRITES: Final = ("ops.erp_columns",)


def clocks() -> dict[str, float]:
    """Server → its clock less this machine's, seconds; of a file there is none."""
    with warehouse.transaction() as connection:
        skews = {"warehouse": _skew(connection, "select extract(epoch from clock_timestamp())")}
    if not erp.is_sqlite():
        with erp.transaction() as connection:
            skews["ERP"] = _skew(connection, "select unix_timestamp(now(6))")
    return skews


def _skew(connection: sa.Connection, query: str) -> float:
    began = datetime.now(UTC).timestamp()
    theirs = float(connection.execute(sa.text(query)).scalar_one())
    return theirs - (began + datetime.now(UTC).timestamp()) / 2


def erp_columns() -> dict[str, list[str]]:
    """Tables and columns of the ERP's database that its user may read."""
    with erp.transaction() as connection:
        inspector = sa.inspect(connection)
        return {
            name: sorted(one["name"] for one in inspector.get_columns(name)) for name in inspector.get_table_names()
        }


def seen_columns() -> dict[str, list[str]]:
    """Tables and columns that the last run saw."""
    with warehouse.transaction() as connection:
        rows: Sequence[Any] = connection.execute(sa.text("select table_name, columns from ops.erp_columns")).all()
    return {row.table_name: list(row.columns) for row in rows}


def keep_columns(columns: Mapping[str, Sequence[str]]) -> None:
    """Keep what this run sees, for the next to compare."""
    with warehouse.transaction() as connection:
        connection.execute(sa.text("delete from ops.erp_columns"))
        insert = sa.text(
            "insert into ops.erp_columns (table_name, columns, seen_at) values (:name, :columns, clock_timestamp())"
        )
        if columns:
            connection.execute(insert, [{"name": name, "columns": list(held)} for name, held in columns.items()])
