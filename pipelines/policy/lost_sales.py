"""Which SKUs order by expected cost, and what: from the tables to the newsvendor and back to levels that purchase can hold."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats, least_order, lot_within_review
from pipelines.core.text import units
from pipelines.ordering import expected_cost
from pipelines.policy.levels import POLICY, Levels, Skus
from pipelines.settings import Settings

KEY: Final = ["item_id", "location_id"]


@dataclass(frozen=True)
class Coming:
    """What orders depend on beside the forecast of the protection interval.

    Attributes:
        periods: plan.period_forecasts of the date: ``item_id, location_id, period, mean, std``; may be empty.
        dated: the open lines that count: ``item_id, location_id, quantity, expected_on``.
        terms: of marts.dim_sku: ``item_id, location_id, has_own_costs, shortage_cost, lead_time_mean, lead_time_std, min_order_qty,
            pack_size, on_hand``.
    """

    periods: pl.DataFrame
    dated: pl.DataFrame
    terms: pl.DataFrame

    def position(self, rows: pl.DataFrame) -> Floats:
        """Inventory position of the SKUs: stock and the open lines that count, units, shape (N,)."""
        due = self.dated.group_by(KEY).agg(pl.col("quantity").cast(pl.Float64).sum().alias("due"))
        stock = self.terms.select(*KEY, "on_hand")
        found = rows.select(KEY)
        for each in (stock, due):
            found = found.join(each, on=KEY, how="left", maintain_order="left")
        return np.asarray(_numbers(found, "on_hand", 0.0) + _numbers(found, "due", 0.0))


@dataclass(frozen=True)
class Served:
    """What was decided by expected cost, shape (N,); meaningless where ``chosen`` is false.

    Attributes:
        chosen: the SKU orders by expected cost.
        quantity: units to order now.
        position: inventory position, units.
        served: expected demand of the days the order serves, units.
        left: expected stock when they begin, without the order, units.
        covered: share of outcomes in which the order covers those days.
        surplus: units that would have to be missing for an order to pay; 0 where something is ordered.
        ratio: of the costs, p / (p + h): the share were leftover charged once.
        lead_time: days.
    """

    chosen: npt.NDArray[np.bool_]
    quantity: Floats
    position: Floats
    served: Floats
    left: Floats
    covered: Floats
    surplus: Floats
    ratio: Floats
    lead_time: npt.NDArray[np.int64]


def decide(rows: pl.DataFrame, coming: Coming, chosen: Levels, skus: Skus, as_of: date, config: Settings) -> Served:
    """Orders of the SKUs whose lot is within a review period and whose unmet demand is lost.

    Args:
        rows: ``item_id, location_id, mean_demand, adi``, one row a SKU.
        coming: forecasts by review period, open lines, and terms of the SKUs.
        chosen: levels by the forecast of the protection interval; only SKUs decided by it can order by expected cost.
        skus: what those levels depended on.
        as_of: the run's date.
        config: review period, service target.

    Returns:
        The orders, in the order of ``rows``.
    """
    review = config.planning.review_period_days
    usual_size = _numbers(rows, "mean_demand") * _numbers(rows, "adi")
    rows = rows.select(KEY).join(coming.terms, on=KEY, how="left", maintain_order="left")
    mean, variance = _moments(rows, coming.periods)
    lead_time = np.ceil(np.nan_to_num(_numbers(rows, "lead_time_mean")) - 1e-6).astype(np.int64)
    within = lot_within_review(
        skus.demand_per_day, skus.ordering_cost, skus.holding_cost_per_day,
        np.maximum(_numbers(rows, "min_order_qty", 0.0), _numbers(rows, "pack_size", 0.0)), review, usual_size,
    )  # fmt: skip
    can = within & (chosen.level == POLICY) & np.isfinite(mean).all(axis=1) & (config.planning.unmet_demand == "lost")
    can &= expected_cost.reaches(lead_time, review, mean.shape[1])
    holding, shortage = _costs(rows, skus, review, config.costs.service_target)
    problem = expected_cost.Problem(
        mean=mean, variance=variance, unit=expected_cost.unit_of(skus.whole, mean), on_hand=_numbers(rows, "on_hand", 0.0),
        lead_time=lead_time, lead_time_std=_numbers(rows, "lead_time_std", 0.0), arriving=_arriving(rows, coming.dated, as_of),
        holding_cost=holding, shortage_cost=shortage, ordering_cost=skus.ordering_cost, pack=_numbers(rows, "pack_size", 0.0),
        minimum=least_order(_numbers(rows, "min_order_qty", 0.0), skus.whole, config.purchase.min_quantity), review=review,
    )  # fmt: skip
    solved = expected_cost.orders(problem.take(np.flatnonzero(can)), config.forecast.seed, search_surplus=True)
    position = problem.on_hand.copy()
    np.add.at(position, problem.arriving[:, 0].astype(np.int64), problem.arriving[:, 2])
    of_all = {field.name: np.zeros(can.size) for field in fields(solved)}
    for name, values in of_all.items():
        values[can] = getattr(solved, name)
    return Served(chosen=can, position=position, ratio=shortage / (shortage + holding), lead_time=lead_time, **of_all)


def as_levels(chosen: Levels, orders: Served, whole: npt.NDArray[np.bool_]) -> Levels:
    """Levels by which purchase orders exactly the quantities: a base stock; an order fades as stock is found and grows as it is lost.

    Where nothing is ordered now, its level is the one at which the next piece would be.

    Args:
        chosen: levels of all SKUs.
        orders: the orders by expected cost.
        whole: stock comes in whole units, shape (N,): a piece short is ordered, and so is any fraction of what does not.

    Returns:
        Levels with those of the SKUs that order by expected cost replaced.
    """
    piece = whole.astype(np.float64)
    idle = orders.quantity <= 0
    next_one = np.maximum(orders.position - orders.surplus + piece, np.minimum(orders.position, 0.0))
    upper = np.where(idle, next_one, orders.position + orders.quantity)
    reorder = np.where(idle, upper - piece, np.maximum(orders.position, upper - piece))
    return replace(
        chosen,
        reorder_point=np.where(orders.chosen, reorder, chosen.reorder_point),
        order_up_to=np.where(orders.chosen, upper, chosen.order_up_to),
        safety_stock=np.where(orders.chosen, upper - chosen.mean, chosen.safety_stock),
    )


def reasons(orders: Served, before: pl.Series, config: Settings) -> pl.Series:
    """One sentence a SKU; the sentence ``before`` where it does not order by expected cost.

    Args:
        orders: the orders.
        before: sentences of all SKUs.
        config: review period.

    Returns:
        The column ``reason``.
    """
    review = config.planning.review_period_days
    table = pl.DataFrame(
        {
            "before": before,
            "chosen": orders.chosen,
            "quantity": _text(orders.quantity),
            "served": _text(orders.served),
            "left": _text(orders.left),
            "share": _text(np.round(orders.covered * 100)),
            "first": orders.lead_time + 1,
            "last": orders.lead_time + review,
            "none": orders.quantity <= 0,
        }
    )
    serves = "An order now serves days {} to {}: {} units expected, {} left by then; "
    words = ["first", "last", "served", "left"]
    some = pl.format(serves + "{} cost least, covering {} % of outcomes", *words, "quantity", "share")
    none = pl.format(serves + "ordering nothing costs least", *words)
    by_cost = pl.when(pl.col("none")).then(none).otherwise(some)
    reason = pl.when(pl.col("chosen")).then(by_cost).otherwise(pl.col("before"))
    return table.select(reason.alias("reason"))["reason"]


def _costs(rows: pl.DataFrame, skus: Skus, review: int, service_target: float) -> tuple[Floats, Floats]:
    """Money per unit left over after a review period, and per unit lost: the item's own where the ERP names both."""
    own = rows["has_own_costs"].fill_null(value=False).to_numpy()
    holding = skus.holding_cost_per_day * review
    return holding, expected_cost.shortage_costs(own, _numbers(rows, "shortage_cost", 0.0), holding, service_target)


def _moments(rows: pl.DataFrame, periods: pl.DataFrame) -> tuple[Floats, Floats]:
    """Mean and variance, shape (N, H); NaN where a SKU has no forecast of its periods."""
    horizon = int(periods["period"].max() or 1) if periods.height else 1  # type: ignore[arg-type]
    placed = periods.join(rows.select(KEY).with_row_index("row"), on=KEY)
    at = placed["row"].to_numpy(), placed["period"].to_numpy() - 1
    mean, variance = np.full((rows.height, horizon), np.nan), np.full((rows.height, horizon), np.nan)
    mean[at], variance[at] = placed["mean"].to_numpy(), placed["std"].to_numpy() ** 2
    return mean, variance


def _arriving(rows: pl.DataFrame, dated: pl.DataFrame, as_of: date) -> Floats:
    """Position of the SKU, days from tomorrow, units, shape (A, 3); undated and overdue lines are taken for tomorrow's."""
    placed = dated.join(rows.select(KEY).with_row_index("row"), on=KEY, maintain_order="left")
    days = (placed["expected_on"].cast(pl.Date) - pl.Series([as_of], dtype=pl.Date)).dt.total_days() - 1
    return np.column_stack(
        [
            placed["row"].to_numpy().astype(float),
            days.fill_null(0).to_numpy().astype(float),
            placed["quantity"].cast(pl.Float64).to_numpy(),
        ]
    )


def _numbers(rows: pl.DataFrame, name: str, missing: float = np.nan) -> Floats:
    values: Floats = rows[name].cast(pl.Float64).fill_null(missing).to_numpy()
    return values


def _text(values: Floats) -> list[str]:
    """Numbers as a person writes them: 12, not 12.0."""
    return [units(value).replace(",", "") for value in values.tolist()]
