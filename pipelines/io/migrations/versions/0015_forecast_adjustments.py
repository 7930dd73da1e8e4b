"""What planners know beyond the history: adjustments of forecasts, and what they changed."""

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS: tuple[str, ...] = (
    # -- runs of dates before known_on do not see a row; a withdrawal is a row of its own
    """create table plan.forecast_adjustments (
        adjustment_id bigint generated always as identity primary key, known_on date not null, item_id text, category text,
        location_id text, from_on date, to_on date, factor double precision check (factor >= 0), units double precision,
        reason text not null check (reason <> ''), author text not null check (author <> ''),
        withdraws bigint references plan.forecast_adjustments, at timestamptz not null default clock_timestamp(),
        check (withdraws is not null or (from_on <= to_on and num_nonnulls(factor, units) = 1
            and num_nonnulls(item_id, category, location_id) > 0)))""",
    """create trigger append_only before update or delete or truncate on plan.forecast_adjustments
        for each statement execute function plan.refuse_change()""",
    """create table plan.adjusted_forecasts (
        as_of date not null, item_id text not null, location_id text not null, protection_days int not null,
        base_mean double precision not null, mean double precision not null, note text not null,
        primary key (as_of, location_id, item_id))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table plan.adjusted_forecasts")
    op.execute("drop table plan.forecast_adjustments")
