"""Answers about orders; never writes. :mod:`reading` has one order and its lines, :mod:`ledger` the overrides."""

from datetime import date
from typing import Any, Final

from pipelines.briefing.queries.last_run import decided_on as newest
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.orders import states
from pipelines.orders.ledger import ranking
from pipelines.orders.reading import for_vendors, of_date, one

__all__ = ["SORTS", "for_vendors", "newest", "of_date", "one", "page", "ranking", "stamp", "summary"]

SORTS: Final = {
    "value": ("order_value", True),
    "supplier": ("supplier_id", False),
    "expected": ("expected_by", False),
    "order": ("order_id", False),
    "changed": ("changed_at", True),
    "lines": ("lines", True),
}
"""Sort keys of :func:`page` → column, and whether it descends."""

_LISTED: Final = """
    select o.order_id, o.as_of, o.supplier_id, s.supplier_name, o.location_id, o.state, o.order_value, o.ordered_on, o.po_id,
        to_char(o.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as changed_at
    from orders.orders o left join marts.dim_supplier s on s.supplier_id = o.supplier_id
    where o.as_of = :as_of and (:state = '' or o.state = any(string_to_array(:state, ',')))
        and (:supplier = '' or o.supplier_id = :supplier) and (:location = '' or o.location_id = :location)
        and (:text = '' or o.order_id ilike :text or o.supplier_id ilike :text or s.supplier_name ilike :text
            or exists (select 1 from orders.lines x where x.order_id = o.order_id and x.item_id ilike :text))
"""
_SUMS: Final = """
    left join lateral (
        select cast(count(*) filter (where l.quantity > 0) as int) as lines, coalesce(sum(l.quantity), 0) as units,
            coalesce(cast(max(l.expected_on) + coalesce(p.ordered_on - p.as_of, 0) as text), '') as expected_by,
            coalesce(bool_or(l.needs_review), false) as needs_review
        from orders.lines l where l.order_id = p.order_id) t on true
"""
_PAGE: Final = f"""
with listed as ({_LISTED}), picked as (select * from listed {{where}} order by {{column}} {{way}}, order_id limit :limit)
select p.*, t.* from picked p {_SUMS} order by p.{{column}} {{way}}, p.order_id
"""
"""The page is picked first: the sums of its orders' lines alone are read."""
_PAGE_BY_SUMS: Final = f"""
with listed as (select p.*, t.* from ({_LISTED}) p {_SUMS})
select * from listed {{where}} order by {{column}} {{way}}, order_id limit :limit
"""

_SUMMARY: Final = """
select o.state, cast(count(*) as int) as orders, coalesce(sum(o.order_value), 0) as order_value
from orders.orders o where o.as_of = :as_of group by o.state order by o.state
"""

_STAMP: Final = """
select (select max(as_of) from plan.decisions) as as_of, coalesce((select max(event_id) from orders.events), 0) as orders,
    coalesce((select max(event_id) from ops.run_events), 0) as runs
"""


def stamp() -> str:
    """What changes whenever a run writes or a person acts: the newest run's date, the last event of an order and of a run."""
    row = warehouse.row(_STAMP)
    return f"{row['as_of'] or 'none'}.{row['orders']}.{row['runs']}"


def page(
    as_of: date, *, state: str = "", supplier: str = "", location: str = "", text: str = "", sort: str = "value",
    after: tuple[str, str] | None = None, limit: int = 100,
) -> list[dict[str, Any]]:  # fmt: skip
    """Orders of a date, filtered and sorted, a page of them.

    Args:
        as_of: the run's date.
        state: states, separated by commas; empty: all.
        supplier: of this supplier; empty: all.
        location: for this location; empty: all.
        text: part of an order number, supplier or item; empty: all.
        sort: a key of :data:`SORTS`.
        after: the sort value and number of the last order of the page before; rows that came or went since shift nothing.
        limit: most rows.

    Returns:
        Orders, with ``key``, what ``after`` of the next page begins with.

    Raises:
        StockproofError: another sort key, or a key of a page that is none.
    """
    if sort not in SORTS:
        raise StockproofError(f"orders cannot be sorted by {sort!r}", f"sort by {', '.join(SORTS)}")
    column, down = SORTS[sort]
    kind = {"order_value": "double precision", "lines": "int"}.get(column, "text")
    where, values = "", {"key": "", "order_id": ""}
    if after is not None:
        if kind != "text":
            _number(after[0])
        where = f"where ({column}, order_id) > (cast(:key as {kind}), :order_id)"
        if down:
            where = (
                f"where {column} < cast(:key as {kind}) or ({column} = cast(:key as {kind}) and order_id > :order_id)"
            )
        values = {"key": after[0], "order_id": after[1]}
    form = _PAGE_BY_SUMS if column in ("lines", "expected_by") else _PAGE
    query = form.format(where=where, column=column, way="desc" if down else "asc")
    like = f"%{text}%" if text else ""
    found = warehouse.rows(
        query, as_of=as_of, state=state, supplier=supplier, location=location, text=like, limit=limit, **values
    )
    return [row | {"key": repr(row[column]) if kind != "text" else str(row[column])} for row in found]


def summary(as_of: date) -> dict[str, Any]:
    """Orders and their value by state, and what waits for a signature."""
    rows = warehouse.rows(_SUMMARY, as_of=as_of)
    waiting = [row for row in rows if row["state"] in states.UNSIGNED]
    return {
        "as_of": as_of,
        "orders": sum(row["orders"] for row in rows),
        "order_value": round(sum(row["order_value"] for row in rows), 2),
        "waiting": {
            "orders": sum(row["orders"] for row in waiting),
            "order_value": round(sum(row["order_value"] for row in waiting), 2),
        },
        "states": rows,
    }


def _number(key: str) -> None:
    try:
        float(key)
    except ValueError:
        raise StockproofError(f"{key!r} is not the key of a page", "take `next` as the page before gave it") from None
