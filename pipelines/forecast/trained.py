"""Outcome of a training, before it is registered."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.hybrid import Hybrid
from models.recipe import Recipe
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.scoring import Scores


@dataclass(frozen=True)
class Trained:
    """Outcome of a training, before it is registered.

    Attributes:
        model: fitted on everything up to the as-of date.
        recipe_judged: chosen on the earlier origins; the one that ``scores`` judges.
        scores: on the newest origin, which the choice had not seen; empty where the history allows one origin at most.
        members_scores: member → its scores there, for comparison.
        judged_on: the evidence of the newest origin.
        origins: history buckets known at each origin.
    """

    model: Hybrid
    recipe_judged: Recipe
    scores: list[Scores]
    members_scores: Mapping[str, list[Scores]]
    judged_on: Evidence | None
    origins: list[int]
