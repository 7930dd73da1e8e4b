"""Read what the inventory report needs, check that its sums are the marts', write the file."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pipelines.briefing import tables as failed_steps
from pipelines.briefing.queries import ordered_lines, positions
from pipelines.core.errors import StockproofError
from pipelines.io import files, warehouse
from pipelines.report import inventory_page
from pipelines.report.inventory import InventoryTables

TEMPLATES = Path(__file__).parent / "templates"

_SKUS = f"""
select s.item_id, s.location_id, s.item_name, s.category, s.abc_class, s.demand_class, s.is_active, s.created_on, s.last_demand_on,
    s.supplier_id, cast(s.unit_cost as double precision) as unit_cost, cast(i.on_hand as double precision) as on_hand,
    cast(i.on_order as double precision) as on_order, cast(i.stock_value as double precision) as stock_value,
    coalesce(d.order_up_to, cast(s.order_up_to as double precision)) as order_up_to, f.mean as forecast_mean,
    coalesce(f.protection_days, s.protection_days) as protection_days, d.risk, coalesce(b.quantity, 0) as quantity,
    coalesce(b.order_value, 0) as order_value, d.reason,
    case when n.item_id is null then 1.0 else least(1.0, cast(s.mean_demand * s.adi as double precision)) end as piece
from marts.dim_sku s
left join ({positions.FRACTIONAL}) n on n.item_id = s.item_id and n.location_id = s.location_id
join marts.fct_inventory_position i on i.item_id = s.item_id and i.location_id = s.location_id
left join plan.decisions d on d.as_of = s.as_of and d.item_id = s.item_id and d.location_id = s.location_id
left join (select item_id, location_id, sum(quantity) as quantity, sum(line_value) as order_value from ({ordered_lines.SQL}) l
    group by item_id, location_id) b on b.item_id = s.item_id and b.location_id = s.location_id
left join plan.sound_lead_time_forecasts f on f.as_of = s.as_of and f.item_id = s.item_id and f.location_id = s.location_id
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""
_OPEN = """
select po_id, cast(line_no as bigint) as line_no, item_id, location_id, supplier_id, expected_on,
    cast(quantity_open as double precision) as quantity_open, cast(days_late as bigint) as days_late,
    cast(unit_price as double precision) as unit_price
from marts.fct_open_orders where as_of = :as_of order by location_id collate "C", item_id collate "C", expected_on, po_id, line_no
"""
# Summed by the database, in exact decimals, so that it is another way to the same figure.
_TOTALS = f"""
select (select coalesce(sum(cast(stock_value as numeric)), 0) from marts.fct_inventory_position
        where as_of = :as_of)::double precision as stock_value,
    (select coalesce(sum(cast(quantity_open as numeric) * cast(coalesce(unit_price, 0) as numeric)), 0) from marts.fct_open_orders
        where as_of = :as_of)::double precision as open_value,
    (select coalesce(sum(cast(line_value as numeric)), 0) from ({ordered_lines.SQL}) l join marts.dim_sku s using (item_id, location_id)
    )::double precision as order_value
"""


def read(as_of: date) -> InventoryTables:
    """The tables of a date.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    totals = warehouse.read(_TOTALS, as_of=as_of).row(0, named=True)
    return InventoryTables(
        as_of,
        warehouse.read(_SKUS, as_of=as_of),
        warehouse.read(_OPEN, as_of=as_of),
        {name: float(value) for name, value in totals.items()},
        failed_steps.degraded(as_of),
    )


def facts(as_of: date) -> dict[str, Any]:
    """The inventory report of a date.

    Raises:
        StockproofError: the marts hold another date, or a sum of the report is not the marts'.
    """
    report = inventory_page.facts(read(as_of))
    apart = [row for row in report["reconciled"] if abs(row["report"] - row["marts"]) > 0.0051]
    if apart:
        named = "; ".join(
            f"{row['figure']}: {row['report']:,.2f} here, {row['marts']:,.2f} in the marts" for row in apart
        )
        raise StockproofError(
            f"the inventory report of {as_of} does not reconcile: {named}",
            f"build the date whole: `stockproof run daily --as-of {as_of}`",
        )
    return report


def section(as_of: date) -> dict[str, Any] | None:
    """Facts for the daily report's section; None where the warehouse keeps no positions.

    Raises:
        StockproofError: see :func:`facts`.
    """
    return facts(as_of) if warehouse.exists("marts.fct_inventory_position") else None


def run(as_of: date, form: Literal["html", "xlsx", "json"] = "html") -> tuple[dict[str, Any], Path]:
    """Write ``reports/inventory-<as_of>.<form>`` in the state folder, whole or not at all.

    Args:
        as_of: the run's date.
        form: format of the file.

    Returns:
        (the facts, the path).

    Raises:
        StockproofError: see :func:`facts`.
    """
    report = facts(as_of)
    content: str | bytes
    if form == "xlsx":
        content = inventory_page.excel(report)
    elif form == "json":
        content = inventory_page.document(report)
    else:
        content = inventory_page.render(report, inventory_page.environment(TEMPLATES))
    return report, files.write_atomic(files.state_dir("reports") / f"inventory-{as_of}.{form}", content)
