"""Detail of proposals: alternatives, rules applied, consolidation, fallbacks and the circuit breaker."""

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = (
    ("due", "double precision not null default 0"),
    ("proposed", "double precision not null default 0"),
    ("projected_without", "double precision not null default 0"),
    ("ordering_cost", "double precision not null default 0"),
    ("pack_size", "double precision"),
    ("min_order_qty", "double precision"),
    ("needs_review", "boolean not null default false"),
    ("rules", "text not null default ''"),
    ("alert_code", "text not null default ''"),
    ("alert", "text not null default ''"),
    ("flip_input", "text not null default ''"),
    ("flip_change", "double precision"),
    ("flip", "text not null default ''"),
    ("landed_cost", "double precision"),
    ("supplier_reason", "text not null default ''"),
    ("expected_saving", "double precision not null default 0"),
    ("passport", "text not null default ''"),
    ("level_reason", "text not null default ''"),
)

STATEMENTS = (
    "alter table plan.decisions " + ", ".join(f"add column {name} {kind}" for name, kind in COLUMNS),
    # -- the ranked list behind a budget: one row a step of a line
    """create table plan.decision_units (
        as_of date not null, rank int not null, item_id text not null, location_id text not null, supplier_id text not null,
        quantity double precision not null, unit_price double precision not null, expected_saving double precision not null,
        saving_per_money double precision not null, cumulative_value double precision not null, taken boolean not null,
        primary key (as_of, rank))""",
    # -- the audit trail: what was decided, whenever a run decided something new for a SKU
    """create table plan.decision_log (
        log_id bigint generated always as identity primary key, logged_at timestamptz not null default now(), as_of date not null,
        item_id text not null, location_id text not null, supplier_id text, decision text not null, order_qty double precision not null,
        current_stock double precision not null, pending_orders double precision not null, projected_stock double precision not null,
        reasoning text not null, cost double precision not null, risk double precision not null, level text not null)""",
    "create index decision_log_sku on plan.decision_log (as_of, location_id, item_id, log_id desc)",
    """create function plan.refuse_change() returns trigger language plpgsql as $$
        begin raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'restrict_violation'; end $$""",
    """create trigger append_only before update or delete or truncate on plan.decision_log
        for each statement execute function plan.refuse_change()""",
    # -- circuit breakers: one row a service that may fail
    """create table ops.breakers (
        name text primary key, failures int not null, opened_at timestamptz, last_error text not null default '',
        changed_at timestamptz not null, times_opened int not null default 0)""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table ops.breakers, plan.decision_log, plan.decision_units")
    op.execute("drop function plan.refuse_change()")
    op.execute("alter table plan.decisions " + ", ".join(f"drop column {name}" for name, _ in COLUMNS))
