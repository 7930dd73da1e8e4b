"""Vendors of a date: how each delivers, and how long each really takes. Reads marts, writes plan.vendor_scores and plan.lead_times."""

from datetime import date

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.io import warehouse
from pipelines.vendors import tables
from pipelines.vendors.scores import DIMENSIONS

YEARS = 2
"""Receipts of so many years are scored; lead times see all that there is, the older the less."""

_RECEIPTS = """
select r.supplier_id, r.item_id, r.po_id, r.ordered_on, r.received_on, cast(r.lead_time_days as double precision) as lead_time_days,
    r.is_late, r.is_in_full, cast(r.quantity_received as double precision) as quantity_received,
    cast(r.quantity_rejected as double precision) as quantity_rejected, cast(r.unit_price as double precision) as unit_price,
    r.promised_on is not null as has_promise,
    greatest(r.received_on
        - coalesce(r.promised_on, r.ordered_on + 1 + ceil(coalesce(o.lead_time_days, :default_days))::int), 0) as days_late
from marts.fct_receipts r left join marts.fct_offer o on o.item_id = r.item_id and o.supplier_id = r.supplier_id
where r.as_of = :as_of and r.quantity_ordered > 0 order by r.supplier_id, r.po_id, r.line_no
"""
_OPEN = """
select supplier_id, item_id, po_id, ordered_on, cast(days_late as double precision) as days_late,
    cast(quantity_open as double precision) as quantity_open, cast(unit_price as double precision) as unit_price
from marts.fct_open_orders where as_of = :as_of order by supplier_id, po_id, line_no
"""
_SUPPLIERS = "select supplier_id, supplier_name from marts.dim_supplier where as_of = :as_of order by supplier_id"
_OFFERS = """
select supplier_id, item_id, lead_time_days, purchase_price from marts.fct_offer where as_of = :as_of order by supplier_id, item_id
"""


def run(as_of: date) -> dict[str, int | float | str]:
    """Write plan.vendor_scores and plan.lead_times of a date. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        Counts for the log.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    config = settings.load()
    default = config.planning.default_lead_time_days
    receipts = warehouse.read(_RECEIPTS, as_of=as_of, default_days=default)
    waiting = warehouse.read(_OPEN, as_of=as_of)
    suppliers = warehouse.read(_SUPPLIERS, as_of=as_of)
    weights = np.array([getattr(config.vendors, name) for name in DIMENSIONS])
    recent = receipts.filter(pl.col("received_on") > pl.lit(as_of).dt.offset_by(f"-{YEARS}y"))
    offers = warehouse.read(_OFFERS, as_of=as_of)
    vendors, measures = tables.vendor_table(suppliers, recent, waiting, offers, as_of, weights)
    times = tables.lead_time_table(receipts, waiting, offers, as_of, default)
    trended = tables.with_trend(times, measures) if times.height else times
    warehouse.replace_all({"plan.lead_times": trended, "plan.vendor_scores": vendors}, {"as_of": as_of})
    return {"vendors": vendors.height, "receipts": recent.height, "lead_times": times.height}
