"""What a forecaster is: a mean path per SKU, and predictive distributions per bucket and over the protection interval."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel

T = TypeVar("T")


def fitted(part: T | None) -> T:
    """A part that fitting fills.

    Args:
        part: the part, None before fitting.

    Returns:
        The part.

    Raises:
        StockproofError: nothing was fitted yet.
    """
    if part is None:
        raise StockproofError("a forecaster was asked before it was fitted", "call fit first")
    return part


@dataclass(frozen=True)
class Distribution:
    """Demand per bucket of the horizon.

    Attributes:
        levels: q probability levels, ascending.
        mean: [n, h] units.
        quantiles: [n, h, q] units.
    """

    levels: tuple[float, ...]
    mean: Array
    quantiles: Array


@dataclass(frozen=True)
class CumulativeDistribution:
    """Demand summed over the protection interval.

    Attributes:
        levels: q probability levels, ascending.
        mean: [n] units.
        std: [n] units.
        quantiles: [n, q] units.
    """

    levels: tuple[float, ...]
    mean: Array
    std: Array
    quantiles: Array


@dataclass(frozen=True)
class Interval:
    """Length of the protection interval (lead time + review) of each SKU, in buckets; may be fractional.

    Attributes:
        mean: [n] buckets, > 0.
        std: [n] buckets; 0 where the lead time is certain.
    """

    mean: Array
    std: Array


class Member(Protocol):
    """A point forecaster: the expected demand of each coming bucket."""

    @property
    def name(self) -> str:
        """Name in recipes and tables."""

    @property
    def joint(self) -> bool:
        """The path of a SKU depends on the other SKUs of the panel, which must hold the whole catalogue."""

    def fit(self, panel: Panel) -> "Member":
        """Learn what is shared by all SKUs. Members without parameters return themselves."""

    def path(self, panel: Panel, horizon: int) -> Array:
        """Expected demand.

        Args:
            panel: histories; may hold other SKUs than those fitted on.
            horizon: buckets ahead, h.

        Returns:
            [n, h] units, finite and ≥ 0.
        """

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, what drove the forecast: smoothing state, or the share of each feature for boosted models."""


@runtime_checkable
class Shaped(Protocol):
    """What a member may add: a distribution of its own, where a negative binomial around its path would not do."""

    def window_quantiles(self, panel: Panel, width: Array, levels: tuple[float, ...]) -> Array:
        """Quantiles of demand summed over the next buckets.

        Args:
            panel: histories.
            width: [n] buckets, > 0; may be fractional.
            levels: q probability levels, ascending.

        Returns:
            [n, q] units, ascending; NaN rows where the member cannot tell.
        """


class Storable(Protocol):
    """What a member must offer to be part of a stored model; :data:`models.store.folder.KINDS` names its class."""

    def state(self, folder: Path) -> dict[str, Any]:
        """JSON values that :meth:`restore` needs; large parts may be written into the folder."""

    @classmethod
    def restore(cls, state: dict[str, Any], folder: Path) -> "Storable":
        """The fitted member that :meth:`state` described."""


class Forecaster(Protocol):
    """A probabilistic forecaster."""

    @property
    def name(self) -> str:
        """Name in tables."""

    def fit(self, panel: Panel, interval: Interval) -> "Forecaster":
        """Learn from the histories; the interval is the width of the windows on which dispersion is learnt."""

    def predict(self, panel: Panel, horizon: int, levels: tuple[float, ...]) -> Distribution:
        """Distribution of demand in each of the next ``horizon`` buckets."""

    def predict_cumulative(self, panel: Panel, interval: Interval, levels: tuple[float, ...]) -> CumulativeDistribution:
        """Distribution of demand summed over the protection interval, its uncertain length mixed in."""

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, what drove the forecast."""
