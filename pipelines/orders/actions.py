"""What a person does with orders, one transaction each: see :mod:`decide` and :mod:`undo`."""

from pipelines.orders.decide import approve, close, open_orders, override, reject
from pipelines.orders.undo import split, take_back

__all__ = ["approve", "close", "open_orders", "override", "reject", "split", "take_back"]
