"""A challenger beside the champion: in the shadow it changes nothing; a share of the SKUs may follow it, and each forecast says so."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import settings
from pipelines.forecast import job, training
from pipelines.governance import queries, tables
from pipelines.io import registry, warehouse
from tests.integration.forecast_marts import AS_OF, DAYS, build
from tests.integration.governance_registry import server

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

KEY = ["location_id", "item_id"]
TABLES = ("forecasts", "lead_time_forecasts", "period_forecasts", "forecast_detail")


@pytest.fixture(scope="module")
def models(
    warehouse_url: str, configured: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Labels of a champion and of a challenger that was not proven better."""
    with server(tmp_path_factory.mktemp("mlflow")) as url:
        small = {"PLANNING__HISTORY_DAYS": DAYS, "FORECAST__THREADS": 1, "FORECAST__MEMBERS": '["sba"]'}
        for name, value in {"STACK__MLFLOW_URL": url, **small}.items():
            configured.setenv(f"STOCKPROOF_{name}", str(value))
        build(AS_OF)
        made = []
        for origins in ("2", "1"):
            configured.setenv("STOCKPROOF_FORECAST__BACKTEST_ORIGINS", origins)
            settings.load.cache_clear()
            made.append(training.train(AS_OF))
        assert [one["role"] for one in made] == ["champion", "challenger"], made
        yield str(made[0]["version"]), str(made[1]["version"])


def forecast(monkeypatch: pytest.MonkeyPatch, **governance: object) -> dict[str, pl.DataFrame]:
    """Rows that a day's forecast leaves, with governance so configured."""
    for name, value in governance.items():
        monkeypatch.setenv(f"STOCKPROOF_GOVERNANCE__{name.upper()}", str(value))
    settings.load.cache_clear()
    warehouse.execute("delete from plan.shadow_forecasts")
    warehouse.execute("delete from plan.shadow_lead_time_forecasts")
    job.run(AS_OF)
    monkeypatch.undo()
    settings.load.cache_clear()
    read = {name: warehouse.read(f"select * from plan.{name}").sort(pl.all()) for name in TABLES}
    return read | {"shadow": warehouse.read("select * from plan.shadow_lead_time_forecasts").sort(KEY)}


@pytest.fixture(scope="module")
def shadowed(models: tuple[str, str]) -> dict[str, pl.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        return forecast(patch)


def test_the_shadow_changes_no_row_that_orders_rest_on(
    models: tuple[str, str], shadowed: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = forecast(monkeypatch, shadow=False)
    assert alone["shadow"].is_empty() and set(shadowed["shadow"]["model_version"]) == {models[1]}
    for name in TABLES:
        assert_frame_equal(alone[name], shadowed[name])
    assert set(shadowed["lead_time_forecasts"]["arm"]) == {""}


def test_a_share_is_served_by_the_challenger_and_the_champion_forecasts_beside(
    models: tuple[str, str], shadowed: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, challenger = models
    found = forecast(monkeypatch, challenger_share=0.25)
    lead = found["lead_time_forecasts"].sort(KEY)
    inside = lead.filter(pl.col("arm") == "challenger")
    assert 0.15 <= inside.height / lead.height <= 0.35
    beside = found["shadow"].filter(pl.col("arm") == "challenger")
    assert (set(inside["model_version"]), set(beside["model_version"])) == ({challenger}, {champion})
    served = ["mean", "std", "q500", "q950", "method", "reason", "model_version", "code_version"]
    asked = shadowed["shadow"].join(inside.select(KEY), on=KEY, how="semi").sort(KEY)
    assert_frame_equal(inside.select(served), asked.select(served))
    same = lead.filter(pl.col("arm") == "champion")
    before = shadowed["lead_time_forecasts"].join(same.select(KEY), on=KEY, how="semi").sort(KEY)
    assert_frame_equal(same.select(served), before.select(served))
    daily = found["forecasts"].select(*KEY, "arm").unique().sort(KEY)
    assert_frame_equal(daily, lead.select(*KEY, "arm")), "each forecast of a SKU is of one arm"
    again = forecast(monkeypatch, challenger_share=0.25)
    assert_frame_equal(again["lead_time_forecasts"], found["lead_time_forecasts"])


def test_both_versions_are_scored_on_all_skus_and_the_split_is_reported(models: tuple[str, str]) -> None:
    later = AS_OF + timedelta(days=7)
    scored = tables.passed(later, AS_OF, 1).filter(pl.col("horizon") == "next")
    by_role = dict(scored.group_by("role").agg(pl.struct(KEY).n_unique()).iter_rows())
    assert by_role["serving"] == by_role["shadow"] > 0
    versions = scored.select("role", "model_version").unique().sort("role").rows()
    assert versions == [("serving", models[0]), ("shadow", models[1])]
    answer = queries.share()
    assert answer["challenger"] == models[1] and answer["skus"] > 0 and answer["since"] == AS_OF
    assert registry.champion().label == models[0]  # type: ignore[union-attr]
