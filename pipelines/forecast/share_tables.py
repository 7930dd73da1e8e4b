"""The draw of the SKUs that a challenger serves: read, and completed by those that are new."""

from datetime import date
from typing import Final

import polars as pl

from pipelines.core.draw import KEY, places
from pipelines.io import warehouse

READS: Final = ("ops.challenger_draws", "marts.dim_sku")
WRITES: Final = ("ops.challenger_draws",)

_SKUS = """
select item_id, location_id, coalesce(demand_class, 'no_demand') || ' ' || coalesce(abc_class, '-') as stratum
from marts.dim_sku where as_of = :as_of and is_active
"""

_HELD = "select item_id, location_id, stratum, place from ops.challenger_draws where challenger = :challenger"


def drawn(as_of: date, challenger: str) -> pl.DataFrame:
    """Key and ``place`` of every active SKU; those that have none yet are drawn and kept.

    Args:
        as_of: the run's date; the marts hold it.
        challenger: label.
    """
    held = warehouse.read(_HELD, challenger=challenger)
    fresh = places(warehouse.read(_SKUS, as_of=as_of), challenger, held)
    if fresh.height:
        rows = fresh.with_columns(challenger=pl.lit(challenger), drawn_on=pl.lit(as_of))
        warehouse.replace("ops.challenger_draws", rows, {"challenger": challenger}, also=KEY)
    return pl.concat([held.select(*KEY, "place"), fresh.select(*KEY, "place")], how="vertical_relaxed")
