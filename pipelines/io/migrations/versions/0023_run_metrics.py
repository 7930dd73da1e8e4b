"""What runs measured: steps, slow queries, metrics, logs, and the columns that the ERP had."""

from alembic import op

revision = "0023"
down_revision = "0022"

STATEMENTS: tuple[str, ...] = (
    # -- one row a step of a run (a chunk of a mapped one); memory of its process and of those it started
    """create table ops.run_steps (
        dag_id text not null, run_id text not null, step text not null, chunk int not null, as_of date, state text not null,
        started_at timestamptz not null, seconds double precision not null, peak_memory_bytes bigint not null,
        primary key (dag_id, run_id, step, chunk))""",
    "create index on ops.run_steps (started_at)",
    """create table ops.run_queries (
        dag_id text not null, run_id text not null, step text not null, query text not null, seconds double precision not null,
        calls int not null, primary key (dag_id, run_id, step, query))""",
    """create table ops.metrics (
        as_of date not null, metric text not null, labels jsonb not null default '{}', value double precision not null,
        measured_at timestamptz not null default clock_timestamp(), primary key (as_of, metric, labels))""",
    """create table ops.logs (
        log_id bigint generated always as identity primary key, at timestamptz not null, level text not null, event text not null,
        dag_id text not null default '', run_id text not null default '', step text not null default '', as_of date,
        item_id text not null default '', location_id text not null default '', fields jsonb not null default '{}')""",
    "create index on ops.logs (at)",
    "create index on ops.logs (run_id)",
    "create index on ops.logs (item_id) where item_id <> ''",
    "create table ops.erp_columns (table_name text primary key, columns text[] not null, seen_at timestamptz not null)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.erp_columns, ops.logs, ops.metrics, ops.run_queries, ops.run_steps")
