"""What a planner works through: orders by urgency and needed-by date, exceptions with their cause, notes, saved filters."""

from datetime import date, timedelta
from typing import Any, Final

from pipelines.core.inventory import AT_RISK
from pipelines.io import warehouse

Row = dict[str, Any]

_LINES: Final = """
select o.order_id, o.state, coalesce(o.locked_by, '') as locked_by, o.supplier_id,
    coalesce(v.supplier_name, o.supplier_id) as supplier_name, o.location_id, l.line_no, l.item_id,
    coalesce(i.item_name, l.item_id) as item_name, l.proposed_quantity, l.quantity, l.unit_price,
    l.quantity * coalesce(l.unit_price, 0) as line_value, l.expected_on, l.needs_review, l.needs_review or o.state = 'refused' as look,
    l.reason_code,
    coalesce(l.reason, d.reason) as reason,
    coalesce(l.alert, d.alert, '') as alert, coalesce(d.priority, '') as priority, coalesce(d.risk, 0) as risk,
    coalesce(d.on_hand, 0) as on_hand, coalesce(d.inventory_position, 0) as inventory_position, coalesce(s.abc_class, '') as abc_class,
    coalesce(s.category, '') as category, l.needed_by, coalesce(d.expected_saving, 0) as expected_saving,
    lower(concat_ws(' ', o.order_id, o.supplier_id, v.supplier_name, l.item_id, i.item_name)) as text
from orders.orders o join orders.lines l using (order_id)
left join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
left join marts.dim_item i on i.item_id = l.item_id
left join marts.dim_supplier v on v.supplier_id = o.supplier_id
left join marts.dim_sku s on s.as_of = o.as_of and s.item_id = l.item_id and s.location_id = o.location_id
where o.as_of = :as_of and o.state <> 'superseded'
order by o.order_id, l.line_no
"""

_ORDERS: Final = """
select o.order_id, o.state, coalesce(o.locked_by, '') as locked_by, o.supplier_id,
    coalesce(v.supplier_name, o.supplier_id) as supplier_name, o.location_id,
    cast(count(*) filter (where l.quantity > 0) as int) as lines, coalesce(sum(l.quantity), 0) as units,
    coalesce(sum(l.quantity * coalesce(l.unit_price, 0)), 0) as order_value,
    min(l.needed_by) filter (where l.quantity > 0) as needed_by, max(l.expected_on) filter (where l.quantity > 0) as expected_on,
    o.state = 'refused' or bool_or(l.needs_review) as look, coalesce(max(d.risk) filter (where l.quantity > 0), 0) as risk,
    cast(count(*) filter (where coalesce(l.alert, d.alert, '') <> '') as int) as alerts,
    coalesce(sum(d.expected_saving) filter (where l.quantity > 0), 0) as expected_saving,
    lower(concat_ws(' ', o.order_id, o.supplier_id, v.supplier_name, string_agg(concat_ws(' ', l.item_id, i.item_name), ' '))) as text
from orders.orders o join orders.lines l using (order_id)
left join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
left join marts.dim_item i on i.item_id = l.item_id
left join marts.dim_supplier v on v.supplier_id = o.supplier_id
where o.as_of = :as_of and o.state <> 'superseded'
group by o.order_id, v.supplier_name order by o.order_id
"""

_EXCEPTIONS: Final = """
with cases as (
    select 'review' as kind, d.item_id, d.location_id, d.supplier_id, 1 as place, d.risk, d.order_value as value,
        'A rule or a doubt sends the line to review' || case when d.alert <> '' then ': ' || d.alert else '' end as cause
    from plan.decisions d where d.as_of = :as_of and d.needs_review
    union all
    select lower(d.alert_code), d.item_id, d.location_id, d.supplier_id, 2, d.risk, d.order_value, d.alert
    from plan.decisions d where d.as_of = :as_of and d.alert_code <> '' and not d.needs_review
    union all
    select 'cannot_be_bought', d.item_id, d.location_id, d.supplier_id, 1, d.risk, 0, d.reason
    from plan.decisions d where d.as_of = :as_of and d.quantity = 0 and d.reason_code in ('NO_ORDER_NO_SUPPLIER',
        'NO_ORDER_SUPPLIER_BLOCKED', 'NO_ORDER_PRICE_MISSING', 'NO_ORDER_PACK_ABOVE_MAXIMUM', 'NO_ORDER_MINIMUM_ABOVE_MAXIMUM',
        'NO_ORDER_CAPPED_BELOW_MINIMUM', 'NO_ORDER_BELOW_VENDOR_MINIMUM', 'NO_ORDER_BUDGET_SPENT', 'NO_ORDER_STORAGE_FULL')
    union all
    select 'at_risk_unordered', d.item_id, d.location_id, d.supplier_id, 2, d.risk, 0, d.reason
    from plan.decisions d where d.as_of = :as_of and d.quantity = 0 and d.risk >= :at_risk and d.alert_code = '' and not d.needs_review
        and d.reason_code = 'NO_ORDER_POSITION_SUFFICIENT'
    union all
    select 'forecast_set_aside', d.item_id, d.location_id, d.supplier_id, 2, d.risk, d.order_value,
        'The forecast was set aside: ' || a.rules
    from plan.forecasts_set_aside a
    join plan.decisions d on d.as_of = a.as_of and d.item_id = a.item_id and d.location_id = a.location_id where a.as_of = :as_of
),
last_state as (
    select distinct on (subject) subject, event, author, until, at from desk.events
    where event in ('snoozed', 'done', 'reopened') order by subject, event_id desc
),
last_assigned as (
    select distinct on (subject) subject, assignee from desk.events where event = 'assigned' order by subject, event_id desc
)
select c.*, 'exception:' || c.kind || ':' || c.item_id || '@' || c.location_id as subject, coalesce(i.item_name, c.item_id) as item_name,
    coalesce(v.supplier_name, c.supplier_id, '') as supplier_name, coalesce(g.assignee, '') as assignee,
    case when t.event = 'done' and t.at >= r.decided_at then 'done'
        when t.event = 'snoozed' and t.until > :as_of then 'snoozed' else 'open' end as status,
    t.until, coalesce(t.author, '') as changed_by
from cases c
cross join (select coalesce(min(logged_at), now()) as decided_at from plan.decision_log where as_of = :as_of) r
left join last_state t on t.subject = 'exception:' || c.kind || ':' || c.item_id || '@' || c.location_id
left join last_assigned g on g.subject = 'exception:' || c.kind || ':' || c.item_id || '@' || c.location_id
left join marts.dim_item i on i.item_id = c.item_id
left join marts.dim_supplier v on v.supplier_id = c.supplier_id
order by c.place, c.risk desc, c.item_id collate "C"
"""

_NOTES: Final = """
select subject, event, author, assignee, until, text, at from desk.events where subject = :subject order by event_id desc limit 200
"""

_SEARCH: Final = """
select * from (
    select 'sku' as kind, s.item_id || '@' || s.location_id as id, s.item_id || ' ' || coalesce(s.item_name, '') as title,
        s.location_id as detail, (lower(s.item_id) = lower(:text))::int as exact
    from marts.dim_sku s where s.item_id ilike :like escape '!' or s.item_name ilike :like escape '!'
    union all
    select 'vendor', supplier_id, supplier_id || ' ' || coalesce(supplier_name, ''), 'vendor', 0
    from marts.dim_supplier where supplier_id ilike :like escape '!' or supplier_name ilike :like escape '!'
    union all
    select 'order', order_id, order_id, supplier_id || ', ' || state, 0 from orders.orders where order_id ilike :like escape '!'
) found order by exact desc, kind desc, id collate "C" limit 12
"""


def lines(as_of: date) -> list[Row]:
    """Lines of a date's orders with what makes them urgent: ``needed_by`` (None: not within the forecast), ``risk``, ``alert``."""
    return warehouse.read(_LINES, as_of=as_of).to_dicts()


def orders(as_of: date) -> list[Row]:
    """Orders of a date, each with its sums, the earliest ``needed_by``, the greatest ``risk``, and ``text`` to search in."""
    return warehouse.read(_ORDERS, as_of=as_of).to_dicts()


def exceptions(as_of: date) -> list[Row]:
    """What asks for a person on a date, each with its cause, ``status`` (open, snoozed, done) and ``assignee``."""
    return warehouse.read(_EXCEPTIONS, as_of=as_of, at_risk=AT_RISK).to_dicts()


def open_exceptions(as_of: date) -> int:
    """How many exceptions of a date are open."""
    query = f"select cast(count(*) as int) as open from ({_EXCEPTIONS}) found where status = 'open'"
    return int(warehouse.read(query, as_of=as_of, at_risk=AT_RISK)["open"][0])


def notes(subject: str) -> list[Row]:
    """What people noted about a subject, the newest first."""
    return warehouse.read(_NOTES, subject=subject).to_dicts()


def views(user: str, page: str) -> list[Row]:
    """Saved filters of a user for a page: ``name, query``."""
    statement = "select name, query from desk.views where user_name = :user and page = :page order by name"
    return warehouse.read(statement, user=user, page=page).to_dicts()


def search(text: str) -> list[Row]:
    """SKUs, vendors and orders whose id or name holds a text; none where there are no marts yet."""
    if not text.strip() or not warehouse.exists("marts.dim_sku"):
        return []
    literal = text.strip().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return warehouse.read(_SEARCH, text=text.strip(), like=f"%{literal}%").to_dicts()


def newest() -> date | None:
    """Date of the newest run with decisions; None before the first."""
    if not warehouse.exists("plan.decisions"):
        return None
    found: date | None = warehouse.read("select max(as_of) as day from plan.decisions")["day"][0]
    return found


def snooze_until(as_of: date, days: int) -> date:
    """The day an exception comes back."""
    return as_of + timedelta(days=max(days, 1))
