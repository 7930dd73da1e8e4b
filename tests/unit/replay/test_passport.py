"""Passports: the same to the bit in chunks of any size, equal to the replays they sum up, and changed by what they read alone."""

import ast
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import settings
from pipelines.replay import hashes, job, tables, verify
from tests.unit.replay.worlds import AS_OF, kept_books, wrong_count

SKUS = 16


@pytest.fixture(scope="module")
def config():
    return settings.Settings()


@pytest.fixture(scope="module")
def rows():
    recorded = wrong_count(kept_books(5, SKUS, spoil=6.0), "i0003", AS_OF - timedelta(days=300), -7.0)
    bare = pl.col("item_id") == "i0005"
    levels = [pl.when(bare).then(None).otherwise(pl.col(name)).alias(name) for name in ("reorder_point", "order_up_to")]
    return tables.Recorded(
        recorded.skus.with_columns(levels),
        *(getattr(recorded, n) for n in ("demand", "stock", "receipts", "open_orders")),
    )


def everything(rows, config, size=SKUS):
    """All tables of the rows, computed in chunks of so many SKUs."""
    parts = []
    for low in range(0, rows.skus.height, size):
        part = tables.part(rows, low, low + size)
        failing, played = job.replayed(part, AS_OF, config)
        parts.append(job.results(part, played, AS_OF, config, failing))
    order = {"replays": ["policy"], "replay_bounds": ["policy"], "candidates": ["candidate"]}
    return {n: pl.concat([p[n] for p in parts]).sort("location_id", "item_id", *order.get(n, [])) for n in parts[0]}


@pytest.fixture(scope="module")
def whole(rows, config):
    return everything(rows, config)


@pytest.mark.parametrize(("size", "threads"), [(1, 1), (7, 1), (7, 2), (500, 2)])
def test_every_table_is_the_same_to_the_bit_for_any_chunks_and_threads(rows, config, whole, size, threads):
    other = config.model_copy(update={"forecast": config.forecast.model_copy(update={"threads": threads})})
    for name, frame in everything(rows, other, size).items():
        assert_frame_equal(frame, whole[name], check_exact=True)


def test_the_wrong_count_and_nothing_else_is_flagged_and_proves_nothing(whole):
    assert whole["calibration"].select("item_id", "kind", "units").rows() == [("i0003", "stock_jump", -7.0)]
    choice = {row["item_id"]: row for row in whole["choices"].iter_rows(named=True)}
    assert (choice["i0003"]["basis"], choice["i0003"]["choice"]) == ("books", "incumbent")
    assert (choice["i0005"]["basis"], choice["i0005"]["choice"]) == ("no_incumbent", "ours")
    passports = whole["passports"]
    assert passports.filter(~pl.col("calibrated"))["item_id"].to_list() == ["i0003"]
    assert passports.filter(pl.col("item_id") == "i0005")["incumbent_total_cost"].null_count() == 1


def test_passports_sum_to_the_replays(whole):
    """The report adds up plan.replays; the passports carry the same figures SKU by SKU."""
    passports, replays = whole["passports"], whole["replays"]
    for policy, prefix in (("candidate", ""), ("incumbent", "incumbent_"), ("recorded", "recorded_")):
        of_policy = replays.filter(pl.col("policy") == policy)
        for figure in ("mean_stock_value", "holding_cost", "shortage_cost", "ordering_cost", "total_cost"):
            assert passports[prefix + figure].drop_nulls().to_list() == of_policy[figure].to_list(), (policy, figure)
    costs = {
        p: replays.filter(pl.col("policy") == p).select("item_id", "total_cost") for p in ("incumbent", "candidate")
    }
    paired = costs["incumbent"].join(costs["candidate"], on="item_id", suffix="_ours")
    saved = (paired["total_cost"] - paired["total_cost_ours"]).sum()
    assert passports["saving"].sum() == pytest.approx(saved, abs=1e-6)
    assert saved > 0


def test_a_kept_rule_saves_nothing_and_a_proven_one_lies_within_its_interval(whole):
    kept = whole["passports"].filter(pl.col("choice") == "incumbent")
    assert kept.height and (kept["saving"] == 0.0).all() and (kept["policy"] == "min_max").all()
    ours = whole["passports"].filter((pl.col("choice") == "ours") & pl.col("saving").is_not_null())
    assert ours.height and (ours["saving_low"] < ours["saving_high"]).all()
    assert (whole["passports"]["lost_units_low"] <= whole["passports"]["lost_units_high"]).all()


@pytest.mark.parametrize(
    ("table", "name"), [("demand", "demand"), ("stock", "stock"), ("receipts", "receipts"), ("skus", "master")]
)
def test_a_changed_row_changes_the_hash_of_its_kind_and_its_sku_alone(rows, table, name):
    column = {"demand": "quantity", "stock": "on_hand", "receipts": "quantity_received", "skus": "unit_cost"}[table]
    hit = pl.col("item_id") == "i0002"
    altered = getattr(rows, table).with_columns(
        pl.when(hit).then(pl.col(column) + 1.0).otherwise(pl.col(column)).alias(column)
    )
    frames = {n: getattr(rows, n) for n in ("skus", "demand", "stock", "receipts", "open_orders")} | {table: altered}
    before, after = hashes.row_hashes(rows), hashes.row_hashes(tables.Recorded(**frames))
    for other in ("demand", "stock", "receipts", "master"):
        changed = before.filter(before[f"{other}_hash"] != after[f"{other}_hash"])["item_id"].to_list()
        assert changed == (["i0002"] if other == name else []), other


NO_FIGURE = {
    "pipelines.replay.hashes",
    "pipelines.replay.retrained",  # the latter forecasts for studies, which have no passports
    "pipelines.settings",
    "pipelines.core.errors",
    "pipelines.io.warehouse",
    "pipelines.io.partitions",
}
"""Modules the replay imports that compute no figure of a passport: values of settings are in a hash of their own."""


def imported(name, root, found):
    """The project's modules that a module imports, on whatever way."""
    file = root / f"{name.replace('.', '/')}.py"
    if name in NO_FIGURE or name in found or not file.exists():
        return found
    found[name] = file
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        for other in names:
            imported(other, root, found)
            if isinstance(node, ast.ImportFrom):
                imported(f"{node.module}.{other}", root, found)
                imported(node.module, root, found)
    return found


def test_a_change_of_any_source_that_computes_a_passport_changes_its_code_version():
    root = Path(hashes.__file__).parents[2]
    assert set(hashes.sources()) == set(imported("pipelines.replay.job", root, {}).values())


def test_a_verification_names_what_changed(whole):
    passports = whole["passports"]
    assert verify.differences(passports, passports) == []
    forged = passports.with_columns(
        pl.when(pl.col("item_id") == "i0001").then(pl.col("saving") + 1e-9).otherwise("saving").alias("saving"),
        pl.when(pl.col("item_id") == "i0002").then(pl.lit("0")).otherwise("stock_hash").alias("stock_hash"),
    ).filter(pl.col("item_id") != "i0004")
    found = {row["item_id"]: (row["columns"], row["inputs"]) for row in verify.differences(forged, passports)}
    assert found == {"i0001": (["saving"], []), "i0002": (["stock_hash"], ["stock"]), "i0004": (["missing"], [])}
    assert verify.rows_that_differ(forged, passports, []) == 3


def test_an_erp_with_sales_only_has_passports_without_comparison(rows, config):
    """No counts, no orders, no rule, no costs but those configured: ours is replayed alone."""
    bare = rows.skus.with_columns(
        pl.lit(None, dtype=pl.Float64).alias(n) for n in ("reorder_point", "order_up_to", "pack_size")
    )
    alone = tables.Recorded(bare, rows.demand, rows.stock.clear(), rows.receipts.clear(), rows.open_orders.clear())
    found = everything(alone, config)
    assert set(found["choices"]["basis"]) == {"no_incumbent"}
    default = found["choices"].filter(pl.col("candidate") == "normal_lot/decayed")
    # It is the default because no other surely saved, be it the cheapest or not.
    assert (
        default.height
        and default["reason"].str.ends_with("applies, as no other candidate surely saved on earlier days.").all()
    )
    others = found["choices"].filter(pl.col("candidate") != "normal_lot/decayed")
    assert others["reason"].str.ends_with("surely saved most of the candidates on earlier days.").all()
    assert not found["calibration"].height
    assert set(found["replays"]["policy"]) == {"candidate"}
    passports = found["passports"]
    assert passports.height == SKUS
    for name in ("saving", "saving_low", "saving_imputed", "incumbent_total_cost", "recorded_total_cost"):
        assert passports[name].null_count() == SKUS, name
    assert (passports["fill_rate"] > 0.8).all()


def test_a_short_history_keeps_the_erps_rule(rows, config):
    short = config.model_copy(update={"planning": config.planning.model_copy(update={"history_days": 150})})
    first = AS_OF - timedelta(days=149)
    cut = tables.Recorded(
        rows.skus,
        rows.demand.filter(pl.col("day") >= first),
        rows.stock.filter(pl.col("counted_on") >= first),
        rows.receipts,
        rows.open_orders,
    )
    found = everything(cut, short)
    assert set(found["choices"]["basis"]) == {"not_proven", "no_incumbent"}
    assert found["choices"].filter(pl.col("basis") == "not_proven")["reason"].str.contains("too few to prove").all()
    assert (found["passports"].filter(pl.col("choice") == "incumbent")["saving"] == 0.0).all()
