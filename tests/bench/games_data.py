"""Weekly demand that games are played on: M5's sample, Online Retail, MAN."""

import os
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats

LEAD_WEEKS, WEEKS = 2, 8
DATA = Path(os.environ.get("STOCKPROOF_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))


@dataclass(frozen=True)
class Series:
    """Weekly demand.

    Attributes:
        demand: units, shape (N, W).
        starts: Monday-to-Sunday or not, the first day of each week.
        group: what shares a season, e.g. the department, shape (N,).
        place: where it is sold, shape (N,).
        lead: whole weeks between the close at which an order is placed and the start of the week it arrives in.
        closed: the shelf was empty at the week's end and what more was asked for is not in the books, shape (N, W); None: never.
    """

    demand: Floats
    starts: list[date]
    group: np.ndarray
    place: np.ndarray
    lead: int = LEAD_WEEKS
    closed: np.ndarray | None = None

    @property
    def weeks(self) -> int:
        """Weeks of a game: as many orders can arrive in it as with a lead time of two weeks."""
        return WEEKS + self.lead - LEAD_WEEKS

    def until(self, weeks: int) -> "Series":
        """What is known at the close of week ``weeks``."""
        closed = None if self.closed is None else self.closed[:, :weeks]
        return replace(self, demand=self.demand[:, :weeks], starts=self.starts[:weeks], closed=closed)


def m5(every: int = 50) -> Series:
    """Every 50th row of M5 in file order, sums of 7-day blocks that end on d_1941.

    Raises:
        StockproofError: the data are not there.
    """
    path = DATA / "m5" / "sales_d1_d1941.parquet"
    if not path.is_file():
        raise StockproofError(f"{path} is missing", "point STOCKPROOF_DATA at the folder that holds m5/")
    rows = pl.read_parquet(path)[::every]
    days = rows.select([f"d_{n}" for n in range(1, 1942)]).to_numpy().astype(float)
    weeks = days.shape[1] // 7
    demand = days[:, days.shape[1] - 7 * weeks :].reshape(rows.height, weeks, 7).sum(axis=2)
    last = date(2016, 5, 22)
    starts = [last - timedelta(days=7 * (weeks - n) - 1) for n in range(weeks)]
    return Series(demand, starts, rows["dept_id"].to_numpy(), rows["store_id"].to_numpy())


def panels_of(name: str) -> list[Series]:
    """A data set as games, one by lead time: M5's sample, Online Retail (two weeks), or MAN (its own lead times).

    Args:
        name: ``"m5"``, ``"online_retail"`` or ``"man"``.

    Returns:
        The series. Those of Online Retail and MAN share a season by price band.
    """
    from tests.bench import panels

    if name == "m5":
        return [m5()]
    panel, interval = panels.SETS[name]()
    demand, lead = np.nan_to_num(panel.demand), np.round(interval.mean - 1).astype(int)
    out = []
    for weeks in np.unique(lead):
        alike = lead == weeks
        out.append(Series(demand[alike], panel.starts(), panel.group[alike], panel.location_ids[alike], int(weeks)))
    return out
