"""The advisor: what each call reserved and cost, and what was advised."""

from alembic import op

revision = "0025"
down_revision = "0024"

STATEMENTS: tuple[str, ...] = (
    """create table ops.advisor_calls (
        call_id bigint generated always as identity primary key, month text not null, as_of date not null, item_id text not null,
        location_id text not null, input_hash text not null, reserved double precision not null, cost double precision,
        tokens_in int not null default 0, tokens_out int not null default 0, fault text not null default '',
        at timestamptz not null default clock_timestamp())""",
    "create index on ops.advisor_calls (month)",
    """create table ops.advice (
        input_hash text primary key, as_of date not null, item_id text not null, location_id text not null, order_id text not null,
        line_no int not null, proposed_quantity double precision not null, model text not null, verdict text not null,
        quantity double precision, reasoning text not null, refused text not null, at timestamptz not null default clock_timestamp())""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.advice, ops.advisor_calls")
