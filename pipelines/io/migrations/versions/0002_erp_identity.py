"""Which ERP the warehouse was filled from: rows, and models trained on them, of one ERP must not serve another."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """create table ops.erp (
            only_row boolean primary key default true check (only_row), source_id uuid not null default gen_random_uuid(),
            address text not null, since timestamptz not null default now())"""
    )


def downgrade() -> None:
    op.execute("drop table ops.erp")
