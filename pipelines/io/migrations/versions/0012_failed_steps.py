"""Which steps a date's orders were decided without."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("create table plan.failed_steps (as_of date not null, step text not null, primary key (as_of, step))")


def downgrade() -> None:
    op.execute("drop table plan.failed_steps")
