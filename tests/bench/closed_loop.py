"""Half a year of real operation: our orders against the incumbent's rule on the same demand and the same deliveries.

    python -m tests.bench.closed_loop [--days 180] [--items 150] [--history 730] [--seed 42] [--json]

An ERP and a warehouse of its own. At every review (planning.review_period_days) the whole product runs on what the ERP holds by then:
extract, dbt, forecast, replay, policy, purchase, orders; every order is approved and released into the ERP. Then the world goes on day
by day: goods arrive after their true lead time, in part, late or not at all, true demand is sold or lost, the ERP books it. The incumbent's
minimum and maximum meet the same demand and the same suppliers.

Who holds more at the end has bought what the other has still to buy. So costs are reported twice: of the days played alone, and with the
run-off of the last day's stock: holding it until the SKU's mean demand of those days has used it up, a year at most. The shortages and
orders which that stock will spare are not credited. Ends with code 1 where fill is below 95 % or either saving below 10 %.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.closed_truth import Truth, history, make_truth
from tests.bench.closed_world import World, seed

Floats = npt.NDArray[np.float64]
FILL, SAVING, LONGEST_RUN_OFF = 0.95, 0.10, 365.0


def main() -> int:
    """Run both, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("days", 180), ("items", 150), ("history", 730), ("suppliers", 20), ("seed", 42)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    truth = make_truth(options.items, options.history, options.days, options.suppliers, options.seed)
    with servers():
        world, reviews = operate(truth, options.days)
        rates = cost_rates(truth)
    figures = compare(truth, world, rates) | {"reviews": reviews, "skus": len(truth.rule.end), "days": options.days}
    met = figures["fill_rate"] >= FILL and min(figures["saving"], figures["saving_with_run_off"]) >= SAVING
    if options.json:
        print(json.dumps(figures | {"met": met}))
    else:
        show(figures, met)
    return 0 if met else 1


@contextmanager
def servers() -> Iterator[None]:
    """A PostgreSQL, a MariaDB and a model registry that are gone afterwards; the configuration points at them."""
    from pipelines import settings
    from pipelines.io import warehouse
    from pipelines.stack import mariadb
    from pipelines.stack.mariadb import MariaDB
    from pipelines.stack.mlflow import MLflow
    from pipelines.stack.postgres import Postgres
    from pipelines.stack.process import free_port

    folder = Path(tempfile.mkdtemp(prefix="closed-loop-"))
    folder.chmod(0o755)
    if not mariadb.install():
        raise SystemExit("MariaDB's server is missing and could not be installed")
    stores = Postgres(folder / "postgres", free_port(), "bench"), MariaDB(folder / "mariadb", free_port(), "bench")
    for store in stores:
        store.start()
    for name in ("warehouse", "mlflow"):
        stores[0].create_database(name)
    stores[1].create_database("erp")
    registry = MLflow(folder / "mlflow", free_port(), stores[0].url("mlflow"))
    registry.launch()
    registry.wait()
    os.environ.update(
        {
            "STOCKPROOF_STATE_DIR": str(folder / "state"),
            "STOCKPROOF_STACK__WAREHOUSE_URL": stores[0].url("warehouse"),
            "STOCKPROOF_STACK__MLFLOW_URL": registry.url,
            "ERP_URL": stores[1].url("erp"),
        }
    )
    settings.load.cache_clear()
    warehouse.migrate()
    try:
        yield
    finally:
        for server in (registry, *stores):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def operate(truth: Truth, days: int) -> tuple[World, int]:
    """The world under our orders."""
    from pipelines import settings

    frames, held = history(truth)
    seed(frames)
    world = World.begin(truth, held, frames["purchase_order_lines"], frames["purchase_orders"])
    every = settings.load().planning.review_period_days
    begun, reviews = time.perf_counter(), 0
    for day in range(truth.start, truth.start + days, every):
        with redirect_stdout(sys.stderr):  # dbt and the registry talk; standard output is for the figures
            counts = review(truth, day, train=day == truth.start)
        lines = world.take_orders(day)
        world.live(day + 1, min(day + every, truth.start + days))
        reviews += 1
        spent = time.perf_counter() - begun
        print(f"{truth.day(day)} review {reviews}: {lines} lines {counts}, {spent:.0f} s", file=sys.stderr, flush=True)
    return world, reviews


def review(truth: Truth, day: int, *, train: bool) -> dict[str, Any]:
    """The product on one as-of date, stage by stage as its DAGs run them."""
    from pipelines.extract import job as extract
    from pipelines.forecast import job as forecast
    from pipelines.forecast import training
    from pipelines.orders import decide
    from pipelines.orders import job as orders
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as simulate
    from pipelines.transform import job as transform
    from pipelines.validate import job as validate
    from pipelines.vendors import job as vendors

    as_of = truth.day(day)
    extract.run(as_of)
    validate.run("sources", as_of)
    transform.run(as_of)
    vendors.run(as_of)
    if train:
        training.train(as_of)
    forecast.run(as_of)
    for chunk in simulate.prepare(as_of):
        simulate.run_chunk(as_of, chunk)
    levels = policy.run(as_of)
    purchase.run(as_of)
    orders.daily(as_of)
    for numbers in decide.open_orders(as_of):
        if numbers:
            decide.approve(numbers, "closed loop")
    released = orders.release_approved(as_of, recorded_at=datetime.combine(as_of, clock(21)))
    return {"orders": released["orders"], **levels}


def cost_rates(truth: Truth) -> dict[str, Floats]:
    """Holding a unit and day, shortage a unit, ordering a line; as the marts hold them, by SKU."""
    from pipelines.io import warehouse

    names = ("holding_cost_per_day", "shortage_cost", "ordering_cost")
    columns = ", ".join(f"cast({name} as double precision) as {name}" for name in names)
    rows = {
        (r["item_id"], r["location_id"]): r
        for r in warehouse.read(f"select item_id, location_id, {columns} from marts.dim_sku").to_dicts()
    }
    places = truth.config.location_ids
    keys = [
        (truth.items.ids[item], places[place]) for item, place in zip(truth.skus.item, truth.skus.location, strict=True)
    ]
    return {name: np.array([rows[key][name] for key in keys]) for name in names}


def compare(truth: Truth, world: World, rates: dict[str, Floats]) -> dict[str, Any]:
    """Fill and cost of both, and the saving with a paired bootstrap interval over SKUs."""
    after, before = slice(truth.start + 1, None), slice(truth.start, -1)
    scale = truth.scale
    demand = truth.demand.quantity[:, after].sum(axis=1) / scale
    theirs = truth.theirs
    sides = {
        "ours": (world.held[:, after], world.sold[:, after], world.orders),
        "incumbent": (theirs.on_hand[:, after], theirs.sold[:, after], (theirs.ordered[:, before] > 0).sum(axis=1)),
    }
    result: dict[str, Any] = {}
    cost, sold_of, run_off = {}, {}, {}
    daily = demand / (truth.config.total_days - 1 - truth.start)
    for name, (held, sold, orders) in sides.items():
        parts = {
            "holding": held.sum(axis=1) / scale * rates["holding_cost_per_day"],
            "shortage": (demand - sold.sum(axis=1) / scale) * rates["shortage_cost"],
            "ordering": orders * rates["ordering_cost"],
        }
        cost[name], sold_of[name] = sum(parts.values()), sold.sum(axis=1) / scale
        run_off[name] = _run_off(held[:, -1] / scale, daily) * rates["holding_cost_per_day"]
        value = (held / scale[:, None] * truth.items.unit_cost[truth.skus.item][:, None]).sum(axis=0)
        result[name] = {
            "fill_rate": float(sold_of[name].sum() / demand.sum()), **{part: float(v.sum()) for part, v in parts.items()},
            "total": float(cost[name].sum()), "run_off": float(run_off[name].sum()),
            "total_with_run_off": float((cost[name] + run_off[name]).sum()),
            "mean_stock_value": float(value.mean()), "end_stock_value": float(value[-1]),
            "order_lines": int(orders.sum()),
        }  # fmt: skip
    draws = np.random.default_rng(truth.config.seed).integers(0, len(demand), (4000, len(demand)))
    fills = sold_of["ours"][draws].sum(axis=1) / demand[draws].sum(axis=1)
    whole = {name: cost[name] + run_off[name] for name in cost}
    (low, high), (low_whole, high_whole) = (
        np.quantile(1 - one["ours"][draws].sum(axis=1) / one["incumbent"][draws].sum(axis=1), [0.025, 0.975])
        for one in (cost, whole)
    )
    fill_low, fill_high = np.quantile(fills, [0.025, 0.975])
    return result | {
        "fill_rate": result["ours"]["fill_rate"], "fill_interval": [float(fill_low), float(fill_high)],
        "saving": 1 - result["ours"]["total"] / result["incumbent"]["total"], "saving_interval": [float(low), float(high)],
        "saving_with_run_off": float(1 - whole["ours"].sum() / whole["incumbent"].sum()),
        "saving_with_run_off_interval": [float(low_whole), float(high_whole)],
        "price_paid_of_list": world.spent[0] / world.spent[1] if world.spent[1] else 1.0,
    }  # fmt: skip


def _run_off(stock: Floats, daily: Floats) -> Floats:
    """Unit-days until a stock is used up at a steady demand, each unit waiting a year at most."""
    days = np.minimum(stock / np.maximum(daily, 1e-9), LONGEST_RUN_OFF)
    waiting: Floats = days * (stock - daily * days / 2)
    return waiting


def show(figures: dict[str, Any], met: bool) -> None:
    """Print both sides."""
    print(f"{figures['days']} days, {figures['skus']} SKUs, {figures['reviews']} reviews")
    for name in figures["ours"]:
        ours, theirs = figures["ours"][name], figures["incumbent"][name]
        form = "{:>14.3%}" if name == "fill_rate" else "{:>14,.0f}"
        print(f"{name:18s}{form.format(ours)}{form.format(theirs)}")
    for name, words in (("saving", "saving"), ("saving_with_run_off", "saving with the run-off of the last stock")):
        low, high = figures[f"{name}_interval"]
        print(f"{words} {figures[name]:.1%} (95 % interval over SKUs {low:.1%} to {high:.1%}); budget {SAVING:.0%}")
    low, high = figures["fill_interval"]
    print(f"fill rate {figures['fill_rate']:.2%} ({low:.2%} to {high:.2%}); budget {FILL:.0%}")
    print(f"price paid: {figures['price_paid_of_list']:.1%} of list")
    print("budgets met" if met else "BUDGET MISSED")


if __name__ == "__main__":
    sys.exit(main())
