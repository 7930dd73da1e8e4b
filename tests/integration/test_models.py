"""Versions under decisions of people and of the program: on a real registry and a real warehouse."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.commands.model import app
from pipelines.core.errors import StockproofError
from pipelines.governance import actions, queries
from pipelines.io import registry, warehouse
from tests.integration import governance_registry as small

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

FIRST = date(2026, 6, 7)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def models(
    warehouse_url: str, configured: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Champions of the first and second week, a challenger of the third."""
    versions = [(FIRST + week * WEEK, promote) for week, promote in enumerate((True, True, False))]
    with small.registered(configured, tmp_path_factory, versions) as url:
        yield url


def said(*arguments: str) -> dict:
    answer = CliRunner().invoke(app, [*arguments, "--json"])
    assert answer.exit_code == 0, (answer.output, answer.exception)
    return json.loads(answer.stdout)


def serves(day: date) -> int | None:
    found = registry.champion_as_of(day, "day")
    return found.number if found else None


def test_aliases_name_champion_challenger_and_the_one_before(models: str) -> None:
    named = {alias: row["number"] for row in said("list")["models"] for alias in row["aliases"]}
    assert named == {"champion": 2, "challenger": 3, "previous": 1}
    assert [registry.by_alias(alias).number for alias in ("champion", "challenger", "previous")] == [2, 3, 1]  # type: ignore[union-attr]


def test_a_card_and_the_figures_of_a_version_are_shown(models: str) -> None:
    assert said("card", "champion") == {"skus": 20}
    answer = said("show", "challenger")
    assert (answer["number"], answer["metrics"]) == (3, {"all.scaled_pinball": 0.3})
    assert CliRunner().invoke(app, ["list"]).exit_code == CliRunner().invoke(app, ["show"]).exit_code == 0


def test_an_unknown_version_is_named(models: str) -> None:
    with pytest.raises(StockproofError, match="no model 77"):
        queries.model("77")


def test_a_promotion_needs_a_reason_and_not_the_champion_itself(models: str) -> None:
    with pytest.raises(StockproofError, match="a reason and an author"):
        actions.promote("3", reason=" ", author="ann")
    with pytest.raises(StockproofError, match="the champion already"):
        actions.promote("2", reason="again", author="ann")
    with pytest.raises(StockproofError, match="must not serve 2026-06-08"):
        actions.promote("3", reason="too early", author="ann", as_of=FIRST + timedelta(days=1))


def test_promoted_by_a_person_it_serves_from_that_date_and_earlier_dates_keep_theirs(models: str) -> None:
    day = FIRST + 3 * WEEK
    answer = said("promote", "challenger", "--reason", "knows the season", "--by", "ann", "--as-of", str(day))
    assert answer == {"version": "stockproof-forecaster/3", "replaces": "stockproof-forecaster/2", "from": str(day)}
    assert [serves(FIRST + week * WEEK) for week in range(5)] == [1, 2, 2, 3, 3]
    assert registry.by_alias("previous").number == 2  # type: ignore[union-attr]
    assert registry.by_alias("challenger") is None


def test_taken_back_the_one_before_serves_again_and_the_past_stands(models: str) -> None:
    day = FIRST + 4 * WEEK
    answer = said("rollback", "--reason", "too low", "--by", "ann", "--as-of", str(day))
    assert (answer["version"], answer["serves"]) == ("stockproof-forecaster/3", "stockproof-forecaster/2")
    assert [serves(FIRST + week * WEEK) for week in range(6)] == [1, 2, 2, 3, 2, 2]
    assert registry.champion().number == 2  # type: ignore[union-attr]
    log = [(row["action"], row["model_version"][-1], row["author"], row["reason"]) for row in queries.decisions()]
    assert log == [("promoted", "3", "ann", "knows the season"), ("rolled back", "3", "ann", "too low")]


def test_the_log_of_decisions_is_append_only(models: str) -> None:
    with pytest.raises(Exception, match="append-only"):
        warehouse.execute("delete from ops.model_decisions")


def test_the_signature_refuses_a_wrong_frame_by_the_name_of_the_column(models: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(registry.url())
    model = mlflow.pyfunc.load_model(f"models:/{registry.MODEL}@champion")
    days = [FIRST - timedelta(days=k) for k in range(60)]
    frame = pl.DataFrame(
        {
            "item_id": ["x"] * 60,
            "location_id": ["W"] * 60,
            "day": days,
            "quantity": [2.0] * 60,
            "protection_days": [14] * 60,
        }
    )
    assert model.predict(frame.to_pandas())["item_id"].tolist() == ["x"]
    with pytest.raises(Exception, match="quantity"):
        model.predict(frame.drop("quantity").to_pandas())


def test_a_training_killed_while_it_registers_leaves_no_version_and_the_champion_its_place(
    models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    before, champion = len(registry.versions()), registry.champion()
    for step in ("log_params", "log_artifacts", "register_model"):
        with monkeypatch.context() as patch:
            patch.setattr(mlflow, step, _killed)
            with pytest.raises(KeyboardInterrupt):
                small.register(tmp_path / step, FIRST + 5 * WEEK, promote=True)
        assert (len(registry.versions()), registry.champion()) == (before, champion)
    with monkeypatch.context() as patch:  # after the version is whole, before its aliases
        patch.setattr(registry, "mirror_aliases", _killed)
        with pytest.raises(KeyboardInterrupt):
            small.register(tmp_path / "aliases", FIRST + 5 * WEEK, promote=True)
    assert len(registry.versions()) == before + 1
    registry.mirror_aliases("day")
    assert registry.champion().trained_as_of == FIRST + 5 * WEEK  # type: ignore[union-attr]


def _killed(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt
