"""Forecasts beside what came, shadow forecasts of the challenger, and alarms of drift."""

from alembic import op

from pipelines.core.quantiles import COLUMNS

revision = "0026"
down_revision = "0025"

_QUANTILES = ", ".join(f"{column} double precision not null" for column in COLUMNS)
_TRACE = "model_version text not null, data_hash text not null, code_version text not null"

STATEMENTS: tuple[str, ...] = (
    # -- what the version that does not serve would have forecast; columns as in plan.forecasts and plan.lead_time_forecasts
    f"""create table plan.shadow_forecasts (
        as_of date not null, item_id text not null, location_id text not null, horizon int not null, bucket_on date not null,
        mean double precision not null, {_QUANTILES}, {_TRACE}, primary key (as_of, location_id, item_id, horizon))""",
    f"""create table plan.shadow_lead_time_forecasts (
        as_of date not null, item_id text not null, location_id text not null, protection_days int not null, method text not null,
        reason text not null, mean double precision not null, std double precision not null, {_QUANTILES}, {_TRACE},
        primary key (as_of, location_id, item_id))""",
    # -- one row a run, version, horizon and cell of SKUs: sums over the windows that passed since the run before
    """create table plan.forecast_outcomes (
        scored_on date not null, model_version text not null, role text not null check (role in ('serving', 'shadow', 'simple')),
        horizon text not null, demand_class text not null, category text not null, abc_class text not null, windows int not null,
        pinball double precision not null, covered double precision not null, squared double precision not null,
        absolute double precision not null, percent double precision not null, percent_skus double precision not null,
        mean double precision not null, demand double precision not null,
        primary key (scored_on, model_version, role, horizon, demand_class, category, abc_class))""",
    # -- open until a training or a rollback after it; `stockproof alerts` and the desk read it
    """create table ops.drift_alarms (
        as_of date not null, kind text not null check (kind in ('score', 'input')), dimension text not null, segment text not null,
        model_version text not null, statistic double precision not null, threshold double precision not null,
        alpha_before double precision not null, alpha double precision not null, what text not null, remedy text not null,
        primary key (as_of, kind, dimension, segment))""",
)

TABLES = ("ops.drift_alarms", "plan.forecast_outcomes", "plan.shadow_lead_time_forecasts", "plan.shadow_forecasts")


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(f"drop table {', '.join(TABLES)}")
