"""Partitions that are held, and those that are dropped."""

import re
from datetime import date

import sqlalchemy as sa

from pipelines.io import partitions, warehouse


def drop_before(first: date) -> list[str]:
    """Drop the partitions that end before the month of a day.

    Args:
        first: oldest day that is kept; its whole month stays.

    Returns:
        Names of the partitions dropped.
    """
    gone = [name for table in partitions.PARTITIONED for name in names(table) if _month(name) < first.replace(day=1)]
    with warehouse.transaction() as connection:
        for name in gone:
            connection.execute(sa.text(f"drop table {name}"))
    partitions.forget()
    return gone


def names(table: str) -> list[str]:
    """Partitions of a table, ``schema.name``, oldest first."""
    found = warehouse.rows(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = cast(:table as regclass) order by 1",
        table=table,
    )
    return [row["name"] for row in found]


def _month(name: str) -> date:
    year, month = re.findall(r"\d+", name)[-2:]
    return date(int(year), int(month), 1)
