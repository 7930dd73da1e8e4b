"""Studies as jobs: the question, its author, progress in items and days, a heartbeat; rows by variant."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    """alter table ops.studies add name text not null default '', add tags text[] not null default '{}',
        add author text not null default '',
        add question jsonb not null default '{}', add started_at timestamptz,
        add stage text not null default '', add items_total int not null default 0, add days_total int not null default 0,
        add item_days_total bigint not null default 0""",
    # Chunks of a study run side by side: each has a row of its own, so that none waits for another's lock.
    """create table ops.study_chunks (
        simulation_id uuid not null references ops.studies on delete cascade, stage text not null, chunk int not null,
        done bigint not null, of bigint not null, heartbeat_at timestamptz, primary key (simulation_id, stage, chunk))""",
    """alter table plan.study_items add variant text not null default '', add stock_value_days double precision not null default 0,
        add demand_class text not null default 'none', add abc_class text not null default 'none',
        add unit_price double precision not null default 0, add lost_units_low double precision, add lost_units_high double precision""",
    "alter table plan.study_items drop constraint study_items_pkey",
    "alter table plan.study_items add primary key (simulation_id, variant, location_id, item_id, policy)",
    "alter table plan.study_days add variant text not null default '', add chunk int not null default 0",
    "alter table plan.study_days drop constraint study_days_pkey",
    "alter table plan.study_days add primary key (simulation_id, variant, policy, day, chunk)",
    """create table plan.study_forecasts (
        simulation_id uuid not null references ops.studies on delete cascade, item_id text not null, location_id text not null,
        periods int not null, horizon int not null, means bytea not null, primary key (simulation_id, location_id, item_id))""",
    """create table plan.study_failing (
        simulation_id uuid not null references ops.studies on delete cascade, item_id text not null, location_id text not null,
        kind text not null, stratum text not null, weight double precision not null, primary key (simulation_id, location_id, item_id))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table plan.study_failing, plan.study_forecasts, ops.study_chunks")
    op.execute("delete from ops.studies")
    for table, columns in {
        "plan.study_days": ("chunk", "variant"),
        "plan.study_items": ("lost_units_high", "lost_units_low", "unit_price", "abc_class", "demand_class", "stock_value_days", "variant"),
        "ops.studies": ("item_days_total", "days_total", "items_total", "stage", "started_at", "question",
                        "author", "tags", "name"),
    }.items():  # fmt: skip
        for column in columns:
            op.execute(f"alter table {table} drop column {column}")
    op.execute("alter table plan.study_items add primary key (simulation_id, location_id, item_id, policy)")
    op.execute("alter table plan.study_days add primary key (simulation_id, policy, day)")
