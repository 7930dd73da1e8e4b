"""What a decision depends on, as arrays over SKUs; and the draft that the steps of a decision fill in, one after another."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import Floats, largest_line, least_order
from pipelines.core.quantiles import COLUMNS
from pipelines.purchase.codes import FIRST_ORDER
from pipelines.settings import Settings

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-6
"""Units: a position this little above the reorder point is at it. Arithmetic on fractional stock needs it."""


@dataclass(frozen=True)
class Lines:
    """SKUs, shape (N,) each; units, money, days.

    Attributes:
        on_hand: stock, less what expires before it is sold.
        position: on hand + lines that count + own orders the ERP does not show yet.
        reorder_point: order at or below it.
        order_up_to: order up to it.
        trigger: the greatest position at which an order is due.
        pack: pack size; without one the smallest step of what comes in fractions; 0: any quantity.
        minimum: least quantity of a line.
        maximum: greatest quantity of a line.
        ceiling: the greatest position that a line may bring about; infinite where the ERP names none.
        discontinued: the item is no longer bought: it has ended, or ends before an order could arrive.
        not_yet: it is on sale only later.
        kit: it is put together of other items when it is sold.
        has_supplier: an active supplier offers it.
        blocked: rules leave no supplier.
        list_price: below the first price break; NaN: none.
        ordering_cost: money per order.
        holding_per_day: money per unit and day.
        holding_rate: the same as a share of the unit's cost.
        shortage_cost: money per unit of demand lost.
        demand_per_day: expected.
        days: protection interval.
        grid: quantiles of the demand over it, shape (N, len(LEVELS)); NaN: no forecast.
        vendor: number of the vendor's order (location and supplier) the line belongs to, -1: none.
        volume: space of one unit; NaN: not known.
    """

    on_hand: Floats
    position: Floats
    reorder_point: Floats
    order_up_to: Floats
    trigger: Floats
    pack: Floats
    minimum: Floats
    maximum: Floats
    ceiling: Floats
    discontinued: Flags
    not_yet: Flags
    kit: Flags
    has_supplier: Flags
    blocked: Flags
    list_price: Floats
    ordering_cost: Floats
    holding_per_day: Floats
    holding_rate: Floats
    shortage_cost: Floats
    demand_per_day: Floats
    days: Floats
    grid: Floats
    vendor: Ints
    volume: Floats


@dataclass
class Changes:
    """What the steps of a decision changed, shape (N,) each; the blank value means that a step did nothing to a SKU.

    Attributes:
        own_quantity: units before price breaks, blank 0.
        before_rule: units before business rules, blank 0.
        affordable: caps on money let the SKU's next greater line pass, blank true.
        slack: money the supplier's order may lose before its terms change who is in it, blank infinite.
        filled: units that fill a supplier's minimum or container, blank 0.
        vendor_minimum: money the supplier asks of an order that was held back, blank 0.
        vendor_missing: money such an order lacked, blank 0.
        before_storage: units before the location's space was shared out, blank 0.
        space_left: volume that the location had left, blank 0.
        space_entered: cumulative volume at which the SKU's line entered, blank NaN.
        space_tolerance: volume that counts as none, blank 0.
        unhindered: the location's space changes neither the SKU's line nor that of its neighbours, blank true.
        before_cut: units before the budget, blank 0.
        entered: money spent when the SKU's line entered the budget, blank NaN.
    """

    own_quantity: Floats
    before_rule: Floats
    affordable: Flags
    slack: Floats
    filled: Floats
    vendor_minimum: Floats
    vendor_missing: Floats
    before_storage: Floats
    space_left: Floats
    space_entered: Floats
    space_tolerance: Floats
    unhindered: Flags
    before_cut: Floats
    entered: Floats

    @classmethod
    def none(cls, size: int) -> Self:
        """No step has changed anything yet."""
        blank = {"slack": np.inf, "space_entered": np.nan, "entered": np.nan}
        numbers = {one.name: np.full(size, blank.get(one.name, 0.0)) for one in fields(cls)}
        return cls(**numbers | {name: np.ones(size, dtype=np.bool_) for name in ("affordable", "unhindered")})


@dataclass
class Draft:
    """The decision in the making, shape (N,).

    Attributes:
        quantity: units.
        code: position in ``codes.CODES``.
        least: smallest feasible line, whole packs.
        most: greatest feasible line, whole packs, after caps.
        shelf: the greatest position a line may bring about, units; infinite where nothing limits it.
        money: the most a line may cost; infinite where nothing limits it.
        allowed: nothing forbids a line.
        price: money per unit at the quantity.
        threshold: the greatest position at which the SKU is ordered, its vendor's order considered.
        changes: what each step changed, for reasons and flips.
    """

    quantity: Floats
    code: Ints
    least: Floats
    most: Floats
    shelf: Floats
    money: Floats
    allowed: Flags
    price: Floats
    threshold: Floats
    changes: Changes

    def fits(self, position: Floats) -> Floats:
        """Units that the shelf still holds at a position, in no packs; a hair more, as arithmetic on fractional stock needs it."""
        room: Floats = self.shelf - position + 2 * TOLERANCE
        return np.maximum(room, 0.0)

    @property
    def reach(self) -> Floats:
        """The greatest position at which the smallest line still fits the shelf, units."""
        reach: Floats = self.shelf - self.least + TOLERANCE
        return reach

    @property
    def ordered(self) -> Flags:
        """Lines with a quantity."""
        return self.code >= FIRST_ORDER


def trigger(reorder_point: Floats, order_up_to: Floats) -> Floats:
    """Greatest position at which an order is due: at or below the reorder point, and something is missing to the order-up-to level.

    >>> trigger(np.array([25.0, 26.0]), np.array([26.0, 26.0])).round(6).tolist()
    [25.000001, 25.999999]
    """
    slack = TOLERANCE + 1e-12 * np.abs(order_up_to)
    return np.minimum(reorder_point + slack, order_up_to - slack)


def build(rows: pl.DataFrame, as_of: date, config: Settings) -> Lines:
    """Arrays of a frame of SKUs.

    Args:
        rows: SKUs with levels, stock, offer, costs and forecast, see ``pipelines.purchase.tables``.
        as_of: the run's date.
        config: limits and cost rates.

    Returns:
        The lines, in the order of ``rows``.
    """
    read = _Columns(rows)
    days = np.maximum(read.numbers("protection_days", 1.0), 1.0)
    demand = _demand(read, days, config)
    holding, holding_rate = _holding(read, config)
    reorder, up_to = read.numbers("reorder_point"), read.numbers("order_up_to")
    ordering = read.numbers("ordering_cost")
    usable = read.numbers("on_hand", 0.0) - read.numbers("expiring", 0.0)
    ended = (rows["discontinued_on"] <= as_of).fill_null(value=False).to_numpy()
    return Lines(
        on_hand=usable,
        position=usable + read.numbers("due", 0.0) + read.numbers("proposed", 0.0),
        reorder_point=reorder,
        order_up_to=up_to,
        trigger=trigger(reorder, up_to),
        pack=_packs(read.numbers("pack_size", 0.0), read.numbers("step", 0.0)),
        minimum=least_order(read.numbers("min_order_qty", 0.0), rows["whole"].to_numpy(), config.purchase.min_quantity),
        maximum=largest_line(config.purchase.max_quantity, demand, read.numbers("erp_order_up_to")),
        ceiling=read.numbers("stock_ceiling", np.inf),
        discontinued=ended | read.flags("ends_first"),
        not_yet=(rows["created_on"] > as_of).fill_null(value=False).to_numpy(),
        kit=read.given("kit_parts"),
        has_supplier=read.flags("has_supplier"),
        blocked=read.flags("supplier_blocked"),
        list_price=read.numbers("purchase_price"),
        ordering_cost=np.where(np.isnan(ordering), config.costs.ordering_cost, ordering),
        holding_per_day=holding,
        holding_rate=holding_rate,
        shortage_cost=np.maximum(read.numbers("shortage_cost", 0.0), 0.01),
        demand_per_day=demand,
        days=days,
        grid=np.column_stack([read.numbers(column) for column in COLUMNS]),
        vendor=_vendors(rows),
        volume=_volumes(read.numbers("unit_volume")),
    )


@dataclass(frozen=True)
class _Columns:
    """Columns of a frame as arrays; a column that is absent is one without values."""

    rows: pl.DataFrame

    def numbers(self, name: str, missing: float = np.nan) -> Floats:
        """Numbers, ``missing`` where there is none."""
        if name not in self.rows.columns:
            return np.full(self.rows.height, missing)
        values: Floats = self.rows[name].cast(pl.Float64).fill_null(missing).to_numpy()
        return values

    def flags(self, name: str) -> Flags:
        """Truths, false where there is none."""
        if name not in self.rows.columns:
            return np.zeros(self.rows.height, dtype=np.bool_)
        values: Flags = self.rows[name].fill_null(value=False).to_numpy()
        return values

    def given(self, name: str) -> Flags:
        """Whether there is a value."""
        if name not in self.rows.columns:
            return np.zeros(self.rows.height, dtype=np.bool_)
        values: Flags = self.rows[name].is_not_null().to_numpy()
        return values


def _demand(read: _Columns, days: Floats, config: Settings) -> Floats:
    """Demand per day: of the forecast, without one of the past."""
    past = read.numbers("mean_demand", 0.0) / DAYS_IN[config.planning.grain]
    mean = read.numbers("forecast_mean")
    return np.where(np.isnan(mean), past, mean / days)


def _holding(read: _Columns, config: Settings) -> tuple[Floats, Floats]:
    """Money per unit and day, and the same as a share of the unit's cost, which is the price where the ERP names none."""
    usual = config.costs.holding_cost_rate / 365.0
    cost = np.nan_to_num(read.numbers("unit_cost"))
    cost = np.where(cost > 0, cost, np.nan_to_num(read.numbers("purchase_price")))
    holding = read.numbers("holding_cost_per_day")
    holding = np.where(np.isnan(holding), cost * usual, holding)
    return np.maximum(holding, 1e-9), np.where(cost > 0, holding / np.where(cost > 0, cost, 1.0), usual)


def _packs(pack: Floats, step: Floats) -> Floats:
    return np.where(pack > 0, pack, np.maximum(step, 0.0))


def _volumes(volume: Floats) -> Floats:
    """A volume of nothing, or less, is one that nobody measured."""
    known = np.isfinite(volume) & (np.nan_to_num(volume) > 0)
    return np.where(known, volume, np.nan)


def _vendors(rows: pl.DataFrame) -> Ints:
    """Numbers of location × supplier, in order of appearance; -1 without a supplier."""
    if not rows.height:
        return np.zeros(0, dtype=np.int64)
    number = rows.select(
        pl.when(pl.col("supplier_id").is_null())
        .then(-1)
        .otherwise(pl.struct("location_id", "supplier_id").rank("dense").cast(pl.Int64) - 1)
    )
    return np.asarray(number.to_series().to_numpy(), dtype=np.int64)
