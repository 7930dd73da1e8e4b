"""How the figures of the page were computed, in the planner's words. Pure."""

from pipelines.core.inventory import AT_RISK
from pipelines.core.text import count
from pipelines.render.formats import money, percent
from pipelines.report.facts import Comparison
from pipelines.report.tables import Tables
from pipelines.settings import Settings

_RISK = (
    "Probability, from the forecast's quantiles, that demand over lead time and review period exceeds what is on hand and due "
    f"in that time, if nothing is ordered. A SKU is at risk from {AT_RISK:.0%} on."
)
_LEVELS = {
    "policy": "from the forecast",
    "reorder_point": "the ERP's minimum and maximum",
    "safety_stock": "from the mean of the past, no forecast",
}


def notes(tables: Tables, settings: Settings, compared: Comparison | None) -> list[tuple[str, str]]:
    """The method notes.

    Args:
        tables: what the run left in the warehouse.
        settings: the configuration in force.
        compared: the replay's comparison, or None where there is none.

    Returns:
        (what, how), in reading order.
    """
    forecasters = _counted(tables, "methods", "method", "model_version")
    policies = _counted(tables, "policies", "policy", "level")
    bucket = settings.planning.grain
    return [
        ("As of", f"{tables.as_of}. Nothing recorded after the end of that day was read."),
        ("Forecast", f"{forecasters}. Quantiles of demand per {bucket}; versions are those of the model registry."),
        (
            "Policy",
            f"{policies}. On each review a stock that covers {_target(settings)} of the demand distribution over "
            "lead time and review period is restored, in economic lots.",
        ),
        ("Clock", _clock(settings)),
        ("Costs", _costs(settings)),
        ("Replay", _replay(compared, settings.planning.review_period_days)),
        ("Risk", _RISK),
        ("Seed", f"{settings.forecast.seed}. The same data and seed give this page again, byte for byte."),
    ]


def _counted(tables: Tables, frame: str, name: str, kind: str) -> str:
    rows = getattr(tables, frame).iter_rows(named=True)
    return (
        "; ".join(
            f"{row[name].replace('_', ' ')} ({_LEVELS.get(row[kind], row[kind])}): {count(row['skus'], 'SKU')}"
            for row in rows
        )
        or "None"
    )


def _target(settings: Settings) -> str:
    return f"{settings.costs.service_target * 100:g}%"


def _clock(settings: Settings) -> str:
    planning = settings.planning
    unmet = "lost" if planning.unmet_demand == "lost" else "backordered"
    return (
        f"Review every {count(planning.review_period_days, 'day')}; up to {planning.history_days} days of history "
        f"in buckets of a {planning.grain}. Receipts arrive before sales; unmet demand is {unmet}."
    )


def _costs(settings: Settings) -> str:
    costs = settings.costs
    return (
        f"Holding {percent(costs.holding_cost_rate, 0)} of the stock's value a year, {money(costs.ordering_cost, 2)} an order, "
        f"service target {_target(settings)}, unless the ERP names others; in "
        "the replay each line bears the cost of a whole order. "
        "A unit short costs its margin; for an item without a sale price, what the service target implies."
    )


def _replay(compared: Comparison | None, review_days: int) -> str:
    window = f"{compared.from_on} to {compared.until_on}, day by day. " if compared and compared.from_on else ""
    return (
        f"{window}Both policies start from the same stock and meet the same demand with the same lead times. "
        "The ERP's rule is its present minimum and maximum, checked every day. "
        f"Ours is reviewed every {count(review_days, 'day')}; each review sets its levels from the demand and lead times recorded by "
        "then (classical forecasts, not the champion's), so no later record enters it. Which textbook rule ours is was selected on the "
        "days before the past year, and accepted against the ERP's rule on days before those reported; if it was not, the ERP's "
        "rule is kept and counts as ours."
    )
