"""A company's books as rows of the ERP's tables."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.core.contract import BY_NAME, TABLES
from pipelines.io import erp_tables
from tests.worlds.company import Array, Company
from tests.worlds.truth import Truth

HOLDING: Final = 0.01
"""Money per unit and day."""

RECORDED: Final = datetime(2020, 1, 1)  # noqa: DTZ001 - the ERP's own clock
SUPPLIER: Final = "V1"


def write(truth: Truth) -> None:
    """Replace all of the ERP's rows by the company's."""
    frames = tables(truth)
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
    with erp_tables.transaction() as connection:
        for table in TABLES:
            if table.name in frames:
                erp_tables.replace_rows(connection, table.name, [frames[table.name]])


def tables(truth: Truth) -> dict[str, pl.DataFrame]:
    """Rows by table of the contract."""
    orders, lines = _orders(truth)
    found = {
        "items": _items(truth),
        "suppliers": pl.DataFrame({"supplier_id": [SUPPLIER], "name": ["Vendor"], "active": [True]}),
        "item_suppliers": _offers(truth),
        "locations": _locations(truth),
        "sales": _sales(truth),
        "stock_levels": _counts(truth),
        "purchase_orders": orders,
        "purchase_order_lines": lines,
    }
    return {name: _shaped(name, frame) for name, frame in found.items()}


def shortage_cost(company: Company) -> float:
    """Money per unit lost, so that p / (p + h) is the service target."""
    return HOLDING * company.review * company.target / (1.0 - company.target)


def opening(truth: Truth) -> Array:
    """[n] stock at the close of the as-of date: what the lead time is expected to ask for."""
    lead = np.array([sku.situation.lead_time for sku in truth.skus])
    rows = np.arange(len(truth.skus))
    upto = np.concatenate([np.zeros((rows.size, 1)), truth.future.cumsum(axis=1)], axis=1)
    return np.ceil(np.maximum(upto[rows, lead], 1.0))


def _shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    schema = erp_tables.schema(BY_NAME[name])
    stamp = {"updated_at": pl.lit(RECORDED)} if "updated_at" in schema and "updated_at" not in frame.columns else {}
    return frame.with_columns(**stamp).select(
        pl.col(column).cast(schema[column]) for column in [*frame.columns, *stamp]
    )


def _items(truth: Truth) -> pl.DataFrame:
    company, born = truth.company, [sku.line.born if sku.line.dated else None for sku in truth.skus]
    created = [None if days is None else company.as_of - timedelta(days=days - 1) for days in born]
    return pl.DataFrame(
        {
            "item_id": [sku.item for sku in truth.skus],
            "name": [sku.item for sku in truth.skus],
            "category": [sku.category for sku in truth.skus],
            "unit_cost": 1.0,
            "unit_price": 2.0,
            "holding_cost_per_day": HOLDING,
            "shortage_cost": shortage_cost(company),
            "created_on": pl.Series(created, dtype=pl.Date),
        }
    )


def _offers(truth: Truth) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [sku.item for sku in truth.skus],
            "supplier_id": SUPPLIER,
            "is_primary": True,
            "lead_time_days": [float(sku.situation.lead_time) for sku in truth.skus],
            "min_order_qty": 1.0,
            "pack_size": 1.0,
            "unit_price": 1.0,
            "ordering_cost": truth.company.ordering_cost,
        }
    )


def _locations(truth: Truth) -> pl.DataFrame:
    places = sorted({sku.place for sku in truth.skus})
    return pl.DataFrame({"location_id": places, "name": places, "kind": "store"})


def _sales(truth: Truth) -> pl.DataFrame:
    row, at = np.nonzero(truth.sales > 0)
    number = pl.Series(np.arange(row.size)).cast(pl.String)
    return _keyed(truth, row, at, "sold_on").with_columns(
        quantity=pl.Series(truth.sales[row, at]), sale_id="S" + number, unit_price=pl.lit(2.0)
    )


def closing(truth: Truth) -> tuple[Array, Array]:
    """Stock of each day, and what was received on it.

    Returns:
        ([n, books] closing stock, [n, books] units received): each spell of an open shelf begins with the units that it sells.
    """
    open_, sold = ~truth.empty, np.where(truth.empty, 0.0, truth.sales)
    received = np.zeros(sold.shape)
    for row in range(len(truth.skus)):
        starts = np.flatnonzero(open_[row] & ~np.pad(open_[row], (1, 0))[:-1])
        received[row, starts] = np.add.reduceat(sold[row], starts) if starts.size else 0.0
        received[row, starts[-1:]] += opening(truth)[row]
    return np.cumsum(received - sold, axis=1), received


def _counts(truth: Truth) -> pl.DataFrame:
    stock, _ = closing(truth)
    first = np.array([day.day == 1 for day in truth.days])
    seen = np.zeros(stock.shape, dtype=bool)
    for row, sku in enumerate(truth.skus):
        how = sku.situation.shelf.counted
        seen[row] = {"daily": np.ones_like(first), "monthly": first, "zeros": stock[row] <= 0}.get(
            how, np.zeros_like(first)
        )
        seen[row, : truth.opened[row]] = False
    seen[:, -1] = True
    row, at = np.nonzero(seen)
    return _keyed(truth, row, at, "counted_on").with_columns(on_hand=pl.Series(stock[row, at]))


def _orders(truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Purchase orders of places whose stock is kept; those that count today alone have none."""
    _, received = closing(truth)
    kept = np.array([sku.situation.shelf.counted != "today" for sku in truth.skus])
    row, at = np.nonzero((received > 0) & kept[:, None])
    lead = np.array([sku.situation.lead_time for sku in truth.skus])[row]
    number = pl.Series(np.arange(row.size)).cast(pl.String)
    lines = _keyed(truth, row, at, "received_on").with_columns(
        po_id="P" + number,
        line_no=pl.lit(1),
        quantity_ordered=pl.Series(received[row, at]),
        lead=pl.Series(lead),
        quantity_rejected=pl.lit(0.0),
        unit_price=pl.lit(1.0),
    )
    ordered = pl.col("received_on") - pl.duration(days=pl.col("lead") + 1)
    lines = lines.with_columns(ordered_on=ordered, quantity_received="quantity_ordered")
    orders = lines.select("po_id", "location_id", "ordered_on", supplier_id=pl.lit(SUPPLIER), status=pl.lit("received"))
    return orders, lines.drop("location_id", "ordered_on", "lead")


def _keyed(truth: Truth, row: Array, at: Array, day: str) -> pl.DataFrame:
    items, places = np.array([sku.item for sku in truth.skus]), np.array([sku.place for sku in truth.skus])
    days = pl.Series(truth.days, dtype=pl.Date)
    return pl.DataFrame({"item_id": items[row], "location_id": places[row]}).with_columns(days.gather(at).alias(day))
