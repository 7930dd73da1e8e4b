"""Checks before a run: is everything there that the run will need, and is the ERP's data fresh?"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.extract import profiles, reader, source
from pipelines.extract.profiles import Profile
from pipelines.io import erp, warehouse

LONGEST_MONTH: Final = 31
"""Days."""


def check(as_of: date, items: Sequence[str] = ()) -> dict[str, int | str]:
    """Verify the ERP (reachable, user and password, tables, columns, fresh sales) and the warehouse (reachable, migrated).

    Args:
        as_of: the run's as-of date.
        items: item_ids the run is asked for alone; each must be one of the ERP's. Empty: all.

    Returns:
        Facts for the log: ``tables`` the ERP yields, ``profile``, ``newest_sale`` recorded up to the as-of date.

    Raises:
        StockproofError: the first thing that would stop the run, with its remedy.
    """
    with erp.transaction() as connection:
        connection.execute(sa.text("select 1"))
    profile = profiles.load(as_of)
    with warehouse.transaction() as connection:
        if connection.execute(sa.text("select to_regclass('ops.watermarks')")).scalar() is None:
            raise StockproofError(
                "the warehouse has no tables of ours yet",
                "`stockproof up` makes them (or `warehouse.migrate()` from Python)",
            )
    listed = profile.sources["items"]
    if items and listed is not None:
        known = reader.distinct(listed, "item_id")
        refuse_unknown(items, known, f"the ERP's {listed.origin}", "name item_ids as the ERP writes them")
    newest = check_sales(profile, as_of)
    source.claim()
    return {
        "tables": sum(one is not None for one in profile.sources.values()),
        "profile": profile.name,
        "newest_sale": newest.isoformat(),
    }


def check_sales(profile: Profile, as_of: date) -> date:
    """Verify that the ERP recorded sales up to the as-of date, and recent ones.

    Args:
        profile: a checked source profile.
        as_of: the run's as-of date.

    Returns:
        Day of the newest sale up to the as-of date.

    Raises:
        StockproofError: no sale at all, none up to the as-of date, or none in the last ``erp.max_staleness_days`` days.
    """
    sales = profile.sources["sales"]
    if sales is None:
        raise StockproofError("the ERP yields no sales", "`stockproof erp check` lists what is usable")
    config = settings.load()
    staleness = config.erp.max_staleness_days
    if config.planning.bucket == "month":
        staleness += LONGEST_MONTH  # a month's total may be dated by its first day
    oldest_fresh = as_of - timedelta(days=staleness)
    known = f"{reader.recorded_by(as_of)} AND t.sold_on <= '{as_of}'"
    # A fresh sale was recorded lately: this finds it through the index on updated_at and spares the scan below.
    lately = f"{known} AND t.updated_at >= '{oldest_fresh}' AND t.sold_on >= '{oldest_fresh}'"
    newest = _day(reader.first(sales, "MAX(t.sold_on)", lately, datetime.combine(oldest_fresh, time.min)))
    if newest is None:
        newest = _day(reader.first(sales, "MAX(t.sold_on)", known))
    if newest is None:
        raise _no_sale(
            _day(reader.first(sales, "MIN(t.sold_on)")), _day(reader.first(sales, "MIN(t.updated_at)")), as_of
        )
    if newest < oldest_fresh:
        raise StockproofError(
            f"sales are stale: the newest one recorded up to {as_of} is of {newest}, {(as_of - newest).days} days before "
            f"({staleness} are allowed: erp.max_staleness_days)",
            f"bring the ERP up to date, run for {newest} or soon after, or raise erp.max_staleness_days",
        )
    return newest


def _no_sale(first_sale: date | None, first_recorded: date | None, as_of: date) -> StockproofError:
    if first_sale is None:
        return StockproofError(
            "the ERP holds no sale at all", "load sales (`stockproof erp load DIR`), or check the profile's sales.sql"
        )
    if first_sale > as_of:
        return StockproofError(
            f"no sale recorded up to {as_of}; the first sale is of {first_sale}",
            f"choose an as-of date from {first_sale} on",
        )
    return StockproofError(
        f"no sale recorded up to {as_of}: sales go back to {first_sale}, but all were recorded (updated_at) from {first_recorded} on",
        "a run reads nothing recorded after its as-of date: choose a later one, or load the history with the updated_at it really had",
    )


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value)[:10])
