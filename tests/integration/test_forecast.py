"""Training and daily forecasts on a real PostgreSQL and a real MLflow server."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models import hybrid
from models.members.boosted import Booster
from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.forecast import detail, job, served, training
from pipelines.io import registry, warehouse
from tests.integration.forecast_marts import AS_OF, BROKEN, DAYS, SKUS, build, digest
from tests.integration.governance_registry import server

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the MLflow server of this module keeps its files."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def mlflow_server(artifacts: Path) -> Iterator[str]:
    """An MLflow server of this module's own, started as the embedded stack starts it."""
    with server(artifacts) as url:
        yield url


@pytest.fixture(scope="module")
def stack(warehouse_url: str, mlflow_server: str, configured: pytest.MonkeyPatch) -> str:
    """Warehouse with marts, registry, and a small configuration."""
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", mlflow_server)
    configured.setenv("STOCKPROOF_PLANNING__HISTORY_DAYS", str(DAYS))
    configured.setenv("STOCKPROOF_FORECAST__THREADS", "1")
    configured.setenv("STOCKPROOF_FORECAST__MEMBERS", '["hurdle", "lightgbm"]')
    configured.setenv("STOCKPROOF_FORECAST__BACKTEST_ORIGINS", "2")
    settings.load.cache_clear()
    build(AS_OF)
    return warehouse_url


@pytest.fixture
def champion(stack: str) -> registry.Version:
    """The champion that an earlier test has trained; trained here where a test runs alone."""
    if registry.champion() is None:
        training.train(AS_OF)
    found = registry.champion()
    assert found
    return found


def test_without_a_registered_model_the_fallback_serves_and_says_so(stack: str) -> None:
    counts = job.run(AS_OF)
    rows = warehouse.read("select distinct model_version, reason from plan.lead_time_forecasts order by reason")
    assert counts["fallback"] == 1 and counts["skus"] == SKUS - 1
    assert rows["model_version"].unique().to_list() == [job.FALLBACK]
    assert any("no model trained on or before 2026-06-28" in reason for reason in rows["reason"])
    due = warehouse.read("select due from plan.forecast_detail where item_id = 'I003'")["due"].to_list()
    assert due == [5.0], "a first run knows its own protection intervals, not those of an earlier run of the date"


def test_training_registers_a_champion_and_repeating_it_changes_nothing(stack: str) -> None:
    first, again = training.train(AS_OF), training.train(AS_OF)
    assert (first["role"], first["skipped"], again["skipped"]) == ("champion", 0, 1)
    version = registry.champion()
    assert version is not None and version.trained_as_of == AS_OF and {"data_hash", "config_hash"} <= set(version.tags)


def test_daily_forecasts_are_whole_ordered_and_identical_when_repeated(stack: str) -> None:
    counts = job.run(AS_OF)
    before = digest()
    assert counts["model"] == registry.champion().label and counts["fallback"] == 0  # type: ignore[union-attr]
    assert (counts["skus"], counts["rows"]) == (SKUS - 1, (SKUS - 1) * 28)
    job.run(AS_OF)
    assert digest() == before
    job.run(AS_OF, ["I005", "I007"])
    assert digest() == before, "a filtered run must give the same rows and leave the others"
    lead = warehouse.read("select * from plan.lead_time_forecasts order by item_id")
    assert lead["protection_days"].unique().to_list() == [14]
    assert (lead["q500"] <= lead["q950"]).all() and (lead["q950"] <= lead["q995"]).all() and (lead["mean"] >= 0).all()
    reason = dict(lead.select("item_id", "reason").iter_rows())
    method = dict(lead.select("item_id", "method").iter_rows())
    assert method["I000"] == "no_demand" and "no demand in 300" in reason["I000"]
    assert method["I001"] == "decayed_means" and "fewer than 30" in reason["I001"]
    assert "I002" not in method, "discontinued"


def test_the_detail_tells_risk_interval_and_drivers(stack: str) -> None:
    rows = warehouse.read("select * from plan.forecast_detail order by item_id")
    assert rows.height == SKUS - 1
    by_item = {row["item_id"]: row for row in rows.iter_rows(named=True)}
    assert by_item["I003"]["due"] == 5.0, "the line due after the protection interval covers nothing of it"
    assert by_item["I003"]["inventory_position"] == 8.0
    lead = warehouse.read("select item_id, q025, q975 from plan.lead_time_forecasts order by item_id")
    assert rows["low"].to_list() == lead["q025"].to_list() and rows["high"].to_list() == lead["q975"].to_list()
    assert by_item["I000"]["stockout_probability"] == 0.0, "no demand, no stockout"
    for row in rows.iter_rows(named=True):
        drivers = json.loads(row["drivers"])
        assert row["method"] == "no_demand" or any(name.endswith(".weight") for name in drivers)
    held = rows.filter(pl.col("item_id") != "I000").sort("inventory_position")["stockout_probability"]
    assert held[0] > held[-1]


def test_show_prints_an_item_and_refuses_an_unknown_one(stack: str) -> None:
    from typer.testing import CliRunner

    from pipelines.commands.forecast import app

    said = CliRunner().invoke(app, ["show", "I007", "--json"])
    printed = json.loads(said.stdout)[0]
    assert said.exit_code == 0 and (printed["item_id"], len(printed["periods"])) == ("I007", 12)
    assert printed["quantiles"]["0.5"] <= printed["quantiles"]["0.95"] and printed["drivers"]
    table = CliRunner().invoke(app, ["show", "I007"])
    assert table.exit_code == 0 and "runs out in" in table.stdout and "2026-06-29" in table.stdout
    with pytest.raises(StockproofError, match="no forecast of NOPE"):
        detail.show("NOPE")


def test_an_evaluation_keeps_its_scores_and_its_picture(stack: str) -> None:
    from typer.testing import CliRunner

    from pipelines.commands.forecast import app

    said = CliRunner().invoke(app, ["evaluate", "--json"])
    printed = json.loads(said.stdout)
    assert said.exit_code == 0 and len(printed["origins"]) == 2
    assert Path(printed["picture"]).read_bytes()[:4] == b"\x89PNG"
    assert {row["measure"] for row in printed["targets"]} == {"mae", "mape"}
    kept = warehouse.read("select * from plan.forecast_scores")
    assert kept["origin"].n_unique() == 2
    assert {"lead time", "week 1", "week 4"} <= set(kept["horizon"])
    assert {"hybrid", "sba", "lightgbm"} <= set(kept["forecaster"])
    assert {"all", "A", "B", "C"} == set(kept["abc_class"])
    whole = kept.filter((pl.col("forecaster") == "hybrid") & (pl.col("horizon") == "lead time"))
    last = whole.filter(pl.col("origin") == whole["origin"].max())
    parts = last.filter((pl.col("demand_class") == "all") & (pl.col("abc_class") != "all"))
    assert (
        parts["skus"].sum()
        == last.filter((pl.col("demand_class") == "all") & (pl.col("abc_class") == "all"))["skus"][0]
    )
    assert printed["all_zero_left_out"] >= 1


def test_broken_histories_spoil_neither_the_batch_nor_go_unnamed(stack: str) -> None:
    first, ids = AS_OF - timedelta(days=DAYS - 1), [f"X-{name}" for name in BROKEN]
    rows = [
        (item, "WH", first + timedelta(days=t), value(t), False, AS_OF)
        for item, value in zip(ids, BROKEN.values(), strict=True)
        for t in range(DAYS)
    ]
    names = ["item_id", "location_id", "bucket_on", "quantity", "is_stockout", "as_of"]
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        frame = pl.DataFrame(rows, schema=names, orient="row")
        cursor.adbc_ingest("fct_demand", frame.to_arrow(), mode="append", db_schema_name="marts")
        for item in ids:
            born = AS_OF - timedelta(days=8) if item == "X-young" else first
            cursor.execute("create temp table one as select * from marts.dim_sku where item_id = 'I009'")
            cursor.execute(f"update one set item_id = '{item}', created_on = '{born}', lead_time_std = 'nan'")
            cursor.execute("insert into marts.dim_sku select * from one")
            cursor.execute("drop table one")
    counts = job.run(AS_OF)
    assert counts["skus"] == SKUS - 1 + len(BROKEN) and counts["unusable"] == 6 + 5 + 1
    lead = warehouse.read("select * from plan.lead_time_forecasts where item_id like 'X-%' order by item_id")
    numbers = lead.select(pl.selectors.numeric()).to_numpy()
    assert lead.height == len(BROKEN) and np.isfinite(numbers).all() and (numbers >= 0).all()
    method, reason, mean = (dict(lead.select("item_id", name).iter_rows()) for name in ("method", "reason", "mean"))
    assert method["X-zeros"] == "no_demand" and method["X-young"] == "decayed_means"
    assert "fewer than 30" in reason["X-young"]
    assert "6 buckets without a usable quantity" in reason["X-negative"]
    assert mean["X-constant"] == pytest.approx(4 * 13.5, rel=0.2) and mean["X-huge"] == pytest.approx(13.5e9, rel=0.2)
    assert mean["X-negative"] == pytest.approx(2 * 13.5, rel=0.3)
    assert warehouse.read("select count(*) as n from plan.forecast_detail where item_id like 'X-%'")["n"][0] == len(
        BROKEN
    )
    build(AS_OF)
    job.run(AS_OF)


def test_a_model_trained_later_is_not_used_for_an_earlier_date(stack: str) -> None:
    assert registry.champion_as_of(AS_OF - timedelta(days=1), "day") is None
    assert registry.champion_as_of(AS_OF + timedelta(days=9), "day").trained_as_of == AS_OF  # type: ignore[union-attr]


def test_a_training_of_an_earlier_date_serves_it_and_leaves_the_champion_its_place(stack: str) -> None:
    champion, before = registry.champion(), AS_OF - timedelta(days=1)
    build(before)
    why = str(job.run(before)["why"])
    assert f"{champion.label} is of {AS_OF} and is not used for an earlier date" in why  # type: ignore[union-attr]
    assert f"`stockproof run training --as-of {before}`" in why, "the remedy"
    trained = training.train(before)
    assert trained["role"] == "champion" and "the first of its date" in str(trained["reason"])
    assert job.run(before)["model"] == trained["version"]
    assert registry.champion() == champion and registry.champion_as_of(AS_OF, "day") == champion
    assert registry.incumbent("day") == champion
    warehouse.execute("delete from plan.lead_time_forecasts where as_of = :day", day=before)
    build(AS_OF)


def test_a_model_of_days_does_not_serve_weeks(stack: str) -> None:
    version = registry.champion_as_of(AS_OF, "day")
    assert version is not None and version.tags["bucket"] == "day"
    assert registry.champion_as_of(AS_OF, "week") is None


def test_the_next_training_meets_the_champion_on_the_same_window(stack: str) -> None:
    later = AS_OF + timedelta(days=1)
    build(later, extra_day=True)
    counts = training.train(later)
    assert counts["skipped"] == 0 and "the champion stockproof-forecaster/1" in str(counts["reason"])
    served = registry.champion_as_of(AS_OF, "day")
    assert served is not None and served.trained_as_of == AS_OF
    build(AS_OF)


def test_mlflow_s_own_predict_answers_a_frame(stack: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(registry.url())
    model = mlflow.pyfunc.load_model(f"models:/{registry.MODEL}@champion")
    days = [AS_OF - timedelta(days=k) for k in range(120)]
    frame = pl.DataFrame({
        "item_id": ["x"] * 120, "location_id": ["WH"] * 120, "day": days, "quantity": [2.0] * 120, "protection_days": [14] * 120,
    })  # fmt: skip
    counts = model.predict(frame.to_pandas())
    assert (
        counts["item_id"].tolist() == ["x"] and 14 < counts["mean"][0] < 56 and counts["q950"][0] >= counts["q500"][0]
    )


def test_a_corrupt_artifact_falls_back_by_name(champion: registry.Version, artifacts: Path) -> None:
    stored = list(artifacts.rglob("model.json"))
    whole = [path.read_text() for path in stored]
    for path in stored:
        path.write_text("{")
    counts = job.run(AS_OF)
    assert counts["fallback"] == 1 and "cannot be read" in str(counts["why"])
    for path, text in zip(stored, whole, strict=True):
        path.write_text(text)
    assert job.run(AS_OF)["fallback"] == 0


def test_a_dead_registry_falls_back_by_name_and_stops_training(stack: str, configured: pytest.MonkeyPatch) -> None:
    alive = registry.url()
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", "http://127.0.0.1:9")
    settings.load.cache_clear()
    counts = job.run(AS_OF)
    assert counts["fallback"] == 1 and "cannot be reached" in str(counts["why"])
    with pytest.raises(StockproofError, match="model registry") as fault:
        training.train(AS_OF)
    assert "stockproof up" in fault.value.remedy
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", alive)
    settings.load.cache_clear()


def test_where_vendors_were_not_measured_today_the_last_run_s_lead_times_count(stack: str) -> None:
    columns = warehouse.read("select * from plan.lead_times limit 0").columns
    quantiles = {name: [20.5] for name in columns if name[0] == "q"}
    for days, mean in ((7, 20.5), (200, 40.5), (-1, 60.5)):  # the last run's; one too old; one that today must not know
        day = AS_OF - timedelta(days=days)
        lead_times = pl.DataFrame({
            "as_of": [day], "supplier_id": ["S1"], "item_id": ["I005"], "receipts": [9], "open_lines": [0], "level": ["item"],
            "mean": [mean], "std": [0.0], "late_tail": [1.0], **quantiles,
        })  # fmt: skip
        warehouse.replace("plan.lead_times", lead_times, {"as_of": day})
    job.run(AS_OF, ["I005", "I006"])
    rows = warehouse.read("select item_id, protection_days from plan.lead_time_forecasts where item_id < 'I007'")
    assert dict(rows.filter(pl.col("item_id") >= "I005").iter_rows()) == {"I005": 28, "I006": 14}
    warehouse.execute("delete from plan.lead_times")
    job.run(AS_OF)


def test_marts_of_another_date_are_refused(stack: str) -> None:
    with pytest.raises(StockproofError, match="no SKU for 2020-01-01"):
        job.run(date(2020, 1, 1))


def test_a_champion_that_fails_on_the_data_leaves_the_morning_to_the_fallback(
    stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was stored unfitted stands for one whose trees ask for other columns than today's."""
    unfitted = hybrid.fallback(30, "unfitted")
    unfitted.members["sba"] = unfitted.members["tsb"] = Booster("lightgbm")
    monkeypatch.setattr(
        served, "model", lambda found, panel, interval: (unfitted, "stockproof-forecaster/9", "champion")
    )
    counts = job.run(AS_OF)
    assert (counts["fallback"], counts["skus"]) == (1, SKUS - 1)
    assert "stockproof-forecaster/9 failed on today's data" in str(counts["why"])
    reasons = warehouse.read("select distinct reason from plan.lead_time_forecasts")["reason"]
    assert any("failed on today's data" in reason for reason in reasons)
