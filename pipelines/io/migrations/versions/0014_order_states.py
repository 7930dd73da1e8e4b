"""Orders that the ERP refuses or a planner closes, orders in addition to decided ones, and the reason a line was signed for."""

from alembic import op

revision = "0014"
down_revision = "0013"

STATES = (
    "'proposed', 'overridden', 'approved', 'rejected', 'superseded', 'submitted', 'refused', 'acknowledged', 'received', 'cancelled', "
    "'closed'"
)

STATEMENTS: tuple[str, ...] = (
    "alter table orders.orders drop constraint orders_state_check",
    f"alter table orders.orders add constraint orders_state_check check (state in ({STATES}))",
    # -- a repeated run proposes in addition to what was decided before: part 2, 3, …
    "alter table orders.orders add column part int not null default 1",
    "alter table orders.orders drop constraint orders_as_of_supplier_id_location_id_key",
    "alter table orders.orders add constraint orders_parts unique (as_of, supplier_id, location_id, part)",
    # -- what a planner has seen and signed all the same
    "alter table orders.orders add column confirmed text not null default ''",
    # -- a later run of the date may decide otherwise; the line keeps the reason it was proposed for
    "alter table orders.lines add column reason text, add column alert text",
    # -- what is on its way though the ERP may not show it yet: signed, whatever way it took
    "drop view orders.pending",
    """create view orders.pending as
        select o.order_id, o.idempotency_key, o.as_of, o.state, o.supplier_id, o.location_id, l.line_no, l.item_id, l.quantity,
            l.expected_on, o.ordered_on, o.po_id
        from orders.orders o join orders.lines l using (order_id)
        where l.quantity > 0 and o.state in ('approved', 'submitted', 'acknowledged', 'received')""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("orders may be in states and parts that the tables before did not know")
