"""SQL of the logs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines.io import warehouse

READS: Final = ("ops.logs", "plan.decision_log")
WRITES: Final = ("ops.logs", "ops.run_events", "ops.run_queries")

COLUMNS: Final = ("dag_id", "run_id", "step", "as_of", "item_id", "location_id")

_INSERT = """
insert into ops.logs (at, level, event, dag_id, run_id, step, as_of, item_id, location_id, fields)
values (:at, :level, :event, :dag_id, :run_id, :step, cast(nullif(:as_of, '') as date), :item_id, :location_id, cast(:fields as jsonb))
"""

_LINES = """
with lines as (
    select at, level, event, dag_id, run_id, step, as_of, item_id, location_id, fields from ops.logs
    union all
    select logged_at, 'info', decision || ' ' || order_qty || ': ' || reasoning, 'daily_replenishment', '', 'purchase', as_of, item_id,
        location_id, jsonb_build_object('on_hand', current_stock, 'on_order', pending_orders, 'level', level)
    from plan.decision_log where :item_id <> '' and item_id = :item_id)
select * from (
    select * from lines
    where (:run = '' or run_id = :run) and (:step = '' or step = :step) and (:item_id = '' or item_id = :item_id)
        and (:location_id = '' or location_id = :location_id) and (cast(:since as timestamptz) is null or at >= :since)
        and level = any(:levels)
    order by at desc limit :limit) as newest
order by at
"""


def write(lines: Sequence[Mapping[str, Any]]) -> None:
    """Keep lines for a year."""
    rows = []
    for line in lines:
        known = {name: str(line.get(name) or "") for name in COLUMNS}
        rest = {key: value for key, value in line.items() if key not in (*COLUMNS, "timestamp", "level", "event")}
        rows.append(
            {
                **known,
                "at": line["timestamp"],
                "level": line["level"],
                "event": str(line["event"])[:4000],
                "fields": json.dumps(rest, default=str),
            }
        )
    if rows:
        with warehouse.transaction() as connection:
            connection.execute(sa.text(_INSERT), rows)


def read(**conditions: Any) -> list[dict[str, Any]]:
    """Lines that fulfil the conditions, oldest first; see ``queries.lines``."""
    with warehouse.transaction() as connection:
        return [dict(row) for row in connection.execute(sa.text(_LINES), conditions).mappings()]


def prune(before: datetime) -> int:
    """Delete lines, events of tasks and queries older than a moment. Returns the lines deleted."""
    with warehouse.transaction() as connection:
        gone = connection.execute(sa.text("delete from ops.logs where at < :before"), {"before": before}).rowcount
        connection.execute(
            sa.text("""delete from ops.run_queries q using ops.run_steps s
                where s.dag_id = q.dag_id and s.run_id = q.run_id and s.started_at < :before"""),
            {"before": before},
        )
        connection.execute(sa.text("delete from ops.run_events where at < :before"), {"before": before})
    return gone
