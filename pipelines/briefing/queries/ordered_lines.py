"""What a date orders, line by line: the one definition that list, report, exports and the inventory report share.

A date's orders speak, with the quantities and prices as they stand, whatever was decided before a planner touched them. Only of a date
whose orders have not been made yet do the decisions speak.
"""

from datetime import date
from typing import Final

import polars as pl

from pipelines.io import warehouse

ALIVE: Final = ("proposed", "overridden", "refused", "approved", "submitted", "acknowledged", "received")
"""States of orders whose lines are to be bought, or were; those of ``pipelines.orders.states.ALIVE``."""

_ALIVE: Final = ", ".join(f"'{state}'" for state in ALIVE)

SQL: Final = f"""
select o.as_of, o.order_id, o.state, l.line_no, l.item_id, o.location_id, o.supplier_id, l.quantity, l.proposed_quantity, l.unit_price,
    l.quantity * coalesce(l.unit_price, 0) as line_value, l.expected_on + coalesce(o.ordered_on - o.as_of, 0) as expected_on, l.reason_code,
    coalesce(l.reason, d.reason) as reason, coalesce(l.alert, d.alert) as alert, d.priority, d.risk
from orders.orders o join orders.lines l using (order_id)
left join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
where o.as_of = :as_of and o.state in ({_ALIVE}) and l.quantity > 0
union all
select d.as_of, null, null, null, d.item_id, d.location_id, d.supplier_id, d.quantity, d.quantity, d.unit_price, d.order_value,
    d.expected_on, d.reason_code, d.reason, d.alert, d.priority, d.risk
from plan.decisions d
where d.as_of = :as_of and d.quantity > 0 and not exists (select 1 from orders.orders o where o.as_of = :as_of)
"""
"""A query of the lines of the date ``:as_of``."""


def read(as_of: date) -> pl.DataFrame:
    """Lines of a date, by location, item and order.

    Args:
        as_of: the run's date.

    Returns:
        ``as_of, order_id, state, line_no, item_id, location_id, supplier_id``; units ``quantity, proposed_quantity``; money
        ``unit_price, line_value``; ``expected_on, reason_code, reason, alert, priority, risk``. Order, state and number are null where
        no orders were made.
    """
    query = f'select * from ({SQL}) l order by location_id collate "C", item_id collate "C", order_id, line_no'
    return warehouse.read(query, as_of=as_of)


def by_supplier(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines, units and money of each supplier, the most valuable first.

    Args:
        lines: from :func:`read`.

    Returns:
        ``supplier_id, supplier_name, lines, units, order_value, high_priority, expected_by``.
    """
    names = warehouse.read("select supplier_id, supplier_name from marts.dim_supplier")
    totals = lines.group_by("supplier_id").agg(
        pl.len().cast(pl.Int64).alias("lines"),
        pl.col("quantity").sum().alias("units"),
        pl.col("line_value").sum().alias("order_value"),
        (pl.col("priority") == "high").sum().cast(pl.Int64).alias("high_priority"),
        pl.col("expected_on").max().alias("expected_by"),
    )
    named = totals.join(names, on="supplier_id", how="left").with_columns(
        pl.coalesce("supplier_name", "supplier_id").alias("supplier_name")
    )
    return named.sort(["order_value", "supplier_id"], descending=[True, False]).select(
        "supplier_id", "supplier_name", "lines", "units", "order_value", "high_priority", "expected_by"
    )
