"""Who keeps an order while it waits for a signature, and by when its lines are needed."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("alter table orders.orders add column locked_by text")
    op.execute("alter table orders.lines add column needed_by date")


def downgrade() -> None:
    op.execute("alter table orders.lines drop column needed_by")
    op.execute("alter table orders.orders drop column locked_by")
