"""A champion that gets worse in one segment: one alarm, one rollback by the next run. Forecasts scored against a slow sum."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.briefing.queries import accuracy_figures
from pipelines.core.quantiles import COLUMNS
from pipelines.governance import job, queries
from pipelines.io import registry, warehouse
from pipelines.report import accuracy_section
from tests.integration import forecast_marts
from tests.integration import governance_registry as small
from tests.unit.governance.test_watch import FIRST, stream

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def models(
    warehouse_url: str, configured: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Two champions, the second since day 60."""
    with small.registered(configured, tmp_path_factory, [(FIRST, True), (FIRST + 60 * DAY, True)]) as url:
        yield url


def test_windows_that_passed_are_scored_once_and_repeating_changes_nothing(models: str) -> None:
    as_of = forecast_marts.AS_OF
    forecast_marts.build(as_of)
    made = as_of - 7 * DAY
    known = warehouse.read("select item_id, location_id from marts.dim_sku where is_active")
    trace = {name: pl.lit("x") for name in ("model_version", "data_hash", "code_version")}
    quantiles = {column: pl.lit(2.0) for column in COLUMNS}
    each = known.join(pl.DataFrame({"horizon": range(1, 29)}), how="cross").with_columns(
        as_of=pl.lit(made), bucket_on=pl.lit(made) + pl.duration(days="horizon"), mean=pl.lit(1.0), **quantiles, **trace
    )
    lead = known.with_columns(
        as_of=pl.lit(made),
        protection_days=pl.lit(5),
        method=pl.lit("m"),
        reason=pl.lit(""),
        mean=pl.lit(5.0),
        std=pl.lit(1.0),
        **quantiles,
        **trace,
    )
    warehouse.replace_all({"plan.forecasts": each, "plan.lead_time_forecasts": lead}, {"as_of": made})
    assert job.score(as_of) == job.score(as_of) > 0
    rows = queries.accuracy(7)
    whole = {(r["horizon"], r["role"]): r for r in rows if r["segment"] == "all"}
    near, far = whole["next", "serving"], whole["lead time", "serving"]
    usable = warehouse.read("select item_id from marts.fct_demand group by 1")["item_id"].to_list()
    sold = warehouse.read(
        "select item_id, bucket_on, quantity from marts.fct_demand where bucket_on > :made", made=made
    )
    active = set(known["item_id"]) & set(usable)
    assert (near["windows"], far["windows"]) == (7 * len(active), len(active))
    days = {(item, day): units for item, day, units in sold.iter_rows()}
    error = [abs(days.get((item, made + k * DAY), 0.0) - 1.0) for item in active for k in range(1, 8)]
    assert near["mae"] == pytest.approx(sum(error) / len(error))
    windows = [sum(days.get((item, made + k * DAY), 0.0) for k in range(1, 6)) for item in active]
    assert far["bias"] == pytest.approx(5.0 * len(windows) / sum(windows) - 1)
    assert far["coverage_95"] == pytest.approx(sum(units <= 2 for units in windows) / len(windows))
    found = accuracy_figures.figures(as_of)
    assert found is not None and found["made_on"] == made and len(found["runs"]) == 2
    shown = {example["demand_class"]: example for example in found["examples"]}
    assert shown, "past forecasts of example SKUs beside what came"
    for example in shown.values():
        assert len(example["forecast"]) == 28 and example["demand"][-1]["bucket_on"] <= as_of
        came = {row["bucket_on"]: row["quantity"] for row in example["demand"] if row["bucket_on"] > made}
        assert came == {day: units for (item, day), units in days.items() if item == example["item_id"]}
    section = accuracy_section.context(found)
    assert all(fan["plot"].startswith("<svg") for fan in section["fans"]) and len(section["fans"]) == len(shown)
    assert queries.picture().startswith(b"\x89PNG")
    warehouse.execute("delete from plan.forecast_outcomes")


def test_a_planted_degradation_is_alarmed_once_and_the_champion_taken_back_once(models: str) -> None:
    label = f"{registry.MODEL}/2"
    outcomes = stream(104, worse_from=90, version=label).select(
        "scored_on", "model_version", "role", pl.lit("next").alias("horizon"), "demand_class", "category", "abc_class",
        pl.col("windows").cast(pl.Int32), "pinball",
        *(pl.lit(0.0).alias(name) for name in ("covered", "squared", "absolute", "percent", "percent_skus")), "mean", "demand",
    )  # fmt: skip
    warehouse.replace("plan.forecast_outcomes", outcomes.filter(pl.col("scored_on") < FIRST + 86 * DAY), {})
    taken, alarmed = [], []
    for t in range(86, 104):
        today: date = FIRST + t * DAY
        warehouse.replace("plan.forecast_outcomes", outcomes.filter(pl.col("scored_on") == today), {"scored_on": today})
        forecast_marts.build(today)
        alarmed += [(t, row["segment"]) for row in job.alarms(today) if row["kind"] == "score"]
        taken += [(t, back) for back in (job.reconsider(today), job.reconsider(today)) if back]
    assert [segment for _, segment in alarmed] == ["lumpy"] and 90 <= alarmed[0][0] < 97
    assert [back for _, back in taken] == [label] and alarmed[0][0] <= taken[0][0] < 97
    assert registry.champion().number == 1  # type: ignore[union-attr]
    last = queries.decisions()[-1]
    assert (last["action"], last["author"]) == ("rolled back", "stockproof") and "lumpy" in last["reason"]
    asked = queries.training_asked()
    assert asked is not None and asked["segment"] == "lumpy" and "stockproof run training" in asked["remedy"]
