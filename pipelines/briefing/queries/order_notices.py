"""Which orders want a hand, and what the ERP did to those it holds, from the warehouse."""

from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.briefing import order_notices as words
from pipelines.briefing.queries import doubts
from pipelines.io import warehouse

# Of an order that shows in the ERP under our key or under its number, the ERP's own row speaks.
_SHOWN: Final = """exists (select 1 from staging.stg_erp__purchase_orders e
    where e.external_ref = cast(o.idempotency_key as text) or e.po_id = o.po_id)"""

_WAITING: Final = """
select o.order_id, o.state, o.as_of < :as_of as earlier, o.confirmed from orders.orders o
where o.as_of <= :as_of and o.state in ('proposed', 'overridden', 'refused', 'approved', 'submitted')
    and exists (select 1 from orders.lines l where l.order_id = o.order_id and l.quantity > 0)
order by o.as_of, o.order_id
"""

_LOST: Final = """
select o.order_id from orders.orders o where o.as_of < :as_of and o.state = 'superseded'
    and exists (select 1 from orders.overrides v where v.order_id = o.order_id)
    and exists (select 1 from orders.events e where e.order_id = o.order_id and e.event = 'superseded' and e.reason like :run)
order by o.as_of, o.order_id
"""

_IN_FILES: Final = f"""
select o.order_id from orders.orders o where o.state = 'acknowledged' and o.adapter = 'file' and o.ordered_on < :as_of and not {_SHOWN}
order by o.as_of, o.order_id
"""

_CHANGED: Final = """
select o.order_id, e.po_id, o.units as ours, e.units as theirs
from (select o.order_id, cast(o.idempotency_key as text) as key, o.po_id, sum(l.quantity) as units
    from orders.orders o join orders.lines l using (order_id) where o.state = 'acknowledged' and l.quantity > 0 group by o.order_id) o
join (select e.po_id, e.external_ref, sum(l.quantity_ordered) as units from staging.stg_erp__purchase_orders e
    join staging.stg_erp__purchase_order_lines l on l.po_id = e.po_id
    where not coalesce(l.is_gone, false) group by e.po_id, e.external_ref) e on e.external_ref = o.key or e.po_id = o.po_id
where abs(e.units - o.units) > 1e-6 order by o.order_id
"""

_GONE: Final = """
select po_id, sum(greatest(quantity_ordered - quantity_received, 0)) as units from staging.stg_erp__purchase_order_lines
where gone_on = :as_of and quantity_ordered > quantity_received group by po_id order by po_id
"""

_AHEAD: Final = """
select po_id, cast(ordered_on as text) as day, sum(cast(quantity_open as double precision)) as units
from marts.fct_open_orders where as_of = :as_of and ordered_on > :as_of group by po_id, ordered_on order by po_id
"""

_LEFT_OUT: Final = """
select state, cast(count(*) as int) as orders from orders.orders
where as_of = :as_of and state in ('rejected', 'superseded', 'cancelled', 'closed') group by state order by state
"""

_DECIDED: Final = """
select (select cast(count(*) as int) from plan.decisions where as_of = :as_of) as decided,
    (select cast(count(*) as int) from marts.dim_sku where as_of = :as_of) as skus
"""


def waiting(as_of: date) -> str:
    """Orders that want a hand, and what the ERP did to released ones; empty where there is nothing to say.

    Args:
        as_of: a run's date; orders of later dates are none of its business.

    Returns:
        Sentences.
    """
    rows = warehouse.read(_WAITING, as_of=as_of).rows(named=True)
    signed = {row["order_id"]: row["confirmed"] for row in rows if row["state"] == "approved"}
    with warehouse.transaction() as connection:
        found = doubts.of(connection, sorted(signed))
    held = {number: found[number] for number in signed if found.get(number, "") not in ("", signed[number])}
    by_kind = (
        (words.lost_overrides, _ids(_LOST, as_of=as_of, run=f"the run of {as_of} %")),
        (words.unsigned, [r["order_id"] for r in rows if r["earlier"] and r["state"] in ("proposed", "overridden")]),
        (words.refused, [r["order_id"] for r in rows if r["state"] == "refused"]),
        (words.unsent, [r["order_id"] for r in rows if r["earlier"] and r["state"] in ("approved", "submitted")]),
        (words.not_keyed_in, _ids(_IN_FILES, as_of=as_of) if _known("staging.stg_erp__purchase_orders") else []),
    )
    sentences = [sentence(numbers) for sentence, numbers in by_kind if numbers]
    if held:
        sentences.append(words.doubtful(held))
    return " ".join([*sentences, *_in_the_erp(as_of)])


def about_the_date(as_of: date) -> list[str]:
    """What the lines and sums of a date leave out.

    Args:
        as_of: the run's date.

    Returns:
        Sentences; none where there is nothing to say.
    """
    sentences = []
    decided, skus = warehouse.read(_DECIDED, as_of=as_of).row(0)
    if 0 < decided < skus:
        sentences.append(words.some_items(decided, skus))
    states = dict(warehouse.read(_LEFT_OUT, as_of=as_of).iter_rows())
    if states:
        sentences.append(words.left_out(states))
    return sentences


def _in_the_erp(as_of: date) -> list[str]:
    """Orders that the ERP has changed or no longer holds, and those it dates ahead."""
    sentences = []
    if _known("staging.stg_erp__purchase_order_lines", "gone_on"):
        missing = warehouse.read(_GONE, as_of=as_of).rows()
        other = warehouse.read(_CHANGED).rows()
        sentences += [words.gone(missing)] if missing else []
        sentences += [words.changed(other)] if other else []
    if _known("marts.fct_open_orders", "usual_on"):
        ahead = warehouse.read(_AHEAD, as_of=as_of).rows()
        sentences += [words.dated_ahead(ahead)] if ahead else []
    return sentences


def _ids(query: str, **values: object) -> list[str]:
    return warehouse.read(query, **values)["order_id"].to_list()


def _known(table: str, column: str = "po_id") -> bool:
    """Whether a mart has been built, and with a column that was added later."""
    query = "select 1 from pg_attribute where attrelid = to_regclass(:name) and attname = :column and not attisdropped"
    with warehouse.transaction() as connection:
        return connection.execute(sa.text(query), {"name": table, "column": column}).first() is not None
