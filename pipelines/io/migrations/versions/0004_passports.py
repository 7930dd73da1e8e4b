"""Candidates, choices, passports, calibration, service audit and studies of the replay."""

from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = "as_of date not null, item_id text not null, location_id text not null"
_PRIMARY = "primary key (as_of, location_id, item_id"

_FIGURES = (
    "fill_rate",
    "in_stock_rate",
    "mean_stock_value",
    "holding_cost",
    "shortage_cost",
    "ordering_cost",
    "total_cost",
)

_BESIDE = ", ".join(f"{who}_{figure} double precision" for who in ("incumbent", "recorded") for figure in _FIGURES)

_INPUTS = ("demand_hash", "stock_hash", "receipts_hash", "master_hash", "config_hash", "code_version")

_HASHES = ", ".join(f"{what} text not null" for what in _INPUTS)

STATEMENTS = (
    # Cost of each candidate policy in the three windows, money
    f"""create table plan.candidates (
        {_KEY}, candidate text not null, forecaster text not null, cost_select double precision not null,
        cost_guard double precision not null, cost_judged double precision not null, {_PRIMARY}, candidate))""",
    f"""create table plan.choices (
        {_KEY}, choice text not null, basis text not null, reason text not null, candidate text not null, policy text not null,
        forecaster text not null, service_level double precision, saving_per_day double precision, saving_low double precision,
        saving_high double precision, guard_days int not null, confidence double precision not null, {_PRIMARY}))""",
    f"""create table plan.passports (
        {_KEY}, choice text not null, policy text not null, forecaster text not null, judged_from date not null,
        judged_until date not null, days int not null, censored_days int not null, calibrated boolean not null,
        fill_rate double precision, {", ".join(f"{f} double precision not null" for f in _FIGURES[1:])}, {_BESIDE},
        saving double precision, saving_low double precision, saving_high double precision, saving_imputed double precision,
        lost_units_low double precision not null, lost_units_high double precision not null, {_HASHES}, {_PRIMARY}))""",
    f"""create table plan.calibration (
        {_KEY}, kind text not null, mismatches int not null, units double precision not null, first_on date not null,
        last_on date not null, {_PRIMARY}))""",
    # Of replays on imputed demand, the other bound of what was lost; columns as in plan.replays
    "create table plan.replay_bounds (like plan.replays including all)",
    f"""create table plan.service_audit (
        {_KEY}, policy text not null, target double precision not null, windows int not null, covered int not null,
        covered_seen int not null,
        expected double precision not null, {_PRIMARY}))""",
    """create table ops.studies (
        simulation_id uuid primary key, status text not null, created_at timestamptz not null default now(),
        finished_at timestamptz, as_of date not null, start_date date not null, end_date date not null,
        parameters jsonb not null, progress double precision not null default 0, message text not null default '', result jsonb)""",
    """create table plan.study_items (
        simulation_id uuid not null references ops.studies on delete cascade, item_id text not null, location_id text not null,
        policy text not null, weight double precision not null, stratum text not null, category text not null,
        supplier_id text not null, days int not null, stockout_days int not null, censored_days int not null,
        demand_units double precision not null, sold_units double precision not null, lost_units double precision not null,
        mean_on_hand double precision not null, mean_stock_value double precision not null, holding_cost double precision not null,
        shortage_cost double precision not null, ordering_cost double precision not null, orders int not null,
        total_cost double precision not null, primary key (simulation_id, location_id, item_id, policy))""",
    """create table plan.study_days (
        simulation_id uuid not null references ops.studies on delete cascade, policy text not null, day date not null,
        skus int not null, stock_value double precision not null, sold_units double precision not null,
        lost_units double precision not null, stockout_skus int not null, primary key (simulation_id, policy, day))""",
)

TABLES = (
    "plan.study_days",
    "plan.study_items",
    "ops.studies",
    "plan.service_audit",
    "plan.replay_bounds",
    "plan.calibration",
    "plan.passports",
    "plan.choices",
    "plan.candidates",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop table {table}")
