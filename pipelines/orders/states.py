"""The states an order goes through, and which step leads from which to which. Pure."""

from typing import Final

PROPOSED: Final = "proposed"
OVERRIDDEN: Final = "overridden"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
SUPERSEDED: Final = "superseded"
SUBMITTED: Final = "submitted"
ACKNOWLEDGED: Final = "acknowledged"
RECEIVED: Final = "received"
CANCELLED: Final = "cancelled"
REFUSED: Final = "refused"
CLOSED: Final = "closed"

UNDECIDED: Final = (PROPOSED, OVERRIDDEN)
"""A planner has yet to sign."""

UNSIGNED: Final = (*UNDECIDED, REFUSED)
"""Not on its way: a later date's run proposes again what is still needed."""

ON_ITS_WAY: Final = (APPROVED, SUBMITTED, ACKNOWLEDGED, RECEIVED)
"""Signed, and not known to be called off."""

TAKEN_BACK: Final = (APPROVED, REJECTED)
"""Steps of a person that the person may take back, until a release or a later run has counted on them."""

ALIVE: Final = (PROPOSED, OVERRIDDEN, REFUSED, *ON_ITS_WAY)
"""States whose lines are to be bought, or were."""

TO_RELEASE: Final = (APPROVED, SUBMITTED)
"""A release has yet to bring the order into the ERP, or to see it there."""

SOURCES: Final[dict[str, tuple[str, ...]]] = {
    OVERRIDDEN: (PROPOSED, OVERRIDDEN, REFUSED),
    APPROVED: (PROPOSED, OVERRIDDEN, REFUSED),
    REJECTED: (PROPOSED, OVERRIDDEN, REFUSED, APPROVED),
    SUPERSEDED: UNSIGNED,
    SUBMITTED: (APPROVED,),
    REFUSED: (SUBMITTED,),
    ACKNOWLEDGED: (SUBMITTED,),
    RECEIVED: (ACKNOWLEDGED,),
    CANCELLED: (ACKNOWLEDGED,),
    CLOSED: (ACKNOWLEDGED,),
}
"""State → the states it may follow. From ``submitted`` on an order belongs to the ERP and can no longer be taken back here, unless the ERP
refuses it."""

REMEDIES: Final[dict[str, str]] = {
    APPROVED: "it is signed already; `stockproof run release` sends it",
    REJECTED: "it was rejected; the next daily run proposes again what is still needed",
    SUPERSEDED: "a newer run has made a new proposal: `stockproof orders list`",
    SUBMITTED: "it is on its way into the ERP; change or cancel it there",
    ACKNOWLEDGED: "the ERP holds it; change or cancel it there",
    RECEIVED: "the goods are here",
    CANCELLED: "it was cancelled in the ERP; the next daily run proposes again what is still needed",
    REFUSED: "the ERP refused it: `stockproof orders show` has its words; override, approve or reject it",
    CLOSED: "it was closed; the next daily run proposes again what is still needed",
}
"""What to do where an order is already in a state."""


def may_become(state: str, target: str) -> bool:
    """Whether an order in a state may go to another.

    >>> may_become("approved", "rejected"), may_become("submitted", "rejected")
    (True, False)
    """
    return state in SOURCES[target]
