"""Whether a new bundle takes the champion's place: both recipes, refitted on the same past, on windows that neither was chosen on."""

import json
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from models.interface import fitted
from models.recipe import Recipe
from models.store import folder as store
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.forecast import bundle, scoring
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.paired import FEWEST_WEEKS, Comparison, compare
from pipelines.forecast.scoring import Scores
from pipelines.forecast.trained import Trained
from pipelines.io import registry
from pipelines.io.registry_versions import Version


@dataclass(frozen=True)
class PromotionVerdict:
    """What came of a comparison.

    Attributes:
        promote: the new version serves from its date on.
        reason: why, one clause.
        against: label of the champion it was compared with; empty where there was none.
        comparison: of the weekly losses; None where nothing could be compared.
        champion: the champion's scores on lead-time demand.
        window: first and last day of the windows that judged, ISO; empty where none did.
    """

    promote: bool
    reason: str
    against: str = ""
    comparison: Comparison | None = None
    champion: Scores | None = None
    window: tuple[str, str] | tuple[()] = ()

    def tags(self) -> dict[str, str]:
        """Tags of the version that a later reader needs."""
        return {"compared_with": self.against, "comparison": json.dumps(self.facts())} if self.against else {}

    def facts(self) -> dict[str, object]:
        """Figures of the comparison, for tables and cards."""
        found: dict[str, object] = self.comparison.to_dict() if self.comparison else {}
        return found | ({"window": list(self.window)} if self.window else {})


def judge(trained: Trained, panel: Panel, as_of: date) -> PromotionVerdict:
    """Compare a training with the champion; a tie stays, and nothing is promoted without a comparison where there is one to compare with.

    A training of an earlier date than the champion's meets the one that had won by then: it can serve the dates between the two.

    Args:
        trained: the new bundle, judged.
        panel: histories.
        as_of: date of the training.
    """
    newest = registry.incumbent(panel.bucket)
    if newest is None:
        return PromotionVerdict(
            True, f"the first on buckets of a {panel.bucket}" if registry.versions() else "first version"
        )
    current = newest if newest.trained_as_of <= as_of else registry.serving(as_of, panel.bucket)
    if current is None:
        return PromotionVerdict(True, f"the first of its date; {newest.label} serves from {newest.trained_as_of} on")
    judged_before = _taken_back_since(as_of, panel.bucket)
    if judged_before:
        because = f"{judged_before} was promoted on these weeks or later ones and taken back"
        return PromotionVerdict(False, f"{because}; the champion {current.label} stays", current.label)
    try:
        recipe = _rival(current, panel, _seen_until(trained, panel))
    except StockproofError as fault:
        because = f"the champion {current.label} cannot be read or does not serve ({fault.message})"
        return PromotionVerdict(True, f"{because}: nothing to compare with")
    return _met(trained, panel, current.label, recipe)


def _met(trained: Trained, panel: Panel, label: str, recipe: Recipe) -> PromotionVerdict:
    """The verdict beside a champion whose recipe was read; it stays where the two cannot be compared."""
    if not trained.scores or trained.judged_on is None:
        return PromotionVerdict(False, f"too little history to compare with the champion {label}, which stays", label)
    if not set(recipe.members) <= set(trained.judged_on.means):
        missing = ", ".join(sorted(set(recipe.members) - set(trained.judged_on.means)))
        return PromotionVerdict(
            False,
            f"the champion {label} uses {missing}, which are no longer configured; it stays",
            label,
        )
    return against(trained, panel, label, recipe)


def against(trained: Trained, panel: Panel, label: str, theirs: Recipe) -> PromotionVerdict:
    """The verdict on a new recipe beside the champion's, from the evidence of the newest origin. Pure.

    Args:
        trained: the new bundle, with scores and evidence of the newest origin.
        panel: histories.
        label: the champion's.
        theirs: the champion's recipe.
    """
    chosen, judged = settings.load(), fitted(trained.judged_on)
    fewest, error_rate = chosen.forecast.min_training_data, chosen.governance.promotion_error
    champion = scoring.scores(judged, theirs, panel.demand, fewest)[-1]
    lead, other = trained.scores[-1].scaled_pinball, champion.scaled_pinball
    new, old = (weekly(judged, recipe, panel, fewest) for recipe in (trained.recipe_judged, theirs))
    found = compare(new, old, error_rate)
    first = panel.as_of - timedelta(days=(panel.length - judged.length) * DAYS_IN[panel.bucket] - 1)
    window = (first.isoformat(), panel.as_of.isoformat())
    if found is None:
        few = f"fewer than {FEWEST_WEEKS} weeks to compare with the champion {label}, which stays"
        return PromotionVerdict(False, few, label, None, champion, window)
    promote = found.better and lead <= other
    reason = words(found, promote, label, lead, other)
    return PromotionVerdict(promote, reason, label, found, champion, window)


def words(found: Comparison, promote: bool, label: str, lead: float, other: float) -> str:
    """The verdict as one clause."""
    share, (low, high) = found.difference / found.mean_old, (found.low / found.mean_old, found.high / found.mean_old)
    figures = (
        f"weekly scaled pinball loss {found.mean_new:.4f} against the champion {label}'s {found.mean_old:.4f} "
        f"({share:+.1%}, {low:+.1%} to {high:+.1%}, {found.skus} SKUs, {found.weeks} weeks, error rate {found.error_rate:.0%})"
    )
    if promote:
        return f"{figures}: better"
    if found.better:
        return f"{figures}: better by the week, but not over the lead time ({lead:.4f} against {other:.4f}); the champion stays"
    return f"{figures}: not proven better; the champion stays"


def weekly(judged: Evidence, recipe: Recipe, panel: Panel, fewest: int) -> Array:
    """[n, w] scaled pinball loss of each SKU and week after an origin; NaN where not scored."""
    weeks = scoring.per_week(judged, recipe, panel.demand, fewest, panel.period)
    if not weeks:
        return np.full((panel.skus, 0), np.nan)
    return np.stack([np.where(week.usable, week.values["scaled_pinball"], np.nan) for week in weeks], axis=1)


def _rival(current: Version, panel: Panel, seen_until: date) -> Recipe:
    """The champion's recipe; an error where it is not to be read, or was trained on other books than these."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = registry.fetch(current, Path(scratch))
        loaded = bundle.load(folder)
        refused = bundle.refusal(current.label, dict(current.tags), loaded, panel, current.trained_as_of)
        if refused:
            raise StockproofError(refused, "")
        # A champion younger than the origin was chosen on days of the window that now judges.
        return loaded.model.recipe if current.trained_as_of <= seen_until else store.judged(folder)


def _taken_back_since(as_of: date, bucket: str) -> str:
    """Label of a version that won on windows that end on a date or later and was taken back; empty where there is none.

    What came after its promotion spoke against it: the windows that spoke for it decide no second time.
    """
    spent = [
        v
        for v in registry.versions()
        if v.role == registry.ROLLED_BACK and v.forecasts(bucket) and v.trained_as_of >= as_of
    ]
    return spent[0].label if spent else ""


def _seen_until(trained: Trained, panel: Panel) -> date:
    """Last day that the new recipe was chosen on."""
    length = panel.length if trained.judged_on is None else trained.judged_on.length
    return panel.as_of - timedelta(days=(panel.length - length) * DAYS_IN[panel.bucket])
