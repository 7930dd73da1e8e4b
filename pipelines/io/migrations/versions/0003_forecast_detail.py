"""Detail of forecasts for planners: what drives them, the risk of a stockout, accuracy by segment."""

from alembic import op

revision = "0003"
down_revision = "0002"

PERIODS = """create table plan.period_forecasts (
        as_of date not null, item_id text not null, location_id text not null, period int not null, starts_on date not null,
        days int not null, mean double precision not null, std double precision not null,
        primary key (as_of, location_id, item_id, period))"""

# One row a SKU and as-of date: what a planner asks of a forecast.
DETAIL = """create table plan.forecast_detail (
        as_of date not null, item_id text not null, location_id text not null, method text not null, model_version text not null,
        reason text not null, demand_class text not null, protection_days int not null, mean double precision not null,
        confidence_level double precision not null, low double precision not null, high double precision not null,
        on_hand double precision not null, due double precision not null, inventory_position double precision not null,
        stockout_probability double precision not null check (stockout_probability between 0 and 1), drivers text not null,
        primary key (as_of, location_id, item_id), check (low <= high))"""

# One row a group of SKUs, horizon, origin and forecaster of an evaluation.
SCORES = """create table plan.forecast_scores (
        as_of date not null, forecaster text not null, origin date not null, demand_class text not null, abc_class text not null,
        horizon text not null, method text not null, skus int not null, scaled_pinball double precision, scaled_crps double precision,
        rmsse double precision, bias double precision, coverage_95 double precision, mae double precision, mape double precision,
        mape_undefined double precision, primary key (as_of, forecaster, origin, demand_class, abc_class, horizon))"""

STATEMENTS: tuple[str, ...] = (PERIODS, DETAIL, SCORES)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table if exists plan.forecast_scores, plan.forecast_detail, plan.period_forecasts")
