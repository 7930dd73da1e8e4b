"""The share of the SKUs that a challenger serves: their draw, and the arm of each forecast."""

from alembic import op

revision = "0030"
down_revision = "0029"

FORECASTS = (
    "plan.forecasts", "plan.lead_time_forecasts", "plan.period_forecasts", "plan.shadow_forecasts", "plan.shadow_lead_time_forecasts",
)  # fmt: skip

STATEMENTS: tuple[str, ...] = (
    # -- one row a challenger and SKU: below the share at work, its place lets the challenger serve it
    """create table ops.challenger_draws (
        challenger text not null, item_id text not null, location_id text not null, stratum text not null,
        place double precision not null check (place >= 0 and place <= 1), drawn_on date not null,
        primary key (challenger, location_id, item_id))""",
    # -- empty: no share was at work; of a shadow's row, the arm of the SKU
    *(
        f"alter table {table} add column arm text not null default '' check (arm in ('', 'champion', 'challenger'))"
        for table in FORECASTS
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.challenger_draws")
    for table in FORECASTS:
        op.execute(f"alter table {table} drop column arm")
