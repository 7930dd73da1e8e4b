"""A catalogue forecast a few SKUs at a time gets the same figures, to the bit, as one forecast in one piece."""

from dataclasses import replace

import numpy as np
import pytest

from models import hybrid
from models.distribution import blend, negbin, spread
from models.distribution.blend import Blend
from models.distribution.calibration import identity
from models.hybrid import Hybrid, Recipe
from models.interface import Interval
from models.members import bootstrap, ensemble, features, quantiles, window_features
from models.members.bootstrap import WindowBootstrap
from models.store.catalogue import MAKERS, Options
from pipelines.core import panel as panels
from pipelines.core.chunks import blocks
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import frames, metrics, sanity
from tests.unit.models.panels import catalogue

BLOCKED = (blend, ensemble, hybrid, negbin, panels, quantiles, sanity, spread, window_features)


def _trained() -> list[np.ndarray]:
    """All that a mix of members with learnt quantiles forecasts, trained again."""
    panel, _ = catalogue(90, 300, seed=8)
    demand = panel.demand.copy()
    demand[3, 20:90], demand[7] = np.nan, 0.0
    panel = replace(panel, demand=demand, demand_class=panels.classify(demand))
    interval = Interval(np.linspace(5.0, 30.0, 90), np.full(90, 2.0))
    names = ("lightgbm", "hurdle", "tsb", "decayed_means", blend.MEMBER)
    weights = np.eye(5)[[0, 0, 2, 1, 3]]
    weights[2, [0, 3]] = 0.5
    mixed = Recipe(
        names,
        weights,
        ("lightgbm", "lightgbm", "stack", "hurdle", "decayed_means"),
        ("why",) * 5,
        identity(),
        identity(),
    )
    mixed = replace(mixed, blend=Blend(np.full(5, blend.SHARE), identity(), ("half",) * 5))
    members = {name: MAKERS[name](Options()) for name in names}
    for name in ("lightgbm", blend.MEMBER):
        members[name].rounds, members[name].max_rows = 6, 6_000  # type: ignore[attr-defined]
    model = Hybrid(mixed, members).fit(panel, interval)
    path = model.path(panel, 28)
    buckets, window = model.around(panel, path, LEVELS), model.cumulative_around(panel, path, interval, LEVELS)
    daily = frames.daily_frame(panel, buckets).drop("item_id", "location_id", "as_of", "bucket_on").to_numpy()
    drivers = np.array([value for states in model.explain(panel) for value in states.values()])
    flags = sanity.beyond_history(panel, 4 * window.mean, interval.mean)
    return [
        path,
        daily,
        window.mean,
        window.std,
        window.quantiles,
        drivers,
        flags,
        panel.demand_class,
        features.priors(panel),
    ]


def test_looking_at_few_skus_at_a_time_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _trained()
    for module in BLOCKED:
        monkeypatch.setattr(module, "blocks", lambda count: blocks(count, 16))
    for one, other in zip(whole, _trained(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_measures_of_few_skus_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, coming = catalogue(90, 300, seed=9, future=28)
    history = np.where(np.arange(300) % 41 == 0, np.nan, panel.demand)
    width, rate = np.arange(90) % 30 + 1, WindowBootstrap().fit(panel)

    def forecasts() -> list[np.ndarray]:
        path = rate.path(panel, 28)
        return [metrics.window_scale(history, width), metrics.rmsse(coming, path, history), path]

    whole = forecasts()
    for module in (metrics, bootstrap):
        monkeypatch.setattr(module, "blocks", lambda count: blocks(count, 16))
    for one, other in zip(whole, forecasts(), strict=True):
        np.testing.assert_array_equal(one, other)
