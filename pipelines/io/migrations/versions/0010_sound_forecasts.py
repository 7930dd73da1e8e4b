"""Forecasts that may be planned with: a SKU of which a row is in quarantine has none."""

from alembic import op

revision = "0010"
down_revision = "0009"

_TABLES = ("forecasts", "lead_time_forecasts", "period_forecasts")

_SET_ASIDE = f"""
create view plan.forecasts_set_aside as
select as_of, details ->> 'item_id' as item_id, details ->> 'location_id' as location_id,
    string_agg(distinct rule, ', ' order by rule) as rules
from quarantine.rows where table_name in ({", ".join(f"'{table}'" for table in _TABLES)})
group by 1, 2, 3
"""

_SOUND = """
create view plan.sound_{table} as
select f.* from plan.{table} f
where not exists (select 1 from plan.forecasts_set_aside a
    where a.as_of = f.as_of and a.item_id = f.item_id and a.location_id = f.location_id)
"""


def upgrade() -> None:
    op.execute(_SET_ASIDE)
    for table in ("lead_time_forecasts", "period_forecasts"):
        op.execute(_SOUND.format(table=table))


def downgrade() -> None:
    for view in ("sound_period_forecasts", "sound_lead_time_forecasts", "forecasts_set_aside"):
        op.execute(f"drop view plan.{view}")
