"""More SKUs and proposals in the tables that the API reads, copied of a run that is there: ``python -m tests.bench.api_fill 10000``.

For a warehouse of a benchmark alone: the copies are named after the original with a suffix, and nothing tells them from what a run wrote.
"""

import sys
from typing import Any

from pipelines.io import warehouse

_COPIED = {
    "plan.decisions": "item_id",
    "plan.forecast_detail": "item_id",
    "plan.forecasts": "item_id",
}
"""Table → the column that is suffixed."""


def fill(skus: int) -> dict[str, int]:
    """Copy decisions and forecasts until the newest run has so many SKUs, and propose one order a SKU.

    Args:
        skus: SKUs and orders wanted.

    Returns:
        Rows of each table now.
    """
    held = warehouse.row("select max(as_of) as day, count(*) as n from plan.decisions")
    copies = -(-(skus - held["n"]) // held["n"])
    for table, key in _COPIED.items():
        columns = _columns(table)
        picked = ", ".join(f"t.{one} || '~' || c" if one == key else f"t.{one}" for one in columns)
        warehouse.execute(
            f"""insert into {table} ({", ".join(columns)}) select {picked} from {table} t, generate_series(1, {copies}) c
            where t.as_of = :day and t.{key} not like '%~%'""",
            day=held["day"],
        )
    times = -(-(skus - _count("orders.orders")) // _count("orders.orders"))
    changed = {
        "order_id": "t.order_id || '~' || c",
        "idempotency_key": "cast(md5(t.order_id || '~' || c) as uuid)",
        "part": "t.part + 100 * c",
        "state": "'proposed'",
    }
    for table in ("orders.orders", "orders.lines"):
        columns = _columns(table)
        picked = ", ".join(changed.get(one, f"t.{one}") for one in columns)
        warehouse.execute(
            f"""insert into {table} ({", ".join(columns)}) select {picked} from {table} t, generate_series(1, {times}) c
            where t.order_id not like '%~%'"""
        )
    warehouse.execute("analyze")
    return {table: _count(table) for table in (*_COPIED, "orders.orders", "orders.lines")}


def _columns(table: str) -> list[str]:
    schema, name = table.split(".")
    query = """select column_name from information_schema.columns where table_schema = :schema and table_name = :name
        and is_generated = 'NEVER' and is_identity = 'NO' order by ordinal_position"""
    return [str(row["column_name"]) for row in warehouse.rows(query, schema=schema, name=name)]


def _count(table: str) -> int:
    row: dict[str, Any] = warehouse.row(f"select count(*) as n from {table}")
    return int(row["n"])


if __name__ == "__main__":
    for table, rows in fill(int(sys.argv[1])).items():
        print(f"{table}: {rows:,} rows")
