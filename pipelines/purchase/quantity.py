"""How much to order: policy, pack size, minimum and maximum. Vectorised over SKUs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats

ORDER_BELOW_REORDER_POINT = "ORDER_BELOW_REORDER_POINT"
ORDER_RAISED_TO_MINIMUM = "ORDER_RAISED_TO_MINIMUM"
ORDER_CAPPED_AT_MAXIMUM = "ORDER_CAPPED_AT_MAXIMUM"
NO_ORDER_POSITION_SUFFICIENT = "NO_ORDER_POSITION_SUFFICIENT"
NO_ORDER_NO_DEMAND = "NO_ORDER_NO_DEMAND"
NO_ORDER_NO_SUPPLIER = "NO_ORDER_NO_SUPPLIER"
NO_ORDER_DISCONTINUED = "NO_ORDER_DISCONTINUED"
NO_ORDER_NOT_YET_ON_SALE = "NO_ORDER_NOT_YET_ON_SALE"
NO_ORDER_PACK_ABOVE_MAXIMUM = "NO_ORDER_PACK_ABOVE_MAXIMUM"
NO_ORDER_MINIMUM_ABOVE_MAXIMUM = "NO_ORDER_MINIMUM_ABOVE_MAXIMUM"

_TOLERANCE = 1e-9
"""Keeps 12.000000001 packs, an artefact of subtraction, from becoming 13."""


@dataclass(frozen=True)
class Needs:
    """What a decision depends on, shape (N,); units.

    Attributes:
        position: inventory position that counts for the protection interval.
        reorder_point: order at or below it.
        order_up_to: order up to it.
        pack: pack size; 0: any quantity.
        minimum: least quantity of an order.
        maximum: greatest quantity of an order.
        discontinued: the item is no longer bought.
        not_yet: it is on sale only after the as-of date.
        has_supplier: an active supplier offers it.
    """

    position: Floats
    reorder_point: Floats
    order_up_to: Floats
    pack: Floats
    minimum: Floats
    maximum: Floats
    discontinued: npt.NDArray[np.bool_]
    not_yet: npt.NDArray[np.bool_]
    has_supplier: npt.NDArray[np.bool_]


def decide(needs: Needs) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Quantity and reason code of every SKU, ordered or not.

    Args:
        needs: positions, levels and limits.

    Returns:
        Units to order (a whole number of packs, 0: none), and the code.
    """
    wanted = np.where(needs.position <= needs.reorder_point, needs.order_up_to - needs.position, 0.0)
    in_packs = rounded_up(wanted, needs.pack)
    least = np.where(wanted > _TOLERANCE, rounded_up(needs.minimum, needs.pack), 0.0)
    most = np.where(
        needs.pack > 0, np.floor(needs.maximum / _size(needs.pack) + _TOLERANCE) * needs.pack, needs.maximum
    )
    quantity = np.minimum(np.maximum(in_packs, least), most)
    forbidden = np.select(
        [needs.discontinued, needs.not_yet, ~needs.has_supplier, needs.order_up_to <= 0],
        [NO_ORDER_DISCONTINUED, NO_ORDER_NOT_YET_ON_SALE, NO_ORDER_NO_SUPPLIER, NO_ORDER_NO_DEMAND],
        "",
    )
    code = np.select(
        [
            forbidden != "",
            wanted <= _TOLERANCE,
            most <= 0,
            least > most + _TOLERANCE,
            in_packs > most + _TOLERANCE,
            least > in_packs + _TOLERANCE,
        ],
        [
            forbidden,
            NO_ORDER_POSITION_SUFFICIENT,
            NO_ORDER_PACK_ABOVE_MAXIMUM,
            NO_ORDER_MINIMUM_ABOVE_MAXIMUM,
            ORDER_CAPPED_AT_MAXIMUM,
            ORDER_RAISED_TO_MINIMUM,
        ],
        ORDER_BELOW_REORDER_POINT,
    )
    return np.where(np.char.startswith(code, "ORDER"), quantity, 0.0), code


def rounded_up(quantity: Floats, pack: Floats) -> Floats:
    """Whole packs that hold a quantity.

    Args:
        quantity: units.
        pack: pack size; 0: any quantity.

    Returns:
        Units.

    >>> rounded_up(np.array([7.0, 7.0, 12.0]), np.array([6.0, 0.0, 6.0])).tolist()
    [12.0, 7.0, 12.0]
    """
    return np.where(pack > 0, np.ceil(quantity / _size(pack) - _TOLERANCE) * pack, np.maximum(quantity, 0.0))


def _size(pack: Floats) -> Floats:
    return np.where(pack > 0, pack, 1.0)
