"""What a date says of vendors, read from plan.vendor_scores, plan.lead_times and the marts."""

import json
from datetime import date
from typing import Any

import polars as pl

from pipelines.core.errors import NotFound
from pipelines.io import warehouse
from pipelines.vendors import job
from pipelines.vendors.scores import DIMENSIONS
from pipelines.vendors.tables import WHOLE

_LINES = """
select po_id, cast(line_no as int) as line_no, item_id, location_id, ordered_on, promised_on, received_on,
    cast(quantity_ordered as double precision) as quantity_ordered, cast(quantity_received as double precision) as quantity_received,
    cast(quantity_rejected as double precision) as quantity_rejected, lead_time_days, is_late, is_in_full
from marts.fct_receipts where supplier_id = :supplier order by received_on desc, po_id, line_no limit 200
"""
_OPEN = """
select po_id, cast(line_no as int) as line_no, item_id, location_id, ordered_on, expected_on,
    cast(quantity_open as double precision) as quantity_open, cast(days_late as int) as days_late
from marts.fct_open_orders where supplier_id = :supplier order by expected_on, po_id, line_no
"""
_MONTHS = """
select to_char(received_on, 'YYYY-MM') as month, count(*) as lines, avg(lead_time_days)::double precision as lead_time_mean,
    avg((not is_late)::int)::double precision as on_time_share, avg(is_in_full::int)::double precision as in_full_share
from marts.fct_receipts where supplier_id = :supplier and quantity_ordered > 0 group by 1 order by 1
"""
_COMPARE = """
select o.supplier_id, v.supplier_name, o.is_primary, o.is_active, o.lead_time_days as agreed_days, o.min_order_qty, o.pack_size,
    o.purchase_price, coalesce(l.receipts, 0) as receipts, l.mean as lead_time_mean, l.q500 as lead_time_median, l.q950 as lead_time_q95,
    l.on_time_share, v.total, v.rank, v.risk, v.trend, v.confidence, p.paid_price
from marts.fct_offer o
left join plan.vendor_scores v on v.as_of = o.as_of and v.supplier_id = o.supplier_id
left join plan.lead_times l on l.as_of = o.as_of and l.supplier_id = o.supplier_id and l.item_id = o.item_id
left join (select supplier_id, sum(quantity_received * unit_price) / nullif(sum(quantity_received), 0) as paid_price
    from marts.fct_receipts where item_id = :item group by supplier_id) p on p.supplier_id = o.supplier_id
where o.item_id = :item and o.as_of = :as_of order by o.supplier_id
"""


def day(as_of: date | None) -> date:
    """The date asked for, else the newest that was scored, else that of the marts, which is scored now.

    Raises:
        NotFound: there is no such date.
    """
    scored = warehouse.read("select distinct as_of from plan.vendor_scores order by as_of")["as_of"].to_list()
    wanted: date | None = as_of or (scored[-1] if scored else None)
    if wanted in scored and wanted is not None:
        return wanted
    ready = warehouse.exists("marts.fct_offer")
    held = warehouse.read("select distinct as_of from marts.dim_supplier")["as_of"].to_list() if ready else []
    if not held or (wanted is not None and wanted not in held):
        when = f" of {wanted}" if wanted else ""
        raise NotFound(f"no vendor was scored{when}", f"stockproof run daily{f' --as-of {wanted}' if wanted else ''}")
    found: date = held[0]
    job.run(found)
    return found


def scores(as_of: date) -> list[dict[str, Any]]:
    """Every vendor of a date, best first, as the command prints them."""
    rows = warehouse.read("select * from plan.vendor_scores where as_of = :as_of order by rank", as_of=as_of)
    return [vendor(row) for row in rows.iter_rows(named=True)]


def vendor(row: dict[str, Any]) -> dict[str, Any]:
    """A row of plan.vendor_scores as a document."""
    figures = json.loads(row["figures"])
    return {
        "supplier_id": row["supplier_id"],
        "supplier_name": row["supplier_name"],
        "rank": row["rank"],
        "scores": {name: row[name] for name in DIMENSIONS},
        "total": round(row["total"], 4),
        "total_interval": [row["total_low"], row["total_high"]],
        "rank_interval": [row["rank_low"], row["rank_high"]],
        "trend": row["trend"],
        "risk": row["risk"],
        "risk_reasons": figures.pop("risk_reasons"),
        "confidence": row["confidence"],
        "receipts": row["receipts"],
        "deliveries": row["deliveries"],
        "recommendations": json.loads(row["recommendations"]),
        "figures": figures,
    }


def detail(supplier_id: str, as_of: date) -> dict[str, Any]:
    """A vendor with its lead times, its months and its lines.

    Raises:
        NotFound: no such vendor.
    """
    rows = warehouse.read(
        "select * from plan.vendor_scores where as_of = :as_of and supplier_id = :supplier",
        as_of=as_of,
        supplier=supplier_id,
    )
    if not rows.height:
        raise NotFound(f"no vendor {supplier_id} was scored on {as_of}", "`stockproof vendors` lists them")
    times = warehouse.read(
        """select item_id, receipts, level, mean, std, q500, q800, q900, q950, late_tail, trend_days_per_year, on_time_share
        from plan.lead_times where as_of = :as_of and supplier_id = :supplier order by receipts desc, item_id""",
        as_of=as_of,
        supplier=supplier_id,
    )
    vendors = warehouse.read("select count(*) as n from plan.vendor_scores where as_of = :as_of", as_of=as_of)["n"][0]
    return {
        "as_of": as_of.isoformat(),
        "vendors": vendors,
        **vendor(rows.row(0, named=True)),
        "lead_time": next(iter(_plain(times.filter(pl.col("item_id") == WHOLE))), None),
        "items": _plain(times.filter(pl.col("item_id") != WHOLE)),
        "months": _plain(warehouse.read(_MONTHS, supplier=supplier_id)),
        "open_lines": _plain(warehouse.read(_OPEN, supplier=supplier_id)),
        "receipts_newest": _plain(warehouse.read(_LINES, supplier=supplier_id)),
    }


def compare(item_id: str, as_of: date) -> list[dict[str, Any]]:
    """The vendors of an item side by side, the primary one first.

    Raises:
        NotFound: nobody offers the item.
    """
    rows = warehouse.read(_COMPARE, item=item_id, as_of=as_of)
    if not rows.height:
        raise NotFound(f"no supplier offers the item {item_id} on {as_of}", "name an item of the ERP's item_suppliers")
    return _plain(rows.sort("is_primary", descending=True, maintain_order=True))


def _plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows with dates as ISO text."""
    return rows.with_columns(pl.col(pl.Date).cast(pl.String), pl.col(pl.Float64).round(4)).to_dicts()
