"""What a person does with orders, one transaction each: see :mod:`decide`, :mod:`undo` and :mod:`reshape`."""

from pipelines.orders.decide import approve, close, open_orders, override, reject
from pipelines.orders.reshape import copy, group, lock, split, unlock
from pipelines.orders.undo import take_back

__all__ = [
    "approve", "close", "copy", "group", "lock", "open_orders", "override", "reject", "split", "take_back", "unlock",
]  # fmt: skip
