"""A model serves on the books and options it was trained on alone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines import settings
from pipelines.core.panel import Panel
from pipelines.forecast import books
from tests.unit.models.panels import catalogue, make

LENGTH, SKUS = 520, 60


def panel() -> Panel:
    return catalogue(SKUS, LENGTH)[0]


def later(old: Panel, days: int) -> Panel:
    """The same books some days later: as much history again, the oldest days gone."""
    more = np.concatenate([old.demand[:, days:], old.demand[:, :days]], axis=1)
    return replace(make(more), as_of=old.as_of + timedelta(days=days))


def kept(tmp_path: Path) -> tuple[Path, Panel]:
    trained = panel()
    books.keep(tmp_path, trained)
    return tmp_path, trained


def refused(folder: Path, now: Panel, trained: Panel, tags: dict[str, str] | None = None) -> str:
    return books.refusal("forecaster/3", tags or {}, folder, now, trained.as_of)


@pytest.mark.parametrize("days", [0, 1, 7, 60])
def test_the_same_books_are_known_again_days_later(tmp_path: Path, days: int) -> None:
    folder, trained = kept(tmp_path)
    now = later(trained, days)
    assert books.in_common(folder, now, trained.as_of) == pytest.approx(1.0)
    assert refused(folder, now, trained) == ""


def test_late_bookings_and_rows_set_aside_are_no_other_books(tmp_path: Path) -> None:
    folder, trained = kept(tmp_path)
    demand = trained.demand.copy()
    demand[:, -3:] += 2.0
    demand[::10, 400] = np.nan
    assert refused(folder, make(demand), trained) == ""


def test_other_books_under_the_same_item_numbers_are_refused_by_figure_and_remedy(tmp_path: Path) -> None:
    folder, trained = kept(tmp_path)
    rate = np.random.default_rng(5).permutation(np.exp(np.linspace(-3.0, 3.0, SKUS)))
    other = make(np.random.default_rng(6).poisson(rate[:, None], (SKUS, LENGTH)).astype(float))
    answer = refused(folder, other, trained)
    assert "forecaster/3 was trained on other books" in answer and "stockproof run training --as-of" in answer
    assert "% of what the SKUs sold before" in answer


def test_other_items_are_other_books(tmp_path: Path) -> None:
    folder, trained = kept(tmp_path)
    names = np.array([f"other {n}" for n in range(SKUS)])
    assert books.in_common(folder, replace(trained, item_ids=names), trained.as_of) == 0.0


def test_a_growing_catalogue_keeps_its_model(tmp_path: Path) -> None:
    """What did not sell before the training is not asked."""
    folder, trained = kept(tmp_path)
    new = np.zeros((SKUS, LENGTH + 30))
    new[:, LENGTH:] = 4.0
    grown = make(np.concatenate([np.pad(trained.demand, ((0, 0), (0, 30)), constant_values=1.0), new]))
    assert books.in_common(folder, replace(grown, as_of=trained.as_of + timedelta(days=30)), trained.as_of) == 1.0


def test_nothing_is_compared_that_cannot_be(tmp_path: Path) -> None:
    trained = panel()
    assert books.in_common(tmp_path, trained, trained.as_of) is None, "stored without its books"
    books.keep(tmp_path, trained)
    assert books.in_common(tmp_path, later(trained, 400), trained.as_of) is None, "older than the histories reach"


def test_a_changed_option_that_shapes_a_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, trained = kept(tmp_path)
    import json

    tags = {books.OPTIONS: json.dumps(books.options())}
    assert refused(folder, trained, trained, tags) == ""
    monkeypatch.setenv("STOCKPROOF_FORECAST__SEASONALITY", "false")
    settings.load.cache_clear()
    answer = refused(folder, trained, trained, tags)
    monkeypatch.undo()
    settings.load.cache_clear()
    assert "another forecast.seasonality" in answer
