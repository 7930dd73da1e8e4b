"""What followed the decisions of the last weeks, in a few figures: read by the report, the command and the API."""

from datetime import date, timedelta
from typing import Any, Final

from pipelines.io import warehouse

WEEKS: Final = 8
"""Weeks shown, the last one up to the date."""

_WEEKS: Final = """
select cast(:as_of as date) - (cast(:as_of as date) - day) / 7 * 7 as week_ends_on, count(distinct day) as days,
    sum(sold) / nullif(sum(demand), 0) as fill_rate, avg(is_stockout::int::float8) as stockout_share,
    cast(count(*) filter (where is_stockout) as bigint) as stockout_days, sum(stock_value) / count(distinct day) as stock_value,
    sum(holding_cost) as holding_cost, sum(shortage_cost) as shortage_cost, sum(ordering_cost) as ordering_cost,
    sum(total_cost) as total_cost, cast(count(*) filter (where proposed_quantity > 0) as bigint) as proposed_lines,
    cast(sum(ordered_lines) as bigint) as ordered_lines
from plan.outcomes where day > :first and day <= :as_of group by 1 order by 1
"""

# Of decisions whose interval has passed within the time.
_FORECASTS: Final = """
select cast(count(*) as bigint) as forecasts, sum(forecast_mean) / nullif(sum(forecast_demand), 0) - 1 as bias,
    sum(abs(forecast_mean - forecast_demand)) / nullif(sum(forecast_demand), 0) as weighted_error
from plan.outcomes
where forecast_demand is not null and day + protection_days > :first and day + protection_days <= :as_of and day >= :oldest
"""

_CHANGES: Final = """
select change, cast(count(*) as bigint) as lines, sum(final_quantity - proposed_quantity) as units
from plan.outcomes where day > :first and day <= :as_of and change <> '' group by change order by change
"""

_LATE: Final = """
select cast(count(*) as bigint) as receipts, avg(late_days::float8) as late_days_mean,
    avg((late_days > 0)::int::float8) as late_share, max(late_days) as late_days_most
from plan.outcomes where received_on > :first and received_on <= :as_of and late_days is not null and day >= :oldest
"""

_VENDORS: Final = """
select r.*, coalesce(s.supplier_name, r.supplier_id) as supplier_name from plan.vendor_reviews r
left join marts.dim_supplier s using (supplier_id)
where r.week_on = (select max(week_on) from plan.vendor_reviews where week_on + 6 <= :as_of)
order by r.verdict in ('as usual', 'too few receipts to judge'), r.spend desc, r.supplier_id
"""

VERDICT_NONE: Final = ("as usual", "too few receipts to judge")

Row = dict[str, Any]


def figures(as_of: date, weeks: int = WEEKS) -> dict[str, Any] | None:
    """What followed up to a date.

    Args:
        as_of: the last day.
        weeks: how many, back from it.

    Returns:
        ``weeks`` (rows: fill_rate, stockout_share, stock_value in money, costs in money a week, lines), ``forecasts``, ``changes``,
        ``deliveries`` and ``vendors`` of the last reviewed week; None where no day of them is held.
    """
    span = {
        "as_of": as_of,
        "first": as_of - timedelta(days=7 * weeks),
        "oldest": as_of - timedelta(days=7 * weeks + 180),
    }
    queries = {"weeks": _WEEKS, "forecasts": _FORECASTS, "changes": _CHANGES, "deliveries": _LATE, "vendors": _VENDORS}
    found = {name: frame.to_dicts() for name, frame in warehouse.read_many(queries, **span).items()}
    if not found["weeks"]:
        return None
    return {
        "as_of": as_of,
        "weeks": found["weeks"],
        "forecasts": found["forecasts"][0],
        "changes": found["changes"],
        "deliveries": found["deliveries"][0],
        "vendors": found["vendors"],
    }


def sentences(found: dict[str, Any]) -> list[str]:
    """The figures in words.

    Args:
        found: from :func:`figures`.

    Returns:
        Sentences; what is not known yet says so.
    """
    last, forecasts, late = found["weeks"][-1], found["forecasts"], found["deliveries"]
    fill = "no demand" if last["fill_rate"] is None else f"fill {last['fill_rate']:.1%}"
    lines = [
        f"Last {last['days']} days: {fill}, {last['stockout_share']:.1%} of the SKU days ran out, stock {last['stock_value']:,.0f}, "
        f"cost {last['total_cost']:,.0f}."
    ]
    if forecasts["forecasts"] and forecasts["bias"] is not None:
        lines.append(
            f"{forecasts['forecasts']:,} forecasts over lead time and review came due: bias {forecasts['bias']:+.1%}, "
            f"weighted error {forecasts['weighted_error']:.1%}."
        )
    else:
        lines.append("No forecast of an earlier run has come due yet.")
    if late["receipts"]:
        lines.append(
            f"{late['receipts']:,} of our lines arrived, {late['late_share']:.0%} later than expected, "
            f"on average by {late['late_days_mean']:+.1f} days."
        )
    changed = {row["change"]: row["lines"] for row in found["changes"]}
    if changed:
        lines.append("Order lines: " + ", ".join(f"{count:,} {name}" for name, count in changed.items()) + ".")
    return lines
