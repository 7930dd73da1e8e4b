"""What the past said of joining the orders of each supplier."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """create table plan.joint_trials (
        as_of date not null, location_id text not null, supplier_id text not null, skus integer not null,
        cost double precision not null, saving double precision not null, saving_low double precision not null,
        saving_high double precision not null, joins boolean not null, primary key (as_of, location_id, supplier_id))"""
    )


def downgrade() -> None:
    op.execute("drop table plan.joint_trials")
