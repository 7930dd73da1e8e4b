"""Base backups made, and what the drills found."""

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    """create table ops.backups (
        backup_id text primary key, kind text not null, parent text not null, started_at timestamptz not null,
        finished_at timestamptz not null, bytes bigint not null, seconds double precision not null, copied boolean not null)""",
    """create table ops.backup_drills (
        drilled_at timestamptz primary key, backup_id text not null, seconds double precision not null, tables_compared int not null,
        files_compared int not null, differences text[] not null)""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.backup_drills, ops.backups")
