"""Which items are loaded together: the cases of one configuration share a load, whichever file they are in."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.company import Item
from tests.cases.product import Options

WORLDS: dict[Options, dict[str, Item]] = {}
"""Items by configuration, then by id and location; filled while tests are collected."""


def case(*items: Item, **options: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a test on items of a company that has run once; its fixture ``day`` is that :class:`~tests.cases.product.Company`.

    Args:
        items: items that no other case of the configuration has. ``erp check`` and notices speak of all items of the load.
        options: configuration keys, e.g. ``PLANNING__UNMET_DEMAND="backorder"``. Each set of options is a load of its own, so cases that
            can share one should.

    Returns:
        A decorator.
    """
    world = tuple(sorted(options.items()))
    held = WORLDS.setdefault(world, {})
    for item in items:
        key = f"{item.item_id} at {item.location}"
        assert key not in held, f"{key} belongs to another case"
        held[key] = item
    return pytest.mark.world(world)
