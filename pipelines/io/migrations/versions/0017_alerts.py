"""Alerts and what people did with them."""

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS: tuple[str, ...] = (
    # -- one row an alert: a rule and what it is of; open until recovered_at. notified_at is empty until a message went out
    """create table ops.alerts (
        alert_id bigint generated always as identity primary key, rule text not null, subject text not null default '',
        level text not null check (level in ('critical', 'warning', 'info')), title text not null, what text not null,
        meaning text not null, runbook text not null, facts jsonb not null default '{}',
        opened_at timestamptz not null default clock_timestamp(), seen_at timestamptz not null default clock_timestamp(),
        times int not null default 1, notified_at timestamptz, recovered_at timestamptz, recovery_notified_at timestamptz,
        acknowledged_at timestamptz, acknowledged_by text, assigned_to text, snoozed_until timestamptz,
        done_at timestamptz, done_by text)""",
    "create unique index alerts_open on ops.alerts (rule, subject) where recovered_at is null",
    "create index alerts_unsent on ops.alerts (rule) where notified_at is null or recovery_notified_at is null",
    """create table ops.alert_events (
        event_id bigint generated always as identity primary key, alert_id bigint not null references ops.alerts, event text not null,
        author text not null, reason text not null default '', at timestamptz not null default clock_timestamp())""",
    """create trigger append_only before update or delete or truncate on ops.alert_events
        for each statement execute function plan.refuse_change()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.alert_events, ops.alerts")
