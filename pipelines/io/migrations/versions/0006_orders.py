"""Life of an order: approval, submission, receipt, overrides and the audit trail."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATES = "'proposed', 'overridden', 'approved', 'rejected', 'superseded', 'submitted', 'acknowledged', 'received', 'cancelled'"

STATEMENTS: tuple[str, ...] = (
    "create schema orders",
    # -- one row an order: the lines a run proposes for one supplier and one location
    f"""create table orders.orders (
        order_id text primary key, idempotency_key uuid not null unique, as_of date not null, supplier_id text not null,
        location_id text not null, state text not null check (state in ({STATES})), order_value double precision not null,
        ordered_on date, adapter text, po_id text, changed_at timestamptz not null default clock_timestamp(),
        unique (as_of, supplier_id, location_id))""",
    "create index on orders.orders (state)",
    """create table orders.lines (
        order_id text not null references orders.orders on delete cascade, line_no int not null, item_id text not null,
        proposed_quantity double precision not null, quantity double precision not null check (quantity >= 0),
        unit_price double precision, expected_on date, reason_code text not null,
        needs_review boolean not null default false, primary key (order_id, line_no))""",
    # -- the audit trail; orders that a later run replaced are still listed here, so no foreign key
    """create table orders.events (
        event_id bigint generated always as identity primary key, order_id text not null, line_no int, event text not null,
        author text not null, reason text not null default '', details jsonb not null default '{}',
        at timestamptz not null default clock_timestamp())""",
    "create index on orders.events (order_id, event_id)",
    """create function orders.refuse_change() returns trigger language plpgsql as $$
        begin raise exception 'orders.events is append-only: % refused', tg_op; end $$""",
    """create trigger append_only before update or delete or truncate on orders.events
        for each statement execute function orders.refuse_change()""",
    # -- what a planner changed, and what that was worth, once it is known
    """create table orders.overrides (
        event_id bigint primary key references orders.events, order_id text not null, as_of date not null, item_id text not null,
        location_id text not null, supplier_id text not null, proposed_quantity double precision not null,
        quantity double precision not null, author text not null, reason text not null)""",
    """create table orders.override_scores (
        event_id bigint primary key references orders.overrides, scored_on date not null, days int not null,
        demand_units double precision not null, lost_units_proposed double precision not null, lost_units double precision not null,
        mean_on_hand_proposed double precision not null, mean_on_hand double precision not null,
        cost_proposed double precision not null, cost double precision not null, saving double precision not null)""",
    # -- what is on its way though the ERP may not show it yet; a file is keyed in by hand, so the ERP's own row takes over
    """create view orders.pending as
        select o.order_id, o.idempotency_key, o.as_of, o.state, o.supplier_id, o.location_id, l.line_no, l.item_id, l.quantity,
            l.expected_on
        from orders.orders o join orders.lines l using (order_id)
        where l.quantity > 0 and (o.state in ('overridden', 'approved', 'submitted')
            or (o.state in ('acknowledged', 'received') and o.adapter is distinct from 'file'))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop schema orders cascade")
