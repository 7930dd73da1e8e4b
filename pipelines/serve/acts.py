"""What a signed-in person does with orders, by the API and the desk alike: under the users' limits, in the transaction of the act."""

from collections.abc import Sequence
from typing import Any

from pipelines.access import queries as access
from pipelines.access.people import User
from pipelines.orders import actions, queries


def approve(numbers: Sequence[str], reason: str, user: User) -> dict[str, Any]:
    """Sign orders, all or none; refused where another person or a newer run came first."""
    return actions.approve(numbers, user.name, reason=reason, limits=access.approvals(), alone=True)


def reject(numbers: Sequence[str], reason: str, user: User) -> dict[str, object]:
    """Refuse orders; what is signed already, an approver rejects."""
    _only_approvers_undo_signatures(numbers, user, "reject an order that is signed")
    return actions.reject(numbers, reason, user.name, access.approvals())


def take_back(numbers: Sequence[str], user: User) -> dict[str, object]:
    """Undo a refusal, or as an approver a signature."""
    _only_approvers_undo_signatures(numbers, user, "take a signature back")
    return actions.take_back(numbers, user.name, access.approvals())


def override(line: str, quantity: float, reason: str, user: User) -> dict[str, object]:
    """Change the quantity of a line, ``ORDER:LINE_NO`` or ``ORDER:ITEM_ID``."""
    return actions.override(line, quantity, reason, user.name, access.approvals())


def split(number: str, lines: Sequence[int], user: User) -> str:
    """Move lines of an order into one of their own; returns its number."""
    return actions.split(number, lines, user.name, access.approvals())


def copy(number: str, user: User) -> str:
    """Propose an order's lines once more; returns the new order's number."""
    return actions.copy(number, user.name, access.approvals())


def group(numbers: Sequence[str], user: User) -> str:
    """Bring orders of one supplier together; returns the number of the one that holds all lines."""
    return actions.group(numbers, user.name, access.approvals())


def lock(numbers: Sequence[str], user: User) -> list[str]:
    """Keep orders for oneself."""
    return actions.lock(numbers, user.name, access.approvals())


def unlock(numbers: Sequence[str], user: User) -> list[str]:
    """Give locked orders back; the locks of others, an approver opens."""
    return actions.unlock(numbers, user.name, access.approvals(), theirs=user.may("approver"))


def _only_approvers_undo_signatures(numbers: Sequence[str], user: User, act: str) -> None:
    if any(queries.one(number)["state"] == "approved" for number in numbers):
        user.require("approver", act)
