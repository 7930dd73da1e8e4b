"""What a person does with orders, one transaction each: see :mod:`decide`."""

from pipelines.orders.decide import approve, close, open_orders, override, reject

__all__ = ["approve", "close", "open_orders", "override", "reject"]
