"""When goods are expected and when they are due: a vendor that is late as a rule is expected later than it agreed to deliver."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        "alter table plan.decisions add column agreed_on date, add column expected_from text not null default 'agreed lead time'"
    )
    op.execute("alter table orders.lines add column agreed_on date")
    op.execute("update plan.decisions set agreed_on = expected_on")
    op.execute("update orders.lines set agreed_on = expected_on")


def downgrade() -> None:
    op.execute("alter table orders.lines drop column agreed_on")
    op.execute("alter table plan.decisions drop column expected_from, drop column agreed_on")
