"""A small, coherent run to report on: two policies replayed day by day over the same demand, and what follows from it."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.report.tables import ForecastTables, Tables

AS_OF = date(2026, 6, 28)
DAYS = 365
CLASSES = ("smooth", "erratic", "intermittent", "lumpy")
NOUNS = ("hinge", "valve", "bracket", "gasket", "bearing", "lamp", "hose", "clamp")
VENDORS = ("Ahlgren & Søn", "Brightwater Supply", "Castellano <Tools>", "Dunmore Fasteners", "Eastgate Trading")


def run(skus: int = 40, seed: int = 42) -> tuple[Tables, ForecastTables]:
    """The frames of a run over ``skus`` SKUs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    base = _skus(skus, rng)
    demand = rng.poisson(
        base["mean_demand"].to_numpy()[:, None] * (1 + 0.3 * np.sin(np.arange(DAYS) / 58.0)), (skus, DAYS)
    )
    replays, days = [], []
    for policy, weeks in (("recorded", 2.2), ("incumbent", 2.2), ("candidate", 1.9)):
        cover = (
            base["mean_demand"].to_numpy() * 7 * weeks * (rng.uniform(0.5, 1.6, skus) if policy != "candidate" else 1)
        )
        on_hand, sold = _simulate(demand, cover)
        replays.append(_replay_rows(base, policy, demand, on_hand, sold))
        days.append(_day_rows(base, policy, demand, on_hand, sold))
    decisions = _decisions(base, rng)
    tables = Tables(
        as_of=AS_OF,
        skus=base,
        decisions=decisions,
        replays=pl.concat(replays).sort("location_id", "item_id", "policy"),
        replay_days=pl.concat(days).sort("policy", "day"),
        open_orders=_open_orders(base, decisions),
        quarantined=pl.DataFrame({
            "table_name": ["sales", "stock_levels"], "rule": ["item is in the item list", "on_hand is not negative"], "rows": [3, 1],
            "example": ["sale_id=S0012", "item_id=I0003, location_id=W1"], "remedy": ["add the item, or fix the sale", "recount"],
        }),
        review=pl.DataFrame({
            "table_name": ["sales"], "rule": ["within 3 standard deviations"], "row_key": ["sale_id=S0100"],
            "details": ['{"quantity": 812, "mean": 9.1}'], "remedy": ["confirm the sale"], "rows": [1],
        }),
        gates=pl.DataFrame({
            "boundary": ["sources", "orders"], "table_name": ["sales", "plan.decisions"], "rule": ["fresh", "quantity >= 0"],
            "severity": ["warning", "fatal"], "bad_rows": [2, 0], "passed": [False, True], "message": ["newest sale is 9 days old", ""],
        }),
        methods=pl.DataFrame({"method": ["lightgbm", "sba"], "model_version": ["3", "3"], "skus": [skus - 5, 5]}),
        policies=pl.DataFrame({"policy": ["base_stock"], "level": ["policy"], "skus": [skus]}),
        set_aside=3,
        to_review=1,
        receipts=900,
    )  # fmt: skip
    return tables, _forecasts(base, demand)


def without_stock(tables: Tables) -> Tables:
    """The same run of an ERP that holds sales only."""
    ours = pl.col("policy") == "candidate"
    blank = pl.lit(None, dtype=pl.Date).alias("counted_on"), pl.lit(None, dtype=pl.Float64).alias("reorder_point")
    return replace(
        tables,
        skus=tables.skus.with_columns(*blank),
        replays=tables.replays.filter(ours),
        replay_days=tables.replay_days.filter(ours),
        open_orders=tables.open_orders.clear(),
        receipts=0,
    )


def _skus(count: int, rng: np.random.Generator) -> pl.DataFrame:
    order = range(count)
    mean = np.round(rng.lognormal(0.8, 0.9, count), 3)
    return pl.DataFrame({
        "item_id": [f"I{i:04d}" for i in order], "location_id": ["W1"] * count,
        "item_name": [f"{NOUNS[i % len(NOUNS)].title()} {10 + i} mm" for i in order], "category": ["hardware"] * count,
        "supplier_id": [f"V{i % 5}" for i in order], "supplier_name": [VENDORS[i % 5] for i in order],
        "demand_class": [CLASSES[i % 4] for i in order], "abc_class": ["ABC"[min(i * 3 // count, 2)] for i in order],
        "is_active": [True] * count, "unit_cost": np.round(rng.uniform(2, 60, count), 2), "counted_on": [AS_OF] * count,
        "mean_demand": mean, "reorder_point": mean * 10, "last_demand_on": [AS_OF - timedelta(days=i % 9) for i in order],
        "has_supplier": [True] * count,
    })  # fmt: skip


def _simulate(demand: np.ndarray, cover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weekly review, order up to ``cover`` with a lead time of 5 days, lost sales: closing stock and sales, (SKUs, days)."""
    skus, days = demand.shape
    stock, pipeline = np.ceil(cover), np.zeros((skus, days + 6))
    on_hand, sold = np.zeros((skus, days)), np.zeros((skus, days))
    for day in range(days):
        stock = stock + pipeline[:, day]
        sold[:, day] = np.minimum(stock, demand[:, day])
        stock = stock - sold[:, day]
        on_hand[:, day] = stock
        if day % 7 == 0:
            pipeline[:, day + 6] += np.maximum(np.ceil(cover) - stock - pipeline[:, day + 1 :].sum(axis=1), 0)
    return on_hand, sold


def _replay_rows(
    base: pl.DataFrame, policy: str, demand: np.ndarray, on_hand: np.ndarray, sold: np.ndarray
) -> pl.DataFrame:
    cost = base["unit_cost"].to_numpy()
    lost = (demand - sold).sum(axis=1).astype(float)
    holding, shortage = on_hand.sum(axis=1) * cost * 0.2 / 365, lost * cost * 0.4
    empty = (on_hand == 0).sum(axis=1)
    seen = demand.sum(axis=1) if policy != "recorded" else sold.sum(axis=1)
    return base.select("item_id", "location_id").with_columns(
        as_of=pl.lit(AS_OF), policy=pl.lit(policy), days=pl.lit(DAYS), stockout_days=pl.Series(empty), censored_days=pl.Series(empty // 3),
        demand_units=pl.Series(seen.astype(float)), sold_units=pl.Series(sold.sum(axis=1)),
        lost_units=pl.Series(lost if policy != "recorded" else lost * 0), mean_on_hand=pl.Series(on_hand.mean(axis=1)),
        mean_stock_value=pl.Series(on_hand.mean(axis=1) * cost), holding_cost=pl.Series(holding), shortage_cost=pl.Series(shortage),
        ordering_cost=pl.lit(52 * 5.0), orders=pl.lit(52), total_cost=pl.Series(holding + shortage + 52 * 5.0),
    )  # fmt: skip


def _day_rows(
    base: pl.DataFrame, policy: str, demand: np.ndarray, on_hand: np.ndarray, sold: np.ndarray
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "policy": [policy] * DAYS,
            "day": [AS_OF - timedelta(days=DAYS - 1 - d) for d in range(DAYS)],
            "skus": [base.height] * DAYS,
            "stock_value": base["unit_cost"].to_numpy() @ on_hand,
            "sold_units": sold.sum(axis=0),
            "lost_units": (demand - sold).sum(axis=0).astype(float),
            "stockout_skus": (on_hand == 0).sum(axis=0),
        }
    )


def _decisions(base: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    mean = base["mean_demand"].to_numpy()
    target, on_hand = np.ceil(mean * 14), np.floor(mean * rng.uniform(0, 16, base.height))
    coming = np.where(np.arange(base.height) % 6 == 0, np.ceil(mean * 3), 0.0)
    quantity = np.where(on_hand + coming < mean * 9, target - on_hand - coming, 0.0).clip(0)
    risk = np.exp(-(on_hand + coming) / (mean * 4 + 0.1)).round(4)
    code = np.where(quantity > 0, "below_order_up_to", "enough")
    return base.select("item_id", "location_id", "supplier_id").with_columns(
        as_of=pl.lit(AS_OF), reason_code=pl.Series(code),
        reason=pl.Series([f"{p:.0f} units available, order up to {t:.0f}" for p, t in zip(on_hand + coming, target, strict=True)]),
        priority=pl.lit("normal"), risk=pl.Series(risk), on_hand=pl.Series(on_hand), on_order=pl.Series(coming),
        inventory_position=pl.Series(on_hand + coming), reorder_point=pl.Series(target - 1), order_up_to=pl.Series(target),
        quantity=pl.Series(quantity), unit_price=base["unit_cost"], order_value=pl.Series(quantity * base["unit_cost"].to_numpy()),
        expected_on=pl.lit(AS_OF + timedelta(days=6)), projected_stock=pl.Series((on_hand + coming - mean * 12).round(1)),
        level=pl.lit("policy"), policy=pl.lit("base_stock"),
    )  # fmt: skip


def _open_orders(base: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    rows = decisions.filter(pl.col("on_order") > 0)
    return rows.select(
        po_id=pl.format("PO{}", pl.col("item_id")),
        line_no=pl.lit(1, dtype=pl.Int64),
        item_id="item_id",
        location_id="location_id",
        expected_on=pl.lit(AS_OF - timedelta(days=2)),
        quantity_open="on_order",
        days_late=pl.lit(2, dtype=pl.Int64),
    )


def _forecasts(base: pl.DataFrame, demand: np.ndarray) -> ForecastTables:
    wanted = range(min(base.height, 40))
    past = [
        {
            "item_id": f"I{i:04d}",
            "location_id": "W1",
            "bucket_on": AS_OF - timedelta(days=DAYS - 1 - d),
            "quantity": float(demand[i, d]),
            "is_stockout": d % 90 == 0,
        }
        for i in wanted
        for d in range(DAYS - 120, DAYS)
        if demand[i, d] or d % 90 == 0
    ]
    rng = np.random.default_rng(7)
    future = []
    for i in wanted:
        mean = base["mean_demand"][i]
        draws = rng.poisson(mean, 4_000)
        for h in range(28):
            levels = dict(zip(COLUMNS, np.quantile(draws, LEVELS), strict=True))
            day = AS_OF + timedelta(days=h + 1)
            future.append(
                {"item_id": f"I{i:04d}", "location_id": "W1", "bucket_on": day, "mean": float(mean), **levels}
            )
    return ForecastTables(demand=pl.DataFrame(past), forecasts=pl.DataFrame(future))
