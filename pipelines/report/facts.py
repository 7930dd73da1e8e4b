"""The figures of the report, from frames: proposals, risk, and what the replay says of the policies. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.core.inventory import AT_RISK

POLICIES = ("recorded", "incumbent", "candidate")
KEY = ["item_id", "location_id"]
CLASSES = {"demand_class": ("smooth", "erratic", "intermittent", "lumpy", "no_demand"), "abc_class": ("A", "B", "C")}
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Proposals:
    """What the run proposes to buy.

    Attributes:
        lines: order lines.
        value: money, of the lines with a known price.
        vendors: distinct suppliers.
        orders: a supplier's lines for a location are one.
        unpriced: lines whose price is not known.
    """

    lines: int
    value: float
    vendors: int
    unpriced: int
    orders: int


@dataclass(frozen=True)
class PolicyTotals:
    """One policy over the replay window, on the compared SKUs.

    Attributes:
        in_stock: share of SKU-days that did not end in a stockout.
        fill: units sold over units demanded; None where the policy's lost sales were not observed (the books).
        stock_value: Σ over SKUs of the mean daily stock value, money.
        holding_cost: money over the window; likewise shortage_cost, ordering_cost, total_cost.
        orders: replenishment orders placed.
        lost_units: units of demand not met.
    """

    in_stock: float
    fill: float | None
    stock_value: float
    holding_cost: float
    shortage_cost: float
    ordering_cost: float
    total_cost: float
    orders: int
    lost_units: float


@dataclass(frozen=True)
class Comparison:
    """The candidate policy against the ERP's own rule, both replayed on the same recorded demand.

    Attributes:
        skus: SKUs replayed under both policies.
        days: length of the window that is reported, days.
        from_on: its first day; None without daily rows. Likewise until_on.
        totals: policy → totals; ``recorded`` only where the books of all compared SKUs are there.
        censored_days: SKU-days of the window on which the books show a stockout, so demand was not seen in full.
        censored_share: of all SKU-days compared.
        unseen_units: units those days would add if demand on them had been as on the days around; None without a replay on it.
        seen_units: units of demand the books hold.
        cost_change: candidate − incumbent, money over the window; negative is a saving.
        cost_low: lower end of the 95 % interval of cost_change, over SKUs, None where there is but one; cost_high the upper.
    """

    skus: int
    days: int
    from_on: date | None
    until_on: date | None
    totals: dict[str, PolicyTotals]
    censored_days: int
    censored_share: float
    unseen_units: float | None
    seen_units: float
    cost_change: float
    cost_low: float | None
    cost_high: float | None

    @property
    def recorded_fill_low(self) -> float | None:
        """Fill of the books if every unseen unit is a lost sale; 1 is the other end. None without demand or estimate."""
        seen, unseen = self.seen_units, self.unseen_units
        return seen / (seen + unseen) if seen > 0 and unseen is not None else None


def proposals(lines: pl.DataFrame) -> Proposals:
    """Totals of the lines to buy.

    Args:
        lines: one row a line, with ``order_value, supplier_id, unit_price, location_id``.

    Returns:
        The totals; zeros where nothing is proposed.
    """
    return Proposals(
        lines.height,
        float(lines["order_value"].sum() or 0.0),
        lines["supplier_id"].drop_nulls().n_unique(),
        lines["unit_price"].null_count(),
        lines.select("supplier_id", "location_id").n_unique(),
    )


def active(rows: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """Rows of SKUs that are on sale: a discontinued item that runs out is no risk."""
    return rows.join(skus.filter(pl.col("is_active").fill_null(True)), on=KEY, how="semi", maintain_order="left")


def at_risk(decisions: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """SKUs that run out more likely than not if nothing is ordered, riskiest first.

    Args:
        decisions: plan.decisions; ``risk`` is the probability that demand over the protection interval exceeds what there is.
        skus: dim_sku rows.

    Returns:
        The rows of ``decisions`` of active SKUs with risk ≥ :data:`AT_RISK`; of equal risk, the shortest in money comes first.
    """
    price = pl.col("unit_price").fill_null(0.0)
    short = ((pl.col("order_up_to") - pl.col("inventory_position")) * price).alias("short")
    found = (
        active(decisions, skus)
        .filter(pl.col("risk") >= AT_RISK)
        .with_columns(pl.col("risk").round(3).alias("rounded"), short)
    )
    order = found.sort(["rounded", "short", "location_id", "item_id"], descending=[True, True, False, False])
    return order.drop("rounded", "short")


def compare(replays: pl.DataFrame, replay_days: pl.DataFrame, bounds: pl.DataFrame | None = None) -> Comparison | None:
    """Totals of each policy over the SKUs replayed under all policies that there are; see :func:`compared_skus`.

    Args:
        replays: plan.replays of one date.
        replay_days: policy × day totals.
        bounds: plan.replay_bounds of the date; None or empty: what the books never saw is not estimated.

    Returns:
        The comparison, or None where no SKU was replayed under both.
    """
    both = compared_skus(replays)
    if both.is_empty():
        return None
    rows = replays.join(both, on=KEY, how="semi")
    groups = {policy: rows.filter(pl.col("policy") == policy) for policy in POLICIES}
    # The books' stockout days are the same fact whichever policy is replayed; the candidate's rows always carry them.
    seen = groups["candidate"].select(*KEY, "days", "censored_days", "demand_units")
    change, low, high = _paired_change(groups["incumbent"], groups["candidate"])
    sku_days = int(seen["days"].sum())
    last: date | None = replay_days.select(pl.col("day").max()).item()
    length = int(seen["days"].max() or 0)  # type: ignore[arg-type]
    return Comparison(
        skus=both.height,
        days=length,
        from_on=last - timedelta(days=length - 1) if last else None,
        until_on=last,
        totals={p: totals(g, observed=p != "recorded") for p, g in groups.items() if g.height},
        censored_days=int(seen["censored_days"].sum()),
        censored_share=int(seen["censored_days"].sum()) / sku_days if sku_days else 0.0,
        unseen_units=_unseen(seen, bounds),
        seen_units=float(seen["demand_units"].sum()),
        cost_change=change,
        cost_low=low,
        cost_high=high,
    )


def _unseen(seen: pl.DataFrame, bounds: pl.DataFrame | None) -> float | None:
    """Units that demand imputed for the books' stockout days adds to what was seen."""
    if bounds is None or bounds.is_empty():
        return None
    full = bounds.filter(pl.col("policy") == "candidate").select(*KEY, pl.col("demand_units").alias("full"))
    added = seen.join(full, on=KEY, how="inner").select((pl.col("full") - pl.col("demand_units")).clip(0.0).sum())
    return float(added.item() or 0.0)


def compared_skus(replays: pl.DataFrame) -> pl.DataFrame:
    """Keys of the SKUs replayed under the ERP's rule and ours, and where any stock was recorded, of which it was recorded.

    The same SKUs as in plan.replay_days, so that totals and curves agree.
    """
    of = {policy: replays.filter(pl.col("policy") == policy).select(KEY) for policy in POLICIES}
    both = of["candidate"].join(of["incumbent"], on=KEY, how="semi")
    if of["recorded"].height:
        both = both.join(of["recorded"], on=KEY, how="semi")
    return both.sort(["location_id", "item_id"])


def totals(rows: pl.DataFrame, *, observed: bool = True) -> PolicyTotals:
    """Totals of one policy.

    Args:
        rows: plan.replays of that policy.
        observed: lost sales are known, so fill is.

    Returns:
        The totals.
    """
    sums: dict[str, Any] = rows.select(pl.sum(*_SUMMED)).row(0, named=True)
    days, demand = sums["days"], sums["demand_units"]
    return PolicyTotals(
        in_stock=1.0 - sums["stockout_days"] / days if days else 1.0,
        fill=sums["sold_units"] / demand if observed and demand > 0 else None,
        stock_value=sums["mean_stock_value"],
        holding_cost=sums["holding_cost"],
        shortage_cost=sums["shortage_cost"],
        ordering_cost=sums["ordering_cost"],
        total_cost=sums["total_cost"],
        orders=int(sums["orders"]),
        lost_units=sums["lost_units"],
    )


_SUMMED = ("days", "stockout_days", "demand_units", "sold_units", "lost_units", "mean_stock_value", "holding_cost", "shortage_cost",
           "ordering_cost", "total_cost", "orders")  # fmt: skip


def _paired_change(incumbent: pl.DataFrame, candidate: pl.DataFrame) -> tuple[float, float | None, float | None]:
    """Total change of cost with its normal 95 % interval over SKUs: Σd ± z·s·√n (paired differences d, their deviation s).

    One SKU alone says nothing of the spread between them: no interval.
    """
    paired = candidate.join(incumbent, on=KEY, suffix="_incumbent").sort(KEY)
    change = paired["total_cost"] - paired["total_cost_incumbent"]
    total = float(change.sum())
    if change.len() < 2:
        return total, None, None
    half = _Z95 * float(change.std() or 0.0) * change.len() ** 0.5  # type: ignore[arg-type]
    return total, total - half, total + half


def by_class(replays: pl.DataFrame, skus: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    """Service and stock by a class of SKUs, on the compared SKUs.

    Args:
        replays: plan.replays of one date.
        skus: dim_sku rows with ``column``.
        column: ``demand_class`` or ``abc_class``.

    Returns:
        One dict a class that occurs, in the field's order: name, skus, and the totals of each policy present.
    """
    both = compared_skus(replays).join(skus.select(*KEY, column), on=KEY, how="inner")
    found = set(both[column].drop_nulls().to_list())
    names = [name for name in CLASSES[column] if name in found] + sorted(found - set(CLASSES[column]))
    result = []
    for name in names:
        keys = both.filter(pl.col(column) == name)
        rows = replays.join(keys, on=KEY, how="semi")
        of = {policy: rows.filter(pl.col("policy") == policy) for policy in POLICIES}
        row: dict[str, Any] = {"name": name, "skus": keys.height, "recorded": None}
        for policy, group in of.items():
            if group.height:
                row[policy] = totals(group, observed=policy != "recorded")
        result.append(row)
    return result


def left_out(replays: pl.DataFrame, skus: pl.DataFrame, failing: pl.DataFrame | None = None) -> list[tuple[str, int]]:
    """Active SKUs the comparison leaves out, by reason.

    Args:
        replays: plan.replays of one date, of SKUs whose books add up.
        skus: dim_sku rows.
        failing: keys of SKUs whose books do not add up.

    Returns:
        (reason, SKUs), in order of the checks; reasons without SKUs are absent.
    """
    rest = active(skus, skus).join(compared_skus(replays), on=KEY, how="anti")
    if rest.is_empty():
        return []
    ours = replays.filter(pl.col("policy") == "candidate").select(*KEY, pl.lit(True).alias("replayed"))
    rest = rest.join(ours, on=KEY, how="left")
    wrong = rest.select(KEY).clear() if failing is None or failing.is_empty() else failing.select(KEY)
    rest = rest.join(wrong.with_columns(wrong=pl.lit(value=True)), on=KEY, how="left")
    reason = (
        pl.when(pl.col("wrong")).then(pl.lit("their books do not add up"))
        .when(pl.col("last_demand_on").is_null()).then(pl.lit("no sale was ever recorded"))
        .when(~pl.col("has_supplier").fill_null(False)).then(pl.lit("no active supplier, so no lead time"))
        .when(pl.col("counted_on").is_null()).then(pl.lit("the ERP holds no stock record"))
        .when(pl.col("reorder_point").is_null()).then(pl.lit("the ERP holds no minimum and maximum to compare with"))
        .when(pl.col("replayed").is_null()).then(pl.lit("not replayed"))
        .otherwise(pl.lit("too few days of recorded stock"))
    )  # fmt: skip
    counted = rest.select(reason=reason).group_by("reason").len().sort(["len", "reason"], descending=[True, False])
    return [(str(name), int(number)) for name, number in counted.iter_rows()]
