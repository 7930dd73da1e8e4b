"""The evaluation a user asks for: the training's own backtest on the marts, without registering anything."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.panel import CLASSES
from pipelines.forecast import evaluate, members, panels, training
from pipelines.io import warehouse


@dataclass(frozen=True)
class Evaluation:
    """Tables of an evaluation; every figure is of windows that the choice had not seen.

    Attributes:
        as_of: date of the marts.
        window: buckets that followed the origin.
        by_class: measures by demand class.
        by_abc: the same for the SKUs of each ABC class.
        by_horizon: measures of the path by week of the horizon.
        by_member: scaled pinball loss and coverage of each member used alone.
        reasons: class → why its method was chosen.
    """

    as_of: date
    window: int
    by_class: pl.DataFrame
    by_abc: pl.DataFrame
    by_horizon: pl.DataFrame
    by_member: pl.DataFrame
    reasons: dict[str, str]


def newest() -> date:
    """Date of the marts as they stand.

    Raises:
        StockproofError: there are none.
    """
    found = warehouse.read("select max(as_of) as as_of from marts.dim_sku")["as_of"][0]
    if found is None:
        raise StockproofError("marts.dim_sku is empty", "run `stockproof run daily` first")
    return date.fromisoformat(str(found))


def run(as_of: date) -> Evaluation:
    """Backtest the forecasters on the marts of a date.

    Args:
        as_of: the marts must have been built for it.

    Returns:
        The tables.

    Raises:
        StockproofError: no marts for the date, or a history too short for a window to judge on.
    """
    panel = panels.read(as_of, active_only=False)
    plan = training.Plan.configured()
    trained = training.fit(panel, panels.protection(panel), members.configured(), plan)
    told = trained.judged_on
    if told is None or not trained.scores:
        raise StockproofError(
            f"{panel.length} {panel.bucket}s of history allow no window to judge on",
            "load more history, or lower forecast.backtest_origins",
        )
    fewest, recipe = plan.fewest_known, trained.recipe_judged
    abc = panels.abc_classes(as_of)["abc_class"].fill_null("none").to_numpy()
    parts = []
    for name in sorted(set(abc.tolist())):
        rows = evaluate.scores(told, recipe, panel.demand, fewest, abc == name)
        if rows:
            parts.append(evaluate.table(rows).insert_column(0, pl.lit(name).alias("abc_class")))
    alone = {name: rows[-1] for name, rows in trained.members_scores.items()}
    by_member = pl.DataFrame({
        "member": [*alone, "hybrid"],
        "scaled_pinball": [*(row.scaled_pinball for row in alone.values()), trained.scores[-1].scaled_pinball],
        "coverage_95": [*(row.coverage_95 for row in alone.values()), trained.scores[-1].coverage_95],
        "rmsse": [*(row.rmsse for row in alone.values()), trained.scores[-1].rmsse],
    }).sort("scaled_pinball")  # fmt: skip
    return Evaluation(
        as_of, told.actual.shape[1], evaluate.table(trained.scores), pl.concat(parts),
        evaluate.by_horizon(told, recipe, panel.demand, fewest, panel.period), by_member,
        {row.demand_class: recipe.reasons[CLASSES.index(row.demand_class)] for row in trained.scores[:-1]},
    )  # fmt: skip
