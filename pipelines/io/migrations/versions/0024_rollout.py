"""Rollout: the draw, the stages as they were decided, what the rules saw, and whose quantity each line carries."""

from alembic import op

revision = "0024"
down_revision = "0023"

STATEMENTS: tuple[str, ...] = (
    # -- the newest row of a group up to a date is its stage of that date
    """create table ops.rollout_log (
        change_id bigint generated always as identity primary key, as_of date not null, group_name text not null, event text not null,
        stage text not null, held boolean not null, author text not null, reason text not null, details jsonb not null default '{}',
        at timestamptz not null default clock_timestamp())""",
    """create trigger append_only before update or delete or truncate on ops.rollout_log
        for each statement execute function plan.refuse_change()""",
    # -- a SKU's place in the draw, 0 to 1: below a stage's control share it stays with the incumbent
    """create table ops.rollout_draws (
        item_id text not null, location_id text not null, group_name text not null, stratum text not null,
        place double precision not null check (place >= 0 and place < 1), drawn_on date not null, primary key (location_id, item_id))""",
    """create table plan.rollout_checks (
        as_of date not null, group_name text not null, stage text not null, since date not null, held boolean not null,
        verdict text not null, reason text not null, figures jsonb not null, primary key (as_of, group_name))""",
    """create table plan.rollout_assignments (
        as_of date not null, item_id text not null, location_id text not null, group_name text not null, stage text not null,
        arm text not null check (arm in ('ours', 'control', 'outside')), primary key (as_of, location_id, item_id))""",
    """create table plan.rollout_lines (
        as_of date not null, item_id text not null, location_id text not null, stage text not null, arm text not null,
        carried_by text not null, quantity double precision not null, our_quantity double precision not null,
        primary key (as_of, location_id, item_id))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "drop table plan.rollout_lines, plan.rollout_assignments, plan.rollout_checks, ops.rollout_draws, ops.rollout_log"
    )
