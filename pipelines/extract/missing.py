"""Rows that the ERP no longer holds.

Extraction by watermark sees what is new or changed; a deleted row is neither. So the keys the ERP holds are compared with those of raw,
and a row that is missing is recorded once more, as it was last and marked as gone. A date before it was found gone still sees it.
"""

from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from pipelines.core.calendar import as_of_end
from pipelines.core.contract import Table
from pipelines.extract import raw
from pipelines.extract.reader import Rows
from pipelines.io import warehouse


def store(table: Table, keys: Rows, as_of: date) -> int:
    """Record which rows the ERP no longer holds, at the end of the as-of date; and which it holds again.

    A row that is back is recorded as it was last; where the ERP gave it a new ``updated_at``, extraction has brought that version before.

    Args:
        table: contract table with ``updated_at``.
        keys: the key of every row the ERP holds, whenever it was recorded.
        as_of: the date of the newest run.

    Returns:
        Rows newly gone.

    Raises:
        StockproofError: the ERP broke off; nothing is recorded.
    """
    end, key = f"timestamp '{as_of_end(as_of).isoformat()}'", ", ".join(f'"{name}"' for name in table.key)
    columns = ", ".join(f'"{name}"' for name in table.names)
    add = f"insert into raw.{table.name} ({columns}, _recorded_at, _gone) select {columns}, {end}"
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        raw.begin(cursor, table)
        raw.stage(cursor, table, keys)
        cursor.execute("analyze stage")
        cursor.execute(f"delete from raw.{table.name} r where _gone and _recorded_at = {end} and {_there(table, 'r')}")
        newest = f"""select distinct on ({key}) * from raw.{table.name} where _recorded_at <= {end}
            order by {key}, _recorded_at desc, _row_id desc"""
        back = f"select {key} from ({newest}) n where n._gone and {_there(table, 'n')}"
        last = newest.replace("where", f"where not _gone and ({key}) in ({back}) and", 1)
        cursor.execute(f"{add}, false from ({last}) n")
        known = " and ".join(f'n."{name}" is not null' for name in table.key)
        gone = f"from ({newest}) n where not n._gone and {known} and not {_there(table, 'n')}"
        count = int(raw.one(cursor, f"select count(*) {gone}"))
        cursor.execute(f"{add}, true {gone}")
        _never_seen(cursor, table, end)
    return count


# An order of ours that was read back from the ERP's tables, and is not there once they hold what was recorded later. Of a copy of the ERP
# that lags behind the order nothing follows.
_UNSEEN: Final = """
select o.order_id, o.po_id, o.supplier_id, o.location_id, o.ordered_on, cast(o.idempotency_key as text) as key, a.recorded_at
from orders.orders o
cross join lateral (select cast(e.details ->> 'recorded_at' as timestamp) as recorded_at from orders.events e
    where e.order_id = o.order_id and e.event = 'acknowledged' order by e.event_id desc limit 1) a
where o.state = 'acknowledged' and o.adapter = 'erp' and a.recorded_at <= {end}
    and (exists (select 1 from raw.sales r
            where r._recorded_at > a.recorded_at and r._recorded_at <= {end} and r.updated_at > a.recorded_at)
        or exists (select 1 from raw.stock_levels r
            where r._recorded_at > a.recorded_at and r._recorded_at <= {end} and r.updated_at > a.recorded_at))
"""

_OURS: Final = {
    "purchase_orders": """insert into raw.purchase_orders
        (po_id, supplier_id, location_id, ordered_on, status, external_ref, updated_at, _recorded_at, _gone)
        select u.po_id, u.supplier_id, u.location_id, u.ordered_on, 'open', u.key, u.recorded_at, {end}, true from ({unseen}) u
        where not exists (select 1 from raw.purchase_orders r where r.po_id = u.po_id)
            and not exists (select 1 from stage s where s.po_id = u.po_id)""",
    "purchase_order_lines": """insert into raw.purchase_order_lines
        (po_id, line_no, item_id, quantity_ordered, unit_price, quantity_received, quantity_rejected, updated_at, _recorded_at, _gone)
        select u.po_id, l.line_no, l.item_id, l.quantity, l.unit_price, 0, 0, u.recorded_at, {end}, true from ({unseen}) u
        join orders.lines l on l.order_id = u.order_id and l.quantity > 0
        where exists (select 1 from raw.purchase_orders r where r.po_id = u.po_id and r._gone)
            and not exists (select 1 from raw.purchase_order_lines r where r.po_id = u.po_id)
            and not exists (select 1 from stage s where s.po_id = u.po_id)""",
}
"""Table → what records an order of ours as gone that no extraction ever saw: it was taken out of the ERP before the next run."""


_NEEDED: Final = ("orders.orders", "raw.purchase_orders", "raw.purchase_order_lines", "raw.sales", "raw.stock_levels")


def _never_seen(cursor: Any, table: Table, end: str) -> None:
    # The first extraction, or one of some tables alone: nothing of ours can have been seen.
    lacking = f"select exists(select 1 from unnest(array{list(_NEEDED)}) t where to_regclass(t) is null)"
    if table.name not in _OURS or raw.one(cursor, lacking):
        return
    cursor.execute(_OURS[table.name].format(end=end, unseen=_UNSEEN.format(end=end)))


def holds_at_most(table: Table, rows: int) -> bool:
    """Whether the raw table holds no more versions than some."""
    query = f"select count(*) from (select 1 from raw.{table.name} limit :most) versions"
    with warehouse.transaction() as connection:
        return int(connection.execute(sa.text(query), {"most": rows + 1}).scalar_one()) <= rows


def is_newest(table: Table, as_of: date) -> bool:
    """Whether no run of a later date has extracted the table: what is gone now may still have been there on an earlier day."""
    query = "select not exists(select 1 from ops.extractions where as_of > :d and table_name = :t)"
    with warehouse.transaction() as connection:
        return bool(connection.execute(sa.text(query), {"d": as_of, "t": table.name}).scalar())


def _there(table: Table, alias: str) -> str:
    """Condition: the ERP holds a row of the key."""
    same = " and ".join(f'stage."{name}" = {alias}."{name}"' for name in table.key)
    return f"exists (select 1 from stage where {same})"
