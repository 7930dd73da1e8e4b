"""Decisions on models, and the trace from a forecast to its model: version, fingerprint of the data, code."""

from alembic import op

revision = "0020"
down_revision = "0019"

TRACED = (
    "plan.forecasts",
    "plan.lead_time_forecasts",
    "plan.period_forecasts",
    "plan.policies",
    "plan.decisions",
    "plan.decision_log",
)
"""Tables whose rows name the model they come from; empty text in rows of earlier versions of the program."""

COLUMNS = ("model_version", "data_hash", "code_version")

STATEMENTS: tuple[str, ...] = (
    """create table ops.model_decisions (
        decision_id bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(),
        as_of date not null, bucket text not null, action text not null check (action in ('registered', 'promoted', 'kept',
        'rolled back', 'share')), model_version text not null, replaces text not null default '',
        author text not null check (author <> ''), reason text not null check (reason <> ''), comparison jsonb not null default '{}')""",
    """create trigger append_only before update or delete or truncate on ops.model_decisions
        for each statement execute function plan.refuse_change()""",
    *(
        f"alter table {table} "
        + ", ".join(f"add column if not exists {name} text not null default ''" for name in COLUMNS)
        for table in TRACED
    ),
)


_SOUND = """
create or replace view plan.sound_{table} as
select f.* from plan.{table} f
where not exists (select 1 from plan.forecasts_set_aside a
    where a.as_of = f.as_of and a.item_id = f.item_id and a.location_id = f.location_id)
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table in ("lead_time_forecasts", "period_forecasts"):
        op.execute(_SOUND.format(table=table))


def downgrade() -> None:
    op.execute("drop table ops.model_decisions")
    for table in ("lead_time_forecasts", "period_forecasts"):
        op.execute(f"drop view plan.sound_{table}")
    for table in TRACED:
        kept = ("model_version",) if table == "plan.lead_time_forecasts" else ()
        op.execute(f"alter table {table} " + ", ".join(f"drop column {name}" for name in COLUMNS if name not in kept))
    for table in ("lead_time_forecasts", "period_forecasts"):
        op.execute(_SOUND.format(table=table))
