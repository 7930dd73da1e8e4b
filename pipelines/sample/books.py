"""The incumbent's books as rows: sales, stock levels, purchase order lines and policies of some SKUs; and orders from all lines."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.sample import incumbent, master
from pipelines.sample.catalogue import Items
from pipelines.sample.config import SampleConfig
from pipelines.sample.demand import Demand, Skus
from pipelines.sample.incumbent import Books, Days, MinMaxRule, Supply
from pipelines.sample.suppliers import Suppliers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_OPENS, _CLOSES, _COUNTED, _ORDERED, _RECEIVED = 18, 20, 23, 20, 8
"""Hours of the day at which rows are recorded."""

STATES = np.array(["open", "received", "cancelled"])


@dataclass(frozen=True)
class Part:
    """Some SKUs with everything that happened to them."""

    config: SampleConfig
    items: Items
    skus: Skus
    rule: MinMaxRule
    demand: Demand
    discount: Floats
    books: Books

    @property
    def item_ids(self) -> pl.Series:
        """item_id by SKU."""
        return pl.Series(self.items.ids, dtype=pl.String).gather(self.skus.item)

    @property
    def location_ids(self) -> pl.Series:
        """location_id by SKU."""
        return pl.Series(self.config.location_ids, dtype=pl.String).gather(self.skus.location)

    @property
    def decimals(self) -> Ints:
        """Digits of a quantity by SKU."""
        return self.items.decimals[self.skus.item]

    def units(self, steps: Ints, sku: Ints) -> Floats:
        """Quantities in units from steps: a division by 1 or 10, so every value is the nearest double of its decimal."""
        units: Floats = steps / 10.0 ** self.decimals[sku]
        return units

    def dates(self, day: Ints) -> pl.Series:
        """Calendar days from day indices; -1 is null."""
        origin = (self.config.origin - date(1970, 1, 1)).days
        days = pl.Series(day + origin, dtype=pl.Int64).cast(pl.Int32).cast(pl.Date)
        return days.to_frame("d").select(pl.when(pl.Series(day) >= 0).then(pl.col("d")))["d"]

    def moments(self, day: Ints, seconds: Ints | int) -> pl.Series:
        """Moments from day indices and seconds of the day."""
        offset = pl.Series(np.broadcast_to(np.asarray(seconds) * 1_000_000, day.shape)).cast(pl.Duration("us"))
        return self.dates(day).cast(pl.Datetime("us")) + offset


def sales_frame(part: Part) -> pl.DataFrame:
    """The contract's sales: one to three lines a day and SKU, returns as lines of their own."""
    sku, day, steps, moment = _sale_lines(part)
    first_of_sku = np.searchsorted(sku, np.arange(len(part.skus.item)))
    number = np.arange(len(sku)) - first_of_sku[sku] + 1
    price = part.items.unit_price[part.skus.item[sku]] * (1 - part.discount[part.skus.item[sku], day])
    frame = pl.DataFrame(
        {
            "item_id": part.item_ids.gather(sku),
            "location_id": part.location_ids.gather(sku),
            "number": number,
            "sold_on": part.dates(day),
            "quantity": part.units(steps, sku),
            "unit_price": np.round(price, 2),
            "updated_at": part.moments(day, moment),
        }
    )
    name = pl.format(
        "S-{}-{}-{}", pl.col("item_id").str.slice(5), "location_id", pl.col("number").cast(pl.String).str.zfill(5)
    )
    return frame.select(name.alias("sale_id"), pl.exclude("number"))


def _sale_lines(part: Part) -> tuple[Ints, Ints, Ints, Ints]:
    """SKU, day, steps and second of the day of each line, ordered by SKU and day."""
    books, first = part.books, part.config.opening_day + 1
    sku, day = np.nonzero(books.sold[:, first:])
    day = day + first
    steps = books.sold[sku, day]
    chance = part.demand.chance[incumbent.LINES, sku, day].astype(np.float64)
    count = 1 + ((steps >= 4) & (chance < 0.5)) + ((steps >= 12) & (chance < 0.15))
    share = (chance * 997) % 1
    one = np.where(count > 1, np.maximum(1, (steps * (0.3 + 0.4 * share)).astype(np.int64)), steps)
    two = np.where(count > 2, np.maximum(1, ((steps - one) * (0.4 + 0.2 * share)).astype(np.int64)), steps - one)
    back_sku, back_day = np.nonzero(books.returned[:, first:])
    back_day = back_day + first
    all_sku = np.concatenate([sku, sku, sku, back_sku])
    all_day = np.concatenate([day, day, day, back_day])
    all_steps = np.concatenate([one, two, steps - one - two, -books.returned[back_sku, back_day]])
    line = np.repeat([0, 1, 2, 3], [len(sku), len(sku), len(sku), len(back_sku)])
    moment = part.demand.chance[incumbent.LINES, all_sku, all_day].astype(np.float64) * 31 + line * 0.37
    seconds = _OPENS * 3600 + ((moment % 1) * ((_CLOSES - _OPENS) * 3600 - 1)).astype(np.int64)
    order = np.lexsort((line, all_day, all_sku))
    order = order[all_steps[order] != 0]
    return all_sku[order], all_day[order], all_steps[order], seconds[order]


def stock_frame(part: Part) -> pl.DataFrame:
    """The contract's stock_levels: every SKU and day of its life, from the opening stock on."""
    first = part.config.opening_day
    sku, day = np.nonzero(part.books.on_hand[:, first:] >= 0)
    day = day + first
    return pl.DataFrame(
        {
            "item_id": part.item_ids.gather(sku),
            "location_id": part.location_ids.gather(sku),
            "counted_on": part.dates(day),
            "on_hand": part.units(part.books.on_hand[sku, day], sku),
            "updated_at": part.moments(day, _COUNTED * 3600),
        }
    )


def policies_frame(part: Part) -> pl.DataFrame:
    """The contract's item_policies: the minimum and maximum in force; items that ended have none."""
    sku = np.flatnonzero(part.rule.end == part.config.total_days - 1)
    day = np.maximum(part.books.reset_day[sku], part.config.opening_day)
    return pl.DataFrame(
        {
            "item_id": part.item_ids.gather(sku),
            "location_id": part.location_ids.gather(sku),
            "reorder_point": part.units(part.books.reorder_point[sku], sku),
            "order_up_to": part.units(part.books.order_up_to[sku], sku),
            "updated_at": part.moments(day, 17 * 3600),
        }
    )


def counting_errors_frame(part: Part) -> pl.DataFrame:
    """The planted counting errors: where and when the stock jumps, and by how much."""
    sku = np.flatnonzero(part.books.error)
    return pl.DataFrame(
        {
            "item_id": part.item_ids.gather(sku),
            "location_id": part.location_ids.gather(sku),
            "counted_on": part.dates(part.rule.error_day[sku]),
            "difference": part.units(part.books.error[sku], sku),
        }
    )


def lines_frame(part: Part, days: Days, supply: Supply) -> pl.DataFrame:
    """Order lines with what their orders need; :func:`orders_frames` numbers them. Lines settled before the opening stock are history."""
    lines = incumbent.order_lines(part.rule, days, supply, part.books.ordered)
    state, changed = lines[:, 6], lines[:, 7]
    lines = lines[(state == incumbent.OPEN) | (changed > part.config.opening_day)]
    sku, ordered_on, steps, received_on, received, rejected, state, changed, half = lines.T
    price = master.paid_price(part.items, part.skus.item[sku], part.books.ordered[sku, ordered_on])
    hour = np.where(state == incumbent.OPEN, np.where(changed > ordered_on, _RECEIVED, _ORDERED), _RECEIVED)
    return pl.DataFrame({
        "supplier": part.rule.supplier[sku], "location_id": part.location_ids.gather(sku), "ordered_on": part.dates(ordered_on),
        "item_id": part.item_ids.gather(sku), "half": half, "quantity_ordered": part.units(steps, sku), "unit_price": price,
        "promised_on": part.dates(_working_day(part.config, ordered_on + part.rule.lead_time[sku] + 1)),
        "received_on": part.dates(received_on),
        "quantity_received": part.units(received, sku), "quantity_rejected": part.units(rejected, sku), "state": state,
        "updated_at": part.moments(changed, hour * 3600),
    })  # fmt: skip


def _working_day(config: SampleConfig, day: Ints) -> Ints:
    """Nothing is delivered on a Sunday, nor promised for one."""
    shifted: Ints = day + ((day + config.origin.weekday()) % 7 == 6)
    return shifted


def orders_frames(lines: pl.DataFrame, suppliers: Suppliers) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Purchase orders by supplier, location and day; what was cancelled forms orders of its own.

    Args:
        lines: of all parts, from :func:`lines_frame`.
        suppliers: names the supplier indices.

    Returns:
        The contract's purchase_orders and purchase_order_lines.
    """
    cancelled = pl.col("state") == incumbent.CANCELLED
    po_id = pl.format(
        "PO-{}-{}-{}", pl.col("ordered_on").dt.strftime("%y%m%d"), pl.col("supplier_id").str.slice(4), "location_id"
    )
    names = pl.Series(suppliers.ids, dtype=pl.String)
    lines = lines.with_columns(supplier_id=names.gather(lines["supplier"]))
    lines = lines.with_columns(po_id=pl.concat_str(po_id, pl.when(cancelled).then(pl.lit("-X")).otherwise(pl.lit(""))))
    lines = lines.sort("ordered_on", "po_id", "item_id", "half")
    lines = lines.with_columns(line_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("po_id"))
    # OPEN is 0 and CANCELLED stands alone: an order is open as long as its lowest state is.
    status = pl.Series(STATES).gather
    heads = lines.group_by("po_id", "supplier_id", "location_id", "ordered_on", maintain_order=True).agg(
        pl.col("state").min(), pl.col("updated_at").max()
    )
    orders = heads.select(
        "po_id",
        "supplier_id",
        "location_id",
        "ordered_on",
        status(heads["state"]).alias("status"),
        pl.lit(None, pl.String).alias("external_ref"),
        "updated_at",
    )
    return orders, lines.select(
        "po_id", "line_no", "item_id", "quantity_ordered", "unit_price", "promised_on", "received_on", "quantity_received",
        "quantity_rejected", "updated_at",
    )  # fmt: skip
