"""Small catalogues for the tests of models and stage."""

from datetime import date

import numpy as np

from pipelines.core.calendar import Bucket
from pipelines.core.panel import Panel, classify

AS_OF = date(2026, 6, 28)


def catalogue(
    skus: int = 60, length: int = 200, seed: int = 0, bucket: Bucket = "day", future: int = 0
) -> tuple[Panel, np.ndarray]:
    """A panel of compound Poisson demand with a weekly shape, and the [n, future] demand that followed."""
    random = np.random.default_rng(seed)
    rate = np.exp(random.normal(-0.7, 1.2, skus))
    shape = (
        1 + 0.4 * np.sin(np.arange(length + future) * 2 * np.pi / 7) if bucket == "day" else np.ones(length + future)
    )
    demand = random.poisson(rate[:, None] * shape) * random.integers(1, 4, (skus, length + future)).astype(float)
    return make(demand[:, :length], bucket), demand[:, length:]


def make(demand: np.ndarray, bucket: Bucket = "day") -> Panel:
    """A panel of given demand; NaN is unknown."""
    demand = np.asarray(demand, dtype=float)
    n = demand.shape[0]
    return Panel(
        item_ids=np.array([f"I{i:04d}" for i in range(n)]), location_ids=np.array(["WH"] * n), bucket=bucket, as_of=AS_OF, demand=demand,
        alive=np.isfinite(demand), censored=np.zeros(demand.shape, dtype=bool), demand_class=classify(demand), group=np.arange(n) % 4,
        statics={"price": np.linspace(1, 9, n)}, lead_time_mean=np.full(n, 7.0), lead_time_std=np.zeros(n),
    )  # fmt: skip
