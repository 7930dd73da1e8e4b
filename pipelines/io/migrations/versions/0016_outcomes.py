"""What followed each decision, by SKU and day, and how vendors delivered, by week."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS: tuple[str, ...] = (
    # -- one row a SKU and day, partitioned by month; the columns from proposed_quantity on are of the decision made that day
    """create table plan.outcomes (
        day date not null, item_id text not null, location_id text not null, abc_class text not null, supplier_id text,
        demand double precision not null, sold double precision not null, lost double precision not null, is_stockout boolean not null,
        on_hand double precision not null, stock_value double precision not null, ordered_units double precision not null,
        ordered_lines int not null, holding_cost double precision not null, shortage_cost double precision not null,
        ordering_cost double precision not null, total_cost double precision not null,
        proposed_quantity double precision, level text, order_id text, final_quantity double precision, change text not null default '',
        expected_on date, received_on date, late_days int,
        forecast_mean double precision, protection_days int, forecast_demand double precision,
        primary key (location_id, item_id, day)) partition by range (day)""",
    "create index on plan.outcomes (day)",
    """create table plan.vendor_reviews (
        week_on date not null, supplier_id text not null, receipts int not null, on_time_share double precision,
        in_full_share double precision, accepted_share double precision, late_days_mean double precision, spend double precision not null,
        usual_on_time_share double precision, usual_in_full_share double precision, usual_accepted_share double precision,
        usual_late_days_mean double precision, open_lines int not null, overdue_lines int not null, verdict text not null,
        primary key (week_on, supplier_id))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table plan.vendor_reviews, plan.outcomes")
