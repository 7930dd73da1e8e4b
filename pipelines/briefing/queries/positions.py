"""What counts as stock to come, SKU by SKU: the one definition that policy and purchase share."""

from datetime import date
from typing import Final

import polars as pl

from pipelines.core import units
from pipelines.io import warehouse

FRACTIONAL: Final = (
    f"select item_id, location_id, cast({units.step('quantity')} as double precision) as step "
    "from marts.fct_demand where quantity > 0 group by item_id, location_id "
    f"having {units.mostly_fractions('quantity')}"
)
"""SQL of the SKUs that do not come in whole units, and their smallest step."""

_PENDING = """
    select p.item_id, p.location_id, null as po_id, p.quantity,
        p.expected_on + greatest(coalesce(p.ordered_on, cast(:as_of as date)) - p.as_of, 0) as expected_on, true as ours
    from orders.pending p
    where p.as_of < :as_of
        and not exists (
            select 1 from staging.stg_erp__purchase_orders e where e.external_ref = cast(p.idempotency_key as text))
        and not exists (select 1 from staging.stg_erp__purchase_orders e where e.po_id = p.po_id)"""
"""Shown is an order under our key, or under the number the ERP gave it when it was read back: not every source tells our key. Dates move
with the day the order was placed; one that was not placed yet is placed today at the earliest."""

_NONE = """
    select null as item_id, null as location_id, null as po_id, null::float8 as quantity, null::date as expected_on, true as ours
    where false"""

_JUDGED = """
with lines as (
    select item_id, location_id, {po_id} as po_id, cast(quantity_open as double precision) as quantity, expected_on, {dates}, false as ours
    from marts.fct_open_orders
    union all
    select item_id, location_id, po_id, quantity, expected_on, expected_on, null, true from ({pending}) o
),
judged as (
    select l.*,
        not ours and coalesce(greatest(due_on, expected_on) < cast(:as_of as date) - cast(:late_days as int), false) as dropped,
        not ours and coalesce(due_on < cast(:as_of as date), false) as overdue,
        coalesce(expected_on > cast(:as_of as date) + {days}, false) and coalesce(expected_on > usual_on, true) as beyond
    from lines l {join}
)
"""

_LINES = (
    _JUDGED
    + """
select item_id, location_id,
    coalesce(sum(quantity) filter (where not ours and not dropped and not beyond), 0) as due,
    coalesce(sum(quantity) filter (where ours), 0) as proposed,
    coalesce(sum(quantity) filter (where overdue and not dropped), 0) as overdue,
    coalesce(sum(quantity) filter (where dropped), 0) as dropped,
    coalesce(sum(quantity) filter (where not ours and beyond), 0) as beyond,
    min(expected_on) filter (where not overdue and not ours) as next_on,
    min(due_on) filter (where overdue) as oldest_on,
    coalesce(min(po_id) filter (where overdue), '') as late_po,
    coalesce(min(po_id) filter (where beyond), '') as beyond_po
from judged group by item_id, location_id
order by location_id collate "C", item_id collate "C"
"""
)

_DATED = (
    _JUDGED
    + """
select item_id, location_id, quantity, expected_on, usual_on, ours from judged where not dropped and (ours or not beyond)
order by location_id collate "C", item_id collate "C", expected_on nulls first, quantity
"""
)


def read(as_of: date, late_days: int, default_days: int = 0) -> pl.DataFrame:
    """Units to come of every SKU that has any.

    An open line counts where it is expected within the protection interval of plan.policies, has no date, or comes when its supplier
    usually brings an order: what was ordered for a need is not ordered again because its supplier takes longer than another. A line
    promised for later covers nothing of the interval. A line overdue by more than ``late_days``, also against what its supplier really
    takes, is no longer believed. Orders of ours from earlier dates that the ERP does not show yet count whole. So the inventory position
    is ``on_hand + due + proposed``.

    Args:
        as_of: the run's date; the marts hold it.
        late_days: how late a line may be and still count.
        default_days: protection interval of a SKU without a policy.

    Returns:
        ``item_id, location_id``; units: ``due, proposed``, ``overdue`` (part of due), ``dropped`` and ``beyond`` (not part of it);
        ``next_on, oldest_on`` days, ``late_po, beyond_po`` a purchase order, empty where there is none.
    """
    query = _query(_LINES, "plan.policies")
    return warehouse.read(query, as_of=as_of, late_days=late_days, default_days=default_days)


def dated(
    as_of: date,
    late_days: int,
    default_days: int = 0,
    protection: str | None = "plan.policies",
    item_id: str | None = None,
) -> pl.DataFrame:
    """The lines that :func:`read` counts in ``due`` and ``proposed``, one by one.

    Args:
        as_of: the run's date; the marts hold it.
        late_days: how late a line may be and still count.
        default_days: protection interval of a SKU that the table below does not name.
        protection: table with ``as_of, item_id, location_id, protection_days``; None: lines due at any time.
        item_id: of this item alone; None: of all.

    Returns:
        ``item_id, location_id, quantity`` in units, ``expected_on``, null where a line has no date, ``usual_on`` (when its supplier usually
        brings an order: a line expected by then counts at any time) and ``ours``.
    """
    interval = {"default_days": default_days} if protection else {}
    query = _query(_DATED, protection)
    if item_id is None:
        return warehouse.read(query, as_of=as_of, late_days=late_days, **interval)
    only = query.replace("where not dropped", "where item_id = :item and not dropped")
    return warehouse.read(only, as_of=as_of, late_days=late_days, item=item_id, **interval)


def own_orders() -> str:
    """A query of the lines of our own orders of dates before ``:as_of`` that the ERP does not show, by item and location."""
    return (
        _PENDING
        if warehouse.exists("orders.pending") and warehouse.exists("staging.stg_erp__purchase_orders")
        else _NONE
    )


def _query(statement: str, protection: str | None) -> str:
    joined = f"left join {protection} p on p.as_of = :as_of and p.item_id = l.item_id and p.location_id = l.location_id"
    dated = _has("marts", "fct_open_orders", "due_on")
    return statement.format(
        pending=own_orders(),
        po_id="po_id" if _has("marts", "fct_open_orders", "po_id") else "null::text",
        dates="due_on, usual_on" if dated else "expected_on as due_on, null::date as usual_on",
        days="coalesce(p.protection_days, cast(:default_days as int))" if protection else "cast(null as int)",
        join=joined if protection else "",
    )


def _has(schema: str, table: str, column: str) -> bool:
    found = warehouse.read(
        "select 1 as one from information_schema.columns where table_schema = :s and table_name = :t and column_name = :c",
        s=schema,
        t=table,
        c=column,
    )
    return found.height > 0
