"""Faulty rows, planted on purpose and listed one by one: what a validation must find, all of it and nothing else.

None of them moved any goods. With the listed rows taken out, the books balance (but for the listed counting errors); with them left in,
the balance breaks exactly where they lie. A negative stock replaces the true count of its day; a spike, a duplicate and a sale of an
unknown item are further sales rows; a zero lead time replaces the agreed one, which the incumbent went on using.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.core import seeds
from pipelines.core.contract import BY_NAME
from pipelines.sample.catalogue import ERRATIC, INTERMITTENT, SMOOTH, Items
from pipelines.sample.config import SampleConfig

NEGATIVE_STOCK, UNKNOWN_ITEM, ZERO_LEAD_TIME = "negative stock", "unknown item", "zero lead time"
DUPLICATED_KEY, SPIKE = "duplicated key", "12-sigma spike"
EACH: Final = 3
SIGMAS: Final = 25
"""A planted spike lies above 12 deviations of a SKU's days even where it is counted in itself; natural ones stay below 10."""

SCHEMA: Final = {"table": pl.String, "key": pl.String, "kind": pl.String, "note": pl.String}

Plan = dict[str, list[str]]
"""Kind of fault → item_ids it befalls."""


def make_plan(config: SampleConfig, items: Items) -> Plan:
    """Choose the items that get a fault, each at most one.

    Args:
        config: seed, and whether to plant at all.
        items: the whole catalogue.

    Returns:
        The plan; smaller where the catalogue is too small.
    """
    if not config.dirty:
        return {}
    lives = (items.created == 0) & (items.ended == config.total_days - 1)
    free = list(seeds.generator(config.seed, "sample", "planted").permutation(len(items.ids)))

    def take(count: int, suits: np.ndarray) -> list[str]:
        chosen = [i for i in free if suits[i]][:count]
        for i in chosen:
            free.remove(i)
        return [items.ids[i] for i in chosen]

    busy = lives & (np.isin(items.klass, (SMOOTH, ERRATIC, INTERMITTENT))) & (items.occurrence > 0.2)
    # A 12-sigma row stands out only among many: steady sellers have them.
    spike = take(EACH, busy & (items.klass == SMOOTH)) or take(EACH, busy)
    second = take(EACH - 1, busy & (items.second >= 0))
    return {
        SPIKE: spike,
        ZERO_LEAD_TIME: second + take(1, busy),
        DUPLICATED_KEY: take(EACH, busy),
        NEGATIVE_STOCK: take(EACH, lives),
        UNKNOWN_ITEM: [f"ITEM-UNKNOWN-{i}" for i in range(1, EACH + 1)],
    }


def plant_sourcing(plan: Plan, sourcing: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Set lead times to zero: at the second supplier where the item has one, else at the primary.

    Args:
        plan: from :func:`make_plan`.
        sourcing: the contract's item_suppliers.

    Returns:
        The rows with faults, and the list of faults.
    """
    wanted = plan.get(ZERO_LEAD_TIME, [])
    rows = (
        sourcing.filter(pl.col("item_id").is_in(wanted))
        .sort("item_id", "is_primary")
        .group_by("item_id", maintain_order=True)
        .first()
    )
    listed = [
        _fault(
            "item_suppliers",
            row,
            ZERO_LEAD_TIME,
            f"agreed were {row['lead_time_days']:g} days; is_primary is {str(row['is_primary']).lower()}",
        )
        for row in rows.to_dicts()
    ]
    hit = pl.concat_str("item_id", "supplier_id").is_in(
        rows.select(pl.concat_str("item_id", "supplier_id")).to_series().implode()
    )
    return sourcing.with_columns(lead_time_days=pl.when(hit).then(0.0).otherwise("lead_time_days")), faults(listed)


def plant_sales(config: SampleConfig, plan: Plan, sales: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Append spikes and duplicates to the sales of some items.

    Args:
        config: seed.
        plan: from :func:`make_plan`.
        sales: the contract's sales of whole items.

    Returns:
        The rows with faults, and the list of faults.
    """
    added, listed = [], []
    for kind in (SPIKE, DUPLICATED_KEY):
        for item_id in plan.get(kind, []):
            own = sales.filter((pl.col("item_id") == item_id) & (pl.col("location_id") == "WH-1"))
            lines, own = own.height, own.filter(pl.col("quantity") > 0)
            if not own.height:
                continue
            row = own[_pick(config, kind, item_id, own.height)]
            note = "the same row twice"
            if kind == SPIKE:
                days = own.group_by("sold_on").agg(pl.col("quantity").sum())["quantity"].to_numpy()
                quantity = float(np.ceil(days.mean() + SIGMAS * max(float(days.std()), 1.0)))
                row = row.with_columns(
                    quantity=pl.lit(quantity), sale_id=pl.lit(f"{row['sale_id'][0][:-5]}{lines + 1:05d}")
                )
                note = f"{quantity:g} units typed: more than {SIGMAS} standard deviations above the mean of the SKU's days with sales"
            added.append(row)
            listed.append(_fault("sales", row.to_dicts()[0], kind, note))
    return pl.concat([sales, *added]), faults(listed)


def unknown_sales(config: SampleConfig, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sales of items that the catalogue does not hold.

    Returns:
        The rows, and the list of faults.
    """
    rows, listed = [], []
    for item_id in plan.get(UNKNOWN_ITEM, []):
        day = config.until - timedelta(days=_pick(config, UNKNOWN_ITEM, item_id, min(config.days - 1, 300)))
        row = {
            "sale_id": f"S-{item_id[5:]}-WH-1-00001",
            "item_id": item_id,
            "location_id": "WH-1",
            "sold_on": day,
            "quantity": 2.0,
            "unit_price": 9.99,
            "updated_at": datetime(day.year, day.month, day.day, 18, 30),  # noqa: DTZ001 the ERP's own clock
        }
        rows.append(row)
        listed.append(_fault("sales", row, UNKNOWN_ITEM, "no such item_id in items"))
    return pl.DataFrame(rows), faults(listed)


def plant_stock(config: SampleConfig, plan: Plan, stock: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Replace a day's count by a negative one.

    Args:
        config: seed.
        plan: from :func:`make_plan`.
        stock: the contract's stock_levels of whole items.

    Returns:
        The rows with faults, and the list of faults.
    """
    listed = []
    for item_id in plan.get(NEGATIVE_STOCK, []):
        at = stock.with_row_index().filter((pl.col("item_id") == item_id) & (pl.col("location_id") == "WH-1"))
        if at.height < 3:
            continue
        # Neither the opening stock nor the last count: both would shift more than their own day.
        row = at[1 + _pick(config, NEGATIVE_STOCK, item_id, at.height - 2)]
        wrong = -float(7 + _pick(config, "size", item_id, 20))
        listed.append(
            _fault("stock_levels", row.to_dicts()[0], NEGATIVE_STOCK, f"{wrong:g} instead of {row['on_hand'][0]:g}")
        )
        stock = stock.with_columns(
            on_hand=pl.when(pl.int_range(pl.len()) == row["index"][0]).then(wrong).otherwise("on_hand")
        )
    return stock, faults(listed)


def _pick(config: SampleConfig, kind: str, item_id: str, count: int) -> int:
    """A row among the newer half, so that a replay of the last year meets it."""
    random = seeds.generator(config.seed, "sample", "planted", kind, item_id)
    return int(count // 2 + random.integers(0, max(count - count // 2, 1)))


def _fault(table: str, row: Mapping[str, Any], kind: str, note: str) -> dict[str, str]:
    key = {name: row[name] if isinstance(row[name], int | float) else str(row[name]) for name in BY_NAME[table].key}
    return {"table": table, "key": json.dumps(key), "kind": kind, "note": note}


def faults(rows: list[dict[str, str]]) -> pl.DataFrame:
    """A list of faults: table, key (JSON), kind, note."""
    return pl.DataFrame(rows, schema=SCHEMA)
