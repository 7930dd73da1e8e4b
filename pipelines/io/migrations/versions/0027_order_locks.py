"""Who keeps an order for himself while it waits for a signature."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("alter table orders.orders add column locked_by text")


def downgrade() -> None:
    op.execute("alter table orders.orders drop column locked_by")
