"""What the steps of the runs report of themselves, for those who follow a run live; keyset paging of orders."""

from alembic import op

revision = "0022"
down_revision = "0021"

STATEMENTS: tuple[str, ...] = (
    """create table ops.run_events (
        event_id bigint generated always as identity primary key, run_id text not null, dag_id text not null, as_of date,
        step text not null default '', map_index int not null default -1, state text not null, author text not null default '',
        at timestamptz not null default clock_timestamp())""",
    "create index on ops.run_events (run_id, event_id)",
    "create index on orders.orders (as_of, order_value desc, order_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop index orders.orders_as_of_order_value_order_id_idx")
    op.execute("drop table ops.run_events")
