"""What people note at the desk: exceptions assigned, snoozed and done, notes, saved filters."""

from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS: tuple[str, ...] = (
    "create schema desk",
    # -- subject: 'exception:<kind>:<item>@<location>', 'order:<number>', 'sku:<item>@<location>' or 'vendor:<supplier>'
    """create table desk.events (
        event_id bigint generated always as identity primary key, subject text not null,
        event text not null check (event in ('assigned', 'snoozed', 'done', 'reopened', 'note')),
        author text not null check (author <> ''), assignee text not null default '', until date, text text not null default '',
        at timestamptz not null default clock_timestamp())""",
    "create index on desk.events (subject, event_id)",
    """create trigger append_only before update or delete or truncate on desk.events
        for each statement execute function plan.refuse_change()""",
    """create table desk.views (
        user_name text not null, page text not null, name text not null, query text not null, at timestamptz not null default now(),
        primary key (user_name, page, name))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop schema desk cascade")
