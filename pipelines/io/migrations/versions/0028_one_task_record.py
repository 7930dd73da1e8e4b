"""One record of the tasks: ops.run_events holds time and memory, too, and ops.run_steps becomes its view of the steps that ended."""

from alembic import op

revision = "0028"
down_revision = "0027"

COLUMNS = "dag_id, run_id, step, chunk, as_of, state, started_at, seconds, peak_memory_bytes"

STATEMENTS: tuple[str, ...] = (
    """alter table ops.run_events add column started_at timestamptz, add column seconds double precision,
        add column peak_memory_bytes bigint""",
    """update ops.run_events e set started_at = s.started_at, seconds = s.seconds, peak_memory_bytes = s.peak_memory_bytes
        from ops.run_steps s
        where s.dag_id = e.dag_id and s.run_id = e.run_id and s.step = e.step and s.chunk = e.map_index and s.state = e.state""",
    """insert into ops.run_events (run_id, dag_id, as_of, step, map_index, state, at, started_at, seconds, peak_memory_bytes)
        select run_id, dag_id, as_of, step, chunk, state, started_at + seconds * interval '1 second', started_at, seconds, peak_memory_bytes
        from ops.run_steps s
        where not exists (select 1 from ops.run_events e where e.dag_id = s.dag_id and e.run_id = s.run_id and e.step = s.step
            and e.map_index = s.chunk and e.state = s.state) order by started_at""",
    "drop table ops.run_steps",
    """create view ops.run_steps as
        select distinct on (dag_id, run_id, step, map_index) dag_id, run_id, step, map_index as chunk, as_of, state, started_at, seconds,
            peak_memory_bytes
        from ops.run_events where seconds is not null order by dag_id, run_id, step, map_index, event_id desc""",
    "create index on ops.run_events (at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter view ops.run_steps rename to run_steps_view")
    op.execute("""create table ops.run_steps (
        dag_id text not null, run_id text not null, step text not null, chunk int not null, as_of date, state text not null,
        started_at timestamptz not null, seconds double precision not null, peak_memory_bytes bigint not null,
        primary key (dag_id, run_id, step, chunk))""")
    op.execute("create index on ops.run_steps (started_at)")
    op.execute(f"insert into ops.run_steps ({COLUMNS}) select {COLUMNS} from ops.run_steps_view")
    op.execute("drop view ops.run_steps_view")
    op.execute("drop index ops.run_events_at_idx")
    op.execute("alter table ops.run_events drop column started_at, drop column seconds, drop column peak_memory_bytes")
