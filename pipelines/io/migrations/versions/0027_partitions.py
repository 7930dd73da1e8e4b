"""Forecasts and replay candidates partitioned by the month of their run."""

from alembic import op
from sqlalchemy import text

revision = "0027"
down_revision = "0026"

TABLES = ("forecasts", "candidates")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table plan.{table} rename to {table}_whole")
        op.execute(f"create table plan.{table} (like plan.{table}_whole including all) partition by range (as_of)")
        months = op.get_bind().execute(
            text(f"select distinct cast(date_trunc('month', as_of) as date) from plan.{table}_whole")
        )
        for (month,) in months.all():
            op.execute(
                f"create table plan.{table}_{month:%Y_%m} partition of plan.{table}"
                f" for values from ('{month}') to (cast(date '{month}' + interval '1 month' as date))"
            )
        op.execute(f"insert into plan.{table} select * from plan.{table}_whole")
        op.execute(f"drop table plan.{table}_whole")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table plan.{table} rename to {table}_parted")
        op.execute(f"create table plan.{table} (like plan.{table}_parted including all)")
        op.execute(f"insert into plan.{table} select * from plan.{table}_parted")
        op.execute(f"drop table plan.{table}_parted cascade")
