"""All SQL of the governance of models."""

from datetime import date
from typing import Final

from pipelines.io import warehouse

READS: Final = ("plan.decisions", "marts.dim_sku")
WRITES: Final = ("ops.model_decisions",)


def newest_run() -> date | None:
    """Date of the newest run; None before the first."""
    there = warehouse.read("select to_regclass('marts.dim_sku') is not null as there")["there"][0]
    marts = "(select max(as_of) from marts.dim_sku)" if there else "null::date"
    found = warehouse.read(f"select greatest({marts}, (select max(as_of) from plan.lead_time_forecasts)) as day")[
        "day"
    ][0]
    return found if isinstance(found, date) else None
