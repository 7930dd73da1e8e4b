"""What the boosters minimise: a mean (Tweedie, Poisson), a quantile (pinball), or the squared error weighted 3:1 against shortage.

All work on a raw score f that is the logarithm of the forecast, so that the base's logarithm can be its starting value. A quantile
commutes with the logarithm: pinball loss on log demand has the same minimum, so the libraries' built-in one serves. The squared
3:1 loss is a custom objective; it fits an expectile, not a quantile (Newey & Powell 1987, Econometrica 55).
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from pipelines.core.panel import Array

Objective = Literal["tweedie", "poisson", "quantile", "asymmetric"]

FLOOR: Final = 0.05
"""Demand below this share of the base is read as the share where its logarithm is taken: zero has none."""

LIKE_CUSTOM: Final = ("quantile", "asymmetric")
"""Objectives that do not forecast the mean."""


def label(objective: str, demand: Array, offset: Array) -> Array:
    """What a booster is given to hit.

    Args:
        objective: one of :data:`Objective`.
        demand: [r] units.
        offset: [r] log of the base.

    Returns:
        [r] units, or their logarithms for the quantile.
    """
    if objective != "quantile":
        return demand
    return np.asarray(np.log(np.maximum(demand, FLOOR * np.exp(offset))))


def level(ratio: float) -> float:
    """Probability level whose quantile minimises a cost of shortage ``ratio`` times that of surplus (newsvendor).

    >>> level(3.0)
    0.75
    """
    return ratio / (1.0 + ratio)


def gradients(score: Array, demand: Array, weight: Array, ratio: float) -> tuple[Array, Array]:
    """First and second derivative of w·(y - e^f)²·r in f, r = ``ratio`` where y > e^f and 1 elsewhere.

    Divided by e^f once, so that large SKUs do not drown the others; the second derivative is Gauss-Newton's, never negative.

    Args:
        score: [r] f.
        demand: [r] y, units.
        weight: [r] w.
        ratio: cost of a unit short over a unit left over.

    Returns:
        ([r] gradient, [r] hessian).
    """
    forecast = np.exp(np.clip(score, -20.0, 25.0))
    side = np.where(demand > forecast, ratio, 1.0) * weight
    return -2.0 * side * (demand - forecast), 2.0 * side * forecast + 1e-9


def lightgbm(objective: str, tweedie: float, ratio: float) -> dict[str, Any]:
    """LightGBM's parameters for an objective; arguments as in :class:`models.members.boosted.Booster`."""
    if objective == "asymmetric":

        def custom(score: Array, data: Any) -> tuple[Array, Array]:
            return gradients(np.asarray(score), data.get_label(), _weights(data), ratio)

        return {"objective": custom}
    if objective == "quantile":
        return {"objective": "quantile", "alpha": level(ratio)}
    if objective == "poisson":
        return {"objective": "poisson"}
    return {"objective": "tweedie", "tweedie_variance_power": tweedie}


def xgboost(objective: str, tweedie: float, ratio: float) -> tuple[dict[str, Any], Callable[..., Any] | None]:
    """(XGBoost's parameters, its custom objective or None); arguments as in :class:`models.members.boosted.Booster`."""
    if objective == "asymmetric":

        def custom(score: Array, data: Any) -> tuple[Array, Array]:
            return gradients(np.asarray(score, dtype=float).reshape(-1), data.get_label(), _weights(data), ratio)

        return {"base_score": 0.0}, custom
    if objective == "quantile":
        return {"objective": "reg:quantileerror", "quantile_alpha": level(ratio), "base_score": 0.0}, None
    if objective == "poisson":
        return {"objective": "count:poisson", "base_score": 1.0}, None
    return {"objective": "reg:tweedie", "tweedie_variance_power": tweedie, "base_score": 1.0}, None


def _weights(data: Any) -> Array:
    weight = data.get_weight()
    return np.ones(len(data.get_label())) if weight is None or len(weight) == 0 else np.asarray(weight)
