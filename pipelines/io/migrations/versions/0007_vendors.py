"""Vendor scores, lead-time distributions, safety stocks and the inventory report."""

from alembic import op

from pipelines.core.quantiles import COLUMNS

revision = "0007"
down_revision = "0006"

QUANTILES = ", ".join(f"{column} double precision not null" for column in COLUMNS)

STATEMENTS: tuple[str, ...] = (
    # item_id '*': the supplier as a whole, for items it never delivered
    f"""create table plan.lead_times (
        as_of date not null, supplier_id text not null, item_id text not null, receipts int not null, open_lines int not null,
        level text not null, mean double precision not null, std double precision not null, {QUANTILES},
        late_tail double precision not null, trend_days_per_year double precision, on_time_share double precision,
        primary key (as_of, supplier_id, item_id))""",
    """create table plan.vendor_scores (
        as_of date not null, supplier_id text not null, supplier_name text not null, delivery_time double precision not null,
        on_time_delivery double precision not null, quality_score double precision not null, cost_efficiency double precision not null,
        reliability double precision not null, responsiveness double precision not null, total double precision not null,
        total_low double precision not null, total_high double precision not null, rank int not null, rank_low int not null,
        rank_high int not null, trend text not null, risk text not null, confidence double precision not null,
        receipts int not null, deliveries int not null, figures text not null, recommendations text not null,
        primary key (as_of, supplier_id))""",
    """create table plan.safety_stocks (
        as_of date not null, item_id text not null, location_id text not null, method text not null, target_kind text not null,
        target double precision not null, protection_days double precision not null, lead_time_mean double precision not null,
        lead_time_std double precision not null, on_time_share double precision, mean_demand double precision not null,
        safety_stock double precision not null, reorder_level double precision not null, normal_safety_stock double precision not null,
        achieved double precision not null, normal_achieved double precision not null, value double precision not null,
        normal_value double precision not null, difference_value double precision not null,
        primary key (as_of, location_id, item_id))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table plan.safety_stocks, plan.vendor_scores, plan.lead_times")
