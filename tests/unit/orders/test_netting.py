"""What a repeated run still proposes beside the orders of its date that were decided before."""

import pytest

from pipelines.orders.netting import undecided


def proposed(quantity=100.0, supplier="S2", item="A", position=0.0, reorder_point=60.0, pack=1.0, least=0.0):
    return {
        "item_id": item,
        "location_id": "W",
        "supplier_id": supplier,
        "quantity": quantity,
        "inventory_position": position,
        "reorder_point": reorder_point,
        "pack_size": pack,
        "min_order_qty": least,
    }


def order(state, supplier="S1", item="A", quantity=100.0, was=100.0, location="W"):
    return {
        "state": state,
        "supplier_id": supplier,
        "location_id": location,
        "lines": [{"item_id": item, "quantity": quantity, "proposed_quantity": was}],
    }


def left(line, *orders):
    return [(row["supplier_id"], row["quantity"], row["addition"]) for row in undecided([line], orders)]


@pytest.mark.parametrize("state", ["approved", "submitted", "acknowledged", "received", "overridden", "refused"])
def test_a_need_that_was_decided_on_is_not_proposed_again_from_any_supplier(state):
    assert left(proposed(), order(state)) == []


@pytest.mark.parametrize("state", ["cancelled", "closed"])
def test_what_was_called_off_is_proposed_again(state):
    assert left(proposed(), order(state)) == [("S2", 100.0, False)]


def test_a_rejection_decides_about_its_own_supplier_alone():
    assert left(proposed(supplier="S1"), order("rejected")) == []
    assert left(proposed(supplier="S2"), order("rejected")) == [("S2", 100.0, False)]


def test_an_override_decides_on_the_whole_proposal():
    assert left(proposed(), order("approved", quantity=40.0)) == []
    assert left(proposed(), order("approved", quantity=0.0)) == []
    assert left(proposed(), order("approved", quantity=300.0)) == []


def test_another_item_or_location_is_not_decided_on():
    assert left(proposed(), order("approved", item="B")) == [("S2", 100.0, False)]
    assert left(proposed(), order("approved", location="V")) == [("S2", 100.0, False)]


def test_a_need_that_grew_past_the_reorder_point_is_added_in_whole_packs():
    assert left(proposed(150.0, reorder_point=120.0, pack=12.0), order("approved")) == [("S2", 60.0, True)]
    assert left(proposed(150.0, reorder_point=120.0, least=80.0), order("approved")) == [("S2", 80.0, True)]
    assert left(proposed(150.0, reorder_point=99.0), order("approved")) == [], (
        "above the reorder point nothing is added"
    )
