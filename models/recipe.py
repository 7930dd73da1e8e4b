"""What a backtest decided: which member or mix forecasts which SKUs, per demand class and, where that paid, per volume within it."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from models.distribution import blend
from models.distribution.blend import Blend
from models.distribution.calibration import Calibration
from pipelines.core.panel import CLASSES, Array, Panel, known_sums

VOLUMES: Final = ("high", "medium", "low")
"""Volume bins: the fifth of the SKUs with the greatest mean demand, the next three tenths, the rest."""

VOLUME_SHARES: Final = (0.8, 0.5)


@dataclass(frozen=True)
class Segments:
    """Choices per demand class × volume, class by class (segment = 3 × class + volume).

    Attributes:
        cuts: [2] units per bucket: from the first on a SKU is of high volume, from the second of medium.
        weights: [15, m] ≥ 0.
        methods: [15] names.
        reasons: [15] why, for people.
    """

    cuts: tuple[float, float]
    weights: Array
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """What the backtest decided, per demand class (in the order of CLASSES).

    Attributes:
        members: m names.
        weights: [5, m] ≥ 0.
        methods: [5] name of the method, a member's or ``"stack"``.
        reasons: [5] why, for people.
        window: recalibration of demand over the protection interval.
        bucket: recalibration of demand per bucket.
        segments: finer choices; None: the class alone decides.
        blend: where the learnt quantiles enter the window's distribution.
    """

    members: tuple[str, ...]
    weights: Array
    methods: tuple[str, ...]
    reasons: tuple[str, ...]
    window: Calibration
    bucket: Calibration
    segments: Segments | None = None
    blend: Blend = field(default_factory=blend.nothing)

    def rows(self, code: Array, rate: Array) -> tuple[Array, Array, Array]:
        """Choice for each SKU.

        Args:
            code: [n] class codes.
            rate: [n] mean demand per known bucket, units.

        Returns:
            ([n, m] weights, [n] methods, [n] reasons).
        """
        if self.segments is None:
            at, found = code, (self.weights, self.methods, self.reasons)
        else:
            at = segment_codes(code, rate, self.segments.cuts)
            found = (self.segments.weights, self.segments.methods, self.segments.reasons)
        weights, methods, reasons = found
        return weights[at].copy(), np.array(methods, dtype=object)[at], np.array(reasons, dtype=object)[at]

    def used(self) -> set[str]:
        """Names of the members with a weight anywhere, or with a part in a distribution."""
        weights = self.weights if self.segments is None else self.segments.weights
        mixed = {blend.MEMBER} if self.blend.share.any() else set()
        return {name for j, name in enumerate(self.members) if weights[:, j].any()} | mixed


def segment_codes(code: Array, rate: Array, cuts: tuple[float, float]) -> Array:
    """[n] 0 … 14: 3 × class + volume bin.

    >>> segment_codes(np.array([0, 2, 2]), np.array([9.0, 9.0, 0.1]), (5.0, 1.0)).tolist()
    [0, 6, 8]
    """
    volume = np.where(rate >= cuts[0], 0, np.where(rate >= cuts[1], 1, 2))
    return np.asarray(len(VOLUMES) * code + volume)


def volume_cuts(rate: Array) -> tuple[float, float]:
    """Units per bucket at which a SKU is of high and of medium volume, among SKUs with demand [n]."""
    some = rate[rate > 0]
    if some.size == 0:
        return (1.0, 1.0)
    high, medium = np.quantile(some, VOLUME_SHARES)
    return (float(high), float(medium))


def mean_rates(panel: Panel) -> Array:
    """[n] mean demand per known bucket, units; 0 where nothing is known."""
    total, known = known_sums(panel.demand)
    return np.asarray(total / np.maximum(known, 1))


def segment_names() -> list[str]:
    """Names of the segments in words, in the order of their codes."""
    return [f"{name} demand, {volume} volume" for name in CLASSES for volume in VOLUMES]


def to_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON values."""
    data: dict[str, Any] = {
        "members": recipe.members,
        "weights": recipe.weights.tolist(),
        "methods": recipe.methods,
        "reasons": recipe.reasons,
        "window": _calibration_to_json(recipe.window),
        "bucket": _calibration_to_json(recipe.bucket),
        "segments": None,
        "blend": blend.to_json(recipe.blend),
    }
    if (fine := recipe.segments) is not None:
        data["segments"] = {
            "cuts": fine.cuts,
            "names": segment_names(),
            "weights": fine.weights.tolist(),
            "methods": fine.methods,
            "reasons": fine.reasons,
        }
    return data


def from_json(data: dict[str, Any]) -> Recipe:
    """The recipe that :func:`to_json` wrote."""
    window, bucket = (
        Calibration(np.array(data[name]["scale"]), np.array(data[name]["curve"])) for name in ("window", "bucket")
    )
    fine, segments = data.get("segments"), None
    if fine is not None:
        cuts = (float(fine["cuts"][0]), float(fine["cuts"][1]))
        segments = Segments(cuts, np.array(fine["weights"]), tuple(fine["methods"]), tuple(fine["reasons"]))
    return Recipe(
        tuple(data["members"]),
        np.array(data["weights"]),
        tuple(data["methods"]),
        tuple(data["reasons"]),
        window,
        bucket,
        segments,
        blend.from_json(data["blend"]),
    )


def _calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    return {"scale": calibration.scale.tolist(), "curve": calibration.curve.tolist()}
