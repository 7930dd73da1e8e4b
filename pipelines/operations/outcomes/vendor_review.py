"""The weekly vendor review: the last whole week beside the quarter before it."""

from datetime import date, timedelta

from pipelines.io import warehouse

QUARTER_DAYS = 91

# Means of no receipt are null. A share is judged where the week has enough receipts to speak.
_REVIEW = """
insert into plan.vendor_reviews (week_on, supplier_id, receipts, on_time_share, in_full_share, accepted_share, late_days_mean, spend,
    usual_on_time_share, usual_in_full_share, usual_accepted_share, usual_late_days_mean, open_lines, overdue_lines, verdict)
select :week_on, supplier_id, receipts, on_time_share, in_full_share, accepted_share, late_days_mean, spend, usual_on_time_share,
    usual_in_full_share, usual_accepted_share, usual_late_days_mean, open_lines, overdue_lines,
    case when receipts < :enough or usual_receipts < :enough then 'too few receipts to judge'
        when on_time_share < usual_on_time_share - 0.2 then 'later than usual'
        when in_full_share < usual_in_full_share - 0.2 then 'shorter than usual'
        when accepted_share < usual_accepted_share - 0.05 then 'more rejected than usual'
        when on_time_share > usual_on_time_share + 0.2 then 'more punctual than usual' else 'as usual' end
from (
    select s.supplier_id, cast(count(r.po_id) filter (where w) as int) as receipts,
        avg(cast(not r.is_late as int)) filter (where w) as on_time_share, avg(cast(r.is_in_full as int)) filter (where w) as in_full_share,
        sum(r.quantity_accepted) filter (where w) / nullif(sum(r.quantity_received) filter (where w), 0) as accepted_share,
        avg(r.received_on - r.promised_on) filter (where w) as late_days_mean,
        coalesce(sum(r.quantity_accepted * r.unit_price) filter (where w), 0) as spend,
        count(r.po_id) filter (where not w) as usual_receipts,
        avg(cast(not r.is_late as int)) filter (where not w) as usual_on_time_share,
        avg(cast(r.is_in_full as int)) filter (where not w) as usual_in_full_share,
        sum(r.quantity_accepted) filter (where not w) / nullif(sum(r.quantity_received) filter (where not w), 0) as usual_accepted_share,
        avg(r.received_on - r.promised_on) filter (where not w) as usual_late_days_mean,
        coalesce(max(o.open_lines), 0) as open_lines, coalesce(max(o.overdue_lines), 0) as overdue_lines
    from marts.dim_supplier s
    left join lateral (select *, received_on >= :week_on as w from marts.fct_receipts f
        where f.supplier_id = s.supplier_id and f.received_on >= :since and f.received_on < :until) r on true
    left join (select supplier_id, cast(count(*) as int) as open_lines, cast(count(*) filter (where days_late > 0) as int) as overdue_lines
        from marts.fct_open_orders group by supplier_id) o on o.supplier_id = s.supplier_id
    group by s.supplier_id) v
where receipts > 0 or usual_receipts > 0 or open_lines > 0
"""


def week_on(as_of: date) -> date:
    """Monday of the last week that a date has whole.

    >>> week_on(date(2026, 6, 28)), week_on(date(2026, 6, 29))
    (datetime.date(2026, 6, 22), datetime.date(2026, 6, 22))
    """
    return as_of - timedelta(days=(as_of.weekday() + 1) % 7 + 6)


def run(as_of: date) -> int:
    """Write plan.vendor_reviews of the last whole week. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        Vendors reviewed.
    """
    import sqlalchemy as sa

    week = week_on(as_of)
    values = {
        "week_on": week,
        "until": week + timedelta(days=7),
        "since": week - timedelta(days=QUARTER_DAYS),
        "enough": 3,
    }
    with warehouse.transaction() as connection:
        connection.execute(sa.text("delete from plan.vendor_reviews where week_on = :week_on"), {"week_on": week})
        return connection.execute(sa.text(_REVIEW), values).rowcount
