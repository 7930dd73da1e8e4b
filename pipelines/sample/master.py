"""Master data of the sample as contract tables: items, sourcing, price breaks, locations, promotions."""

from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.sample.assortment import CATEGORIES
from pipelines.sample.catalogue import Items
from pipelines.sample.config import SampleConfig
from pipelines.sample.demand import Promotions
from pipelines.sample.suppliers import Suppliers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NOTICE_DAYS = 120
"""An item's end is entered this long ahead."""


def items_frame(config: SampleConfig, items: Items) -> pl.DataFrame:
    """The contract's items. A row was last changed when the item was created, or when its end was entered."""
    old = [config.day(0) - timedelta(days=30 + int(1800 * u)) for u in items.noise[:, 1]]
    created = [config.day(c) if c > 0 else day for c, day in zip(items.created, old, strict=True)]
    ends = [config.day(e) if e < config.total_days - 1 else None for e in items.ended]
    changed = [
        max(config.opening_day, int(c), int(e) - _NOTICE_DAYS if end else 0)
        for c, e, end in zip(items.created, items.ended, ends, strict=True)
    ]
    names = [_item_name(items, i) for i in range(len(items.ids))]
    return pl.DataFrame(
        {
            "item_id": items.ids,
            "name": names,
            "category": [CATEGORIES[c].name for c in items.category],
            "unit_cost": items.unit_cost,
            "unit_price": items.unit_price,
            "holding_cost_per_day": pl.Series([None] * len(names), dtype=pl.Float64),
            "shortage_cost": pl.Series([None] * len(names), dtype=pl.Float64),
            "unit_volume": np.round(0.0005 * 100.0 ** items.noise[:, 6], 4),  # m³, from a bolt to a box
            "priority": np.where(items.noise[:, 2] < 0.1, "A", np.where(items.noise[:, 2] < 0.4, "B", "C")),
            "created_on": created,
            "discontinued_on": pl.Series(ends, dtype=pl.Date),
            "updated_at": [at(config.day(c), 6) for c in changed],
        }
    )


def at(day: date, hour: int) -> datetime:
    """A full hour of a day."""
    return datetime.combine(day, time(hour))


def _item_name(items: Items, index: int) -> str:
    category = CATEGORIES[items.category[index]]
    noun = category.nouns[int(items.noise[index, 3] * len(category.nouns))]
    return f"{noun} {100 + int(items.noise[index, 4] * 900)}{' (m)' if category.decimals else ''}"


def sourcing_frame(config: SampleConfig, items: Items, suppliers: Suppliers) -> pl.DataFrame:
    """The contract's item_suppliers: the primary row of each item, and the second where it has one."""
    primary = _terms(config, items, suppliers, np.arange(len(items.ids)), second=False)
    second = _terms(config, items, suppliers, np.flatnonzero(items.second >= 0), second=True)
    return pl.concat([primary, second]).sort("item_id", "supplier_id")


def _terms(config: SampleConfig, items: Items, suppliers: Suppliers, rows: Ints, *, second: bool) -> pl.DataFrame:
    supplier = (items.second if second else items.supplier)[rows]
    lead_time = (items.second_lead_time if second else items.lead_time)[rows]
    scale = 10.0 ** -items.decimals[rows]
    changed = [at(config.day(max(config.opening_day, int(c))), 6) for c in items.created[rows]]
    return pl.DataFrame(
        {
            "item_id": [items.ids[i] for i in rows],
            "supplier_id": [suppliers.ids[s] for s in supplier],
            "is_primary": np.full(len(rows), not second),
            "lead_time_days": lead_time.astype(float),
            "min_order_qty": items.min_order[rows] * scale,
            "pack_size": items.pack[rows] * scale,
            "unit_price": purchase_price(items, suppliers, rows, second=second),
            "ordering_cost": suppliers.ordering_cost[supplier],
            "updated_at": pl.Series(changed, dtype=pl.Datetime("us")),
        }
    )


def purchase_price(items: Items, suppliers: Suppliers, rows: Ints, *, second: bool) -> Floats:
    """Price a unit before breaks: the item's cost at the primary supplier, a few percent off at the second."""
    cost = items.unit_cost[rows]
    if not second:
        return cost
    relative = suppliers.price_level[items.second[rows]] / suppliers.price_level[items.supplier[rows]]
    price: Floats = np.maximum(np.round(cost * relative * (0.97 + 0.12 * items.noise[rows, 5]), 2), 0.01)
    return price


def breaks(items: Items) -> tuple[Ints, Floats]:
    """First price break of each item at its primary supplier.

    Returns:
        Steps from which it holds (0: no break) and its price.
    """
    month = np.ceil(np.maximum(45 * items.daily_mean, 2 * items.min_order) / items.pack) * items.pack
    price = np.round(items.unit_cost * (0.97 - 0.07 * items.noise[:, 7]), 2)
    has = (items.noise[:, 6] < 0.36) & (price < items.unit_cost)
    return np.where(has, month, 0).astype(np.int64), price


def price_breaks_frame(items: Items, suppliers: Suppliers) -> pl.DataFrame:
    """The contract's price_breaks: for about 30 % of the item-supplier pairs, half of them with a second step."""
    quantity, price = breaks(items)
    further = np.round(price * 0.96, 2)
    rows = []
    for i in np.flatnonzero(quantity):
        scale = 10.0 ** -float(items.decimals[i])
        name = (items.ids[i], suppliers.ids[items.supplier[i]])
        rows.append((*name, float(quantity[i] * scale), float(price[i])))
        if items.noise[i, 7] < 0.5 and further[i] < price[i]:
            rows.append((*name, float(3 * quantity[i] * scale), float(further[i])))
    schema = {"item_id": pl.String, "supplier_id": pl.String, "min_qty": pl.Float64, "unit_price": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def paid_price(items: Items, item: Ints, quantity: Ints) -> Floats:
    """Price of an order at the primary supplier, breaks included.

    Args:
        items: the catalogue.
        item: index of the item of each order.
        quantity: steps ordered.

    Returns:
        Money a unit, shape of ``item``.
    """
    from_quantity, price = breaks(items)
    further = np.round(price * 0.96, 2)
    has_further = (items.noise[:, 7] < 0.5) & (further < price)
    first = (from_quantity[item] > 0) & (quantity >= from_quantity[item])
    paid = np.where(first, price[item], items.unit_cost[item])
    return np.where(first & has_further[item] & (quantity >= 3 * from_quantity[item]), further[item], paid)


def locations_frame(config: SampleConfig) -> pl.DataFrame:
    """The contract's locations."""
    ids = config.location_ids
    names = ["Central warehouse", *(f"Store {i}" for i in range(1, len(ids)))]
    return pl.DataFrame({"location_id": ids, "name": names, "kind": ["warehouse", *["store"] * (len(ids) - 1)]})


def promotions_frame(config: SampleConfig, items: Items, promotions: Promotions) -> pl.DataFrame:
    """The contract's promotions: those of the recorded days and of the four weeks ahead."""
    seen = np.flatnonzero(promotions.end > config.opening_day)
    item = promotions.item[seen]
    return pl.DataFrame(
        {
            "item_id": [items.ids[i] for i in item],
            "location_id": pl.Series([None] * len(seen), dtype=pl.String),
            "starts_on": pl.Series([config.day(i) for i in promotions.start[seen]], dtype=pl.Date),
            "ends_on": pl.Series([config.day(i) for i in promotions.end[seen]], dtype=pl.Date),
            "price": np.round(items.unit_price[item] * (1 - promotions.discount[seen]), 2),
        }
    )
