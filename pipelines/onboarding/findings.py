"""What ``stockproof erp check`` is made of: a sentence with a verdict, and the ERP's rows as a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import sqlalchemy as sa

from pipelines.extract.profiles import Profile
from pipelines.io import erp

Verdict = Literal["usable", "usable without", "not usable"]

SHOWN: Final = 5
"""Names in a sentence."""


@dataclass(frozen=True)
class Finding:
    """One sentence on a part of the data: whether planning can use it."""

    part: str
    verdict: Verdict
    sentence: str


def rows(query: str) -> pl.DataFrame:
    """The rows of a SELECT on the ERP.

    Raises:
        StockproofError: the ERP refused it, named with its own words, or gave no answer.
    """
    with erp.transaction() as connection:
        try:
            result = connection.execution_options(no_parameters=True).exec_driver_sql(query)
        except sa.exc.DBAPIError as fault:
            if erp.timed_out(fault):
                raise
            raise erp.refused(fault.orig) from None
        return pl.DataFrame(
            [tuple(row) for row in result], schema=list(result.keys()), orient="row", infer_schema_length=None
        )


def named(ids: Sequence[str]) -> str:
    """The first :data:`SHOWN` of some names, for a sentence.

    >>> named(["A", "B"]), named(list("ABCDEF"))
    ('A, B', 'A, B, C, D, E …')
    """
    return ", ".join(ids[:SHOWN]) + (" …" if len(ids) > SHOWN else "")


def share(part: int, whole: int) -> str:
    """A share in words that never rounds to all or nothing.

    >>> share(1999, 2000)
    '99.95 %'
    """
    percent = 100 * part / whole
    if part in (0, whole) or 1 <= percent <= 99:
        return f"{percent:.0f} %"
    return f"{percent:.2g} %" if percent < 1 else f"{percent:.4g} %"


def items_of(profile: Profile, name: str, condition: str = "1 = 1", column: str = "item_id") -> set[str]:
    """Distinct values of a column of a table's rows that meet a condition, by default its items; none where the table is not there."""
    source = profile.sources[name]
    if source is None:
        return set()
    found = rows(
        f"select min({column}) as one from (\n{source.query}\n) t where {condition} group by {erp.exactly(column)}"
    ).to_series(0)
    return set(found.drop_nulls().to_list())


def day_of(column: str) -> str:
    """SQL of a day as extraction reads it: MySQL's zero dates are none, nor are 2026-05-00 and 2026-02-30."""
    return (
        f"case when {column} >= '0001-01-01' then {column} end"
        if erp.is_sqlite()
        else f"cast({column} as date) + interval 0 day"
    )
