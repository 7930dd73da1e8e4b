"""Training and daily forecasts on a real PostgreSQL and a real MLflow server."""

import hashlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.forecast import job, training
from pipelines.io import registry, warehouse

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

AS_OF = date(2026, 6, 28)
SKUS, DAYS = 48, 300


def _marts(as_of: date, extra_day: bool = False) -> None:
    """Marts of a small catalogue: a discontinued SKU, one without demand, a young one."""
    random = np.random.default_rng(11)
    rate = np.exp(random.normal(-0.3, 1, SKUS))
    units = random.poisson(rate[:, None], (SKUS, DAYS + 1))
    units[0], units[1, :-12] = 0, 0
    last = DAYS + 1 if extra_day else DAYS
    first = as_of - timedelta(days=last - 1)
    ids = [f"I{i:03d}" for i in range(SKUS)]
    row, day = np.nonzero(units[:, :last])
    demand = pl.DataFrame({
        "item_id": [ids[i] for i in row], "location_id": ["WH"] * row.size, "bucket_on": [first + timedelta(days=int(t)) for t in day],
        "quantity": units[row, day].astype(float), "is_stockout": [False] * row.size,
    })  # fmt: skip
    sku = pl.DataFrame({
        "item_id": ids, "location_id": ["WH"] * SKUS, "category": [f"C{i % 3}" for i in range(SKUS)], "unit_price": [2.0] * SKUS,
        "created_on": [first if i != 1 else as_of - timedelta(days=10) for i in range(SKUS)],
        "discontinued_on": [as_of - timedelta(days=5) if i == 2 else None for i in range(SKUS)], "first_demand_on": [first] * SKUS,
        "demand_class": ["intermittent"] * SKUS, "lead_time_mean": [6.5] * SKUS, "lead_time_std": [1.5] * SKUS,
        "is_active": [i != 2 for i in range(SKUS)], "abc_class": [("A", "B", "C")[i % 3] for i in range(SKUS)],
    }, schema_overrides={"discontinued_on": pl.Date})  # fmt: skip
    promotion = pl.DataFrame({"item_id": ["I005"], "location_id": ["WH"], "day": [as_of + timedelta(days=3)]})
    calendar = pl.DataFrame({"bucket_on": [as_of], "events": ["fair"]})
    warehouse.execute("create schema if not exists marts")
    frames = {"dim_sku": sku, "fct_demand": demand, "fct_promotion": promotion, "dim_calendar": calendar}
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for name, frame in frames.items():
            cursor.execute(f"drop table if exists marts.{name}")
            cursor.adbc_ingest(
                name, frame.with_columns(as_of=pl.lit(as_of)).to_arrow(), mode="create", db_schema_name="marts"
            )


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the MLflow server of this module keeps its files."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def mlflow_server(artifacts: Path) -> Iterator[str]:
    """An MLflow server of this module's own."""
    folder = artifacts
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts",
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((folder / "log").read_text()[-2000:])
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def stack(warehouse_url: str, mlflow_server: str, configured: pytest.MonkeyPatch) -> str:
    """Warehouse with marts, registry, and a small configuration."""
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", mlflow_server)
    configured.setenv("STOCKPROOF_PLANNING__HISTORY_DAYS", str(DAYS))
    configured.setenv("STOCKPROOF_FORECAST__THREADS", "1")
    settings.load.cache_clear()
    _marts(AS_OF)
    return warehouse_url


def _digest() -> str:
    tables = [
        warehouse.read(f"select * from plan.{name} order by location_id, item_id")
        for name in ("forecasts", "lead_time_forecasts")
    ]
    return hashlib.sha256("".join(frame.sort(frame.columns[:4]).write_csv() for frame in tables).encode()).hexdigest()


def test_without_a_registered_model_the_fallback_serves_and_says_so(stack: str) -> None:
    told = job.run(AS_OF)
    rows = warehouse.read("select distinct model_version, reason from plan.lead_time_forecasts order by reason")
    assert told["fallback"] == 1 and told["skus"] == SKUS - 1
    assert rows["model_version"].unique().to_list() == [job.FALLBACK]
    assert any("no model trained on or before 2026-06-28" in reason for reason in rows["reason"])


def test_training_registers_a_champion_and_repeating_it_changes_nothing(stack: str) -> None:
    first, again = training.train(AS_OF), training.train(AS_OF)
    assert (first["role"], first["skipped"], again["skipped"]) == ("champion", 0, 1)
    version = registry.champion()
    assert version is not None and version.trained_as_of == AS_OF and {"data_hash", "config_hash"} <= set(version.tags)


def test_daily_forecasts_are_whole_ordered_and_identical_when_repeated(stack: str) -> None:
    told = job.run(AS_OF)
    before = _digest()
    assert told["model"] == registry.champion().label and told["fallback"] == 0  # type: ignore[union-attr]
    assert (told["skus"], told["rows"]) == (SKUS - 1, (SKUS - 1) * 28)
    job.run(AS_OF)
    assert _digest() == before
    job.run(AS_OF, ["I005", "I007"])
    assert _digest() == before, "a filtered run must give the same rows and leave the others"
    lead = warehouse.read("select * from plan.lead_time_forecasts order by item_id")
    assert lead["protection_days"].unique().to_list() == [14]
    assert (lead["q500"] <= lead["q950"]).all() and (lead["q950"] <= lead["q995"]).all() and (lead["mean"] >= 0).all()
    reason = dict(lead.select("item_id", "reason").iter_rows())
    method = dict(lead.select("item_id", "method").iter_rows())
    assert method["I000"] == "no_demand" and "no demand in 300" in reason["I000"]
    assert method["I001"] == "decayed_means" and "fewer than 30" in reason["I001"]
    assert "I002" not in method, "discontinued"


def test_a_model_trained_later_is_not_used_for_an_earlier_date(stack: str) -> None:
    assert registry.champion_as_of(AS_OF - timedelta(days=1)) is None
    assert registry.champion_as_of(AS_OF + timedelta(days=9)).trained_as_of == AS_OF  # type: ignore[union-attr]


def test_the_next_training_meets_the_champion_on_the_same_window(stack: str) -> None:
    later = AS_OF + timedelta(days=1)
    _marts(later, extra_day=True)
    told = training.train(later)
    assert told["skipped"] == 0 and "the champion stockproof-forecaster/1's" in str(told["reason"])
    served = registry.champion_as_of(AS_OF)
    assert served is not None and served.trained_as_of == AS_OF
    _marts(AS_OF)


def test_mlflow_s_own_predict_answers_a_frame(stack: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(registry.url())
    model = mlflow.pyfunc.load_model(f"models:/{registry.MODEL}@champion")
    days = [AS_OF - timedelta(days=k) for k in range(120)]
    frame = pl.DataFrame(
        {
            "item_id": ["x"] * 120,
            "location_id": ["WH"] * 120,
            "day": days,
            "quantity": [2.0] * 120,
            "protection_days": [14] * 120,
        }
    )
    told = model.predict(frame.to_pandas())
    assert told["item_id"].tolist() == ["x"] and 14 < told["mean"][0] < 56 and told["q950"][0] >= told["q500"][0]


def test_a_corrupt_artifact_falls_back_by_name(stack: str, artifacts: Path) -> None:
    stored = list(artifacts.rglob("model.json"))
    whole = [path.read_text() for path in stored]
    for path in stored:
        path.write_text("{")
    told = job.run(AS_OF)
    assert told["fallback"] == 1 and "cannot be read" in str(told["why"])
    for path, text in zip(stored, whole, strict=True):
        path.write_text(text)
    assert job.run(AS_OF)["fallback"] == 0


def test_a_dead_registry_falls_back_by_name_and_stops_training(stack: str, configured: pytest.MonkeyPatch) -> None:
    alive = registry.url()
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", "http://127.0.0.1:9")
    settings.load.cache_clear()
    told = job.run(AS_OF)
    assert told["fallback"] == 1 and "cannot be reached" in str(told["why"])
    with pytest.raises(StockproofError, match="model registry") as fault:
        training.train(AS_OF)
    assert "stockproof up" in fault.value.remedy
    configured.setenv("STOCKPROOF_STACK__MLFLOW_URL", alive)
    settings.load.cache_clear()


def test_marts_of_another_date_are_refused(stack: str) -> None:
    with pytest.raises(StockproofError, match="no SKU for 2020-01-01"):
        job.run(date(2020, 1, 1))
