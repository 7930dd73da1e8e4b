"""The tables this project owns: operation, quarantine and plan.

dbt owns staging, intermediate and marts; extraction owns raw.
"""

from alembic import op

from pipelines.core.quantiles import COLUMNS

revision = "0001"
down_revision = None

QUANTILES = ", ".join(f"{column} double precision not null" for column in COLUMNS)

STATEMENTS = (
    "create schema if not exists raw",
    "create schema if not exists quarantine",
    "create schema if not exists plan",
    # -- ops: what ran
    """create table ops.watermarks (
        table_name text primary key, watermark timestamp not null, updated_at timestamptz not null default now())""",
    """create table ops.extractions (
        as_of date not null, table_name text not null, rows_read bigint not null, rows_new bigint not null,
        finished_at timestamptz not null default now(), primary key (as_of, table_name))""",
    """create table ops.gates (
        as_of date not null, boundary text not null, rule text not null, table_name text not null, severity text not null,
        bad_rows bigint not null, passed boolean not null, message text not null default '',
        primary key (as_of, boundary, table_name, rule))""",
    # -- quarantine: rows taken out (with the rule broken), and rows kept but listed for review
    """create table quarantine.rows (
        as_of date not null, table_name text not null, row_id bigint not null, rule text not null, row_key text not null,
        details jsonb not null, remedy text not null default '', primary key (as_of, table_name, row_id, rule))""",
    """create table quarantine.review (
        as_of date not null, table_name text not null, row_id bigint not null, rule text not null, row_key text not null,
        details jsonb not null, remedy text not null default '', primary key (as_of, table_name, row_id, rule))""",
    # -- plan: forecasts, policies, replays, proposals. One row a SKU (item at a location) and as-of date unless said otherwise
    f"""create table plan.forecasts (
        as_of date not null, item_id text not null, location_id text not null, horizon int not null, bucket_on date not null,
        mean double precision not null, {QUANTILES}, primary key (as_of, location_id, item_id, horizon))""",
    f"""create table plan.lead_time_forecasts (
        as_of date not null, item_id text not null, location_id text not null, protection_days int not null,
        method text not null, model_version text not null, reason text not null,
        mean double precision not null, std double precision not null, {QUANTILES}, primary key (as_of, location_id, item_id))""",
    """create table plan.policies (
        as_of date not null, item_id text not null, location_id text not null, policy text not null, level text not null,
        reorder_point double precision not null, order_up_to double precision not null, safety_stock double precision not null,
        service_target double precision not null, protection_days int not null, reason text not null,
        primary key (as_of, location_id, item_id))""",
    """create table plan.replays (
        as_of date not null, item_id text not null, location_id text not null, policy text not null,
        days int not null, stockout_days int not null, censored_days int not null,
        demand_units double precision not null, sold_units double precision not null, lost_units double precision not null,
        mean_on_hand double precision not null, mean_stock_value double precision not null,
        holding_cost double precision not null, shortage_cost double precision not null, ordering_cost double precision not null,
        orders int not null, total_cost double precision not null, primary key (as_of, location_id, item_id, policy))""",
    """create table plan.replay_days (
        as_of date not null, chunk int not null, policy text not null, day date not null, skus int not null,
        stock_value double precision not null, sold_units double precision not null, lost_units double precision not null,
        stockout_skus int not null, primary key (as_of, policy, day, chunk))""",
    """create table plan.decisions (
        as_of date not null, item_id text not null, location_id text not null, supplier_id text, reason_code text not null,
        reason text not null, priority text not null, risk double precision not null, on_hand double precision not null,
        on_order double precision not null, inventory_position double precision not null, reorder_point double precision not null,
        order_up_to double precision not null, quantity double precision not null, unit_price double precision,
        order_value double precision not null, expected_on date, projected_stock double precision not null, level text not null,
        policy text not null, primary key (as_of, location_id, item_id))""",
    """create view plan.proposals as
        select as_of, item_id, location_id, supplier_id, quantity, unit_price, expected_on, reason_code
        from plan.decisions where quantity > 0""",
    """create table plan.reports (
        as_of date primary key, path text not null, summary jsonb not null)""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for schema in ("plan", "quarantine"):
        op.execute(f"drop schema {schema} cascade")
    op.execute("drop table ops.gates, ops.extractions, ops.watermarks")
