"""Runs of the digital twin."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS: tuple[str, ...] = (
    """create table plan.twin_runs (
        as_of date primary key, network text not null, days integer not null check (days > 0),
        warmup_days integer not null check (warmup_days >= 0), seed bigint not null, replications integer not null check (replications > 0),
        scenarios jsonb not null, content jsonb not null, recorded_at timestamptz not null default now())""",
    """create table plan.twin_metrics (
        as_of date not null, scenario text not null, place integer not null, site text not null, metric text not null,
        mean double precision, low double precision, high double precision,
        primary key (as_of, scenario, site, metric))""",
    """create table plan.twin_days (
        as_of date not null, scenario text not null, day integer not null, site text not null, demand double precision not null,
        sold double precision not null, lost double precision not null, on_hand double precision not null,
        owed double precision not null, on_order double precision not null, ordered double precision not null,
        received double precision not null, failed double precision not null, primary key (as_of, scenario, day, site))""",
    """create table plan.twin_reports (
        as_of date primary key, path text not null, written_at timestamptz not null default now())""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("twin_reports", "twin_days", "twin_metrics", "twin_runs"):
        op.execute(f"drop table plan.{table}")
