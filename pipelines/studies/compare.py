"""Studies beside each other: their figures, the differences with paired intervals, and what differed in the question. Pure."""

from typing import Any

import polars as pl

from pipelines.studies import figures
from pipelines.studies.figures import METRICS, Estimate
from pipelines.studies.sides import Sides, interval, plain


def questions(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Keys of the question that differ; name, tags and author are for people and do not count.

    >>> questions({"days": 30, "change": {"demand_factor": 1.0}}, {"days": 30, "change": {"demand_factor": 2.0}})
    [{'key': 'change.demand_factor', 'first': 1.0, 'second': 2.0}]
    """
    one, other = _flat(first), _flat(second)
    keys = [key for key in {**one, **other} if key.split(".")[0] not in ("name", "tags", "author")]
    return [
        {"key": key, "first": one.get(key), "second": other.get(key)} for key in keys if one.get(key) != other.get(key)
    ]


def _flat(value: Any, at: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {at: value}
    return {
        key: leaf for name, part in value.items() for key, leaf in _flat(part, f"{at}.{name}" if at else name).items()
    }


def differences(first: Sides, second: Sides) -> list[dict[str, Any]]:
    """Each metric of our policy in both studies and the second less the first, paired on the SKUs that both have.

    Args:
        first: of one study.
        second: of the other.

    Returns:
        ``metric, first, second, difference, low, high, relative, paired_items``.
    """
    ours, theirs = first.simulated, second.simulated
    one = ours.join(theirs, on=figures.KEY, how="semi", maintain_order="left")
    other = theirs.join(ours, on=figures.KEY, how="semi", maintain_order="left")
    paired = one.height and first.calendar == second.calendar
    rows = []
    for metric in METRICS:
        sides = [figures.side(part.simulated, metric, part.design(part.simulated)).value for part in (first, second)]
        change = figures.difference(other, one, metric, first.design(one)) if paired else _unpaired(sides)
        relative = change.value / sides[0] if change.value is not None and sides[0] else None
        rows.append(
            {
                "metric": metric.name,
                "first": plain(sides[0]),
                "second": plain(sides[1]),
                **interval(change, "difference"),
                "relative": plain(relative),
                "paired_items": one.height if paired else 0,
            }
        )
    return rows


def _unpaired(sides: list[float | None]) -> Estimate:
    if None in sides:
        return figures.NONE
    return Estimate(sides[1] - sides[0], None, None)  # type: ignore[operator]


def by_item(first: Sides, second: Sides, most: int = 20) -> list[dict[str, Any]]:
    """SKUs whose cost differs most between two studies."""
    columns = ["total_cost", "stockout_days", "stock_value_days"]
    both = first.simulated.select(*figures.KEY, *columns).join(
        second.simulated.select(*figures.KEY, *columns), on=figures.KEY, suffix="_second"
    )
    changed = both.with_columns((pl.col("total_cost_second") - pl.col("total_cost")).alias("difference"))
    return (
        changed.sort(pl.col("difference").abs(), descending=True)
        .filter(pl.col("difference") != 0)
        .head(most)
        .to_dicts()
    )
