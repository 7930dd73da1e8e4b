"""How many rows the data rules have set aside or listed: each row once, however many rules it breaks."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.core.contract import BY_NAME
from pipelines.io import warehouse

# Rows of raw are identified by their number, for a key may occur twice; other rows by their key, for each rule numbers them again.
_ONCE: Final = """
select 'quarantined' as what, count(distinct (table_name, row_key, case when table_name = any(:numbered) then row_id end)) as number_of_rows
from quarantine.rows where as_of = :as_of and (:all or table_name = any(:tables))
union all
select 'review', count(distinct (table_name, row_key, case when table_name = any(:numbered) then row_id end))
from quarantine.review where as_of = :as_of and (:all or table_name = any(:tables))
"""


def counts(as_of: date, tables: Sequence[str] | None = None) -> dict[str, int]:
    """Rows that a date's gates found.

    Args:
        as_of: the run's date.
        tables: only rows of these; None: of all.

    Returns:
        ``quarantined``: rows set aside; ``review``: rows kept and listed.
    """
    with warehouse.transaction() as connection:
        parameters = {"as_of": as_of, "numbered": list(BY_NAME), "all": tables is None, "tables": list(tables or ())}
        found = connection.execute(sa.text(_ONCE), parameters).all()
    return {row.what: row.number_of_rows for row in found}
