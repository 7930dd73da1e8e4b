"""The morning's forecast where the champion fails at a part of what it is asked."""

from typing import Any

import numpy as np
import pytest

from models import hybrid
from models.hybrid import Hybrid
from models.interface import Interval
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import served
from tests.unit.models.panels import catalogue


class Broken(Hybrid):
    """A champion whose part of that name fails, as one trained before a feature was added does in the trees that read it."""

    part = ""

    def __getattribute__(self, name: str) -> Any:
        """Fail where the part is asked for."""
        if name == type(self).part:
            raise ValueError("The number of features in data (31) is not the same as it was in training data (30)")
        return super().__getattribute__(name)


@pytest.mark.parametrize("part", ["path", "around", "cumulative_around", "explain"])
def test_whatever_part_the_champion_fails_at_the_fallback_serves(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    panel, interval = catalogue(40, 120)[0], Interval(np.full(40, 14.0), np.zeros(40))
    plain = hybrid.fallback(30, "").fit(panel, interval)
    champion = Broken(**vars(plain))
    monkeypatch.setattr(Broken, "part", part)
    said, (model, version, why) = served.answered(
        (champion, "stockproof-forecaster/9", "champion"), panel, interval, LEVELS
    )
    assert version == served.FALLBACK and why.startswith("stockproof-forecaster/9 failed on today's data: ValueError")
    assert said.protection.quantiles.shape == (40, len(LEVELS)) and said.buckets.mean.shape == (40, 28)
    assert len(said.drivers) == 40 and all(why in str(reason) for reason in model.assign(panel).reasons)


def test_a_fallback_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, interval = catalogue(5, 120)[0], Interval(np.full(5, 14.0), np.zeros(5))
    plain = hybrid.fallback(30, "").fit(panel, interval)
    monkeypatch.setattr(Broken, "part", "path")
    with pytest.raises(ValueError, match="number of features"):
        served.answered((Broken(plain.recipe, plain.members), served.FALLBACK, ""), panel, interval, LEVELS)
