"""Who is who, and whether the audit trail is whole."""

import hashlib
from typing import Any

from pipelines import settings
from pipelines.access import tables
from pipelines.access.people import User
from pipelines.config_schema import Approvals


def user(name: str) -> User | None:
    """A user by name; None where there is none."""
    row = tables.user(name)
    return of_row(row) if row else None


def of_row(row: dict[str, Any]) -> User:
    """The user of a row of access.users."""
    return User(row["name"], row["role"], row["limit_role"], row["must_change"], row["version"])


def of_session(token: str) -> User | None:
    """The user of a session that has not ended; None where there is none."""
    row = tables.session(digest(token), settings.load().serve.session_hours)
    return of_row(row) if row else None


def digest(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).digest()


def listed() -> list[dict[str, Any]]:
    """Users by name."""
    return tables.users()


def active() -> bool:
    """Whether users exist who chose a password of their own: from then on signing takes a sign-in."""
    return tables.active()


def approvals() -> Approvals:
    """The limits of signatures, with those of the users where there are any."""
    config = settings.load().approvals
    found = tables.users()
    if not found:
        return config
    roles = config.roles | {"unlimited": None, "no signature": 0.0}
    authors = {
        row["name"]: (row["limit_role"] or "unlimited") if row["role"] in ("approver", "admin") else "no signature"
        for row in found
        if row["role"] != "viewer"
    }
    return config.model_copy(update={"roles": roles, "authors": authors})


def verify(head: str = "") -> dict[str, Any]:
    """Recompute the audit chain.

    Args:
        head: a hash that must be in it, as an earlier call returned it.

    Returns:
        ``rows``, ``head`` (the hash of the last one: kept elsewhere, it also shows rows cut off the end) and ``faults``, sentences, empty
        where every row is as it was written and every event of an order is in the chain.
    """
    previous, number, faults, met = "", 0, [], head == ""
    for row in tables.chain():
        number += 1
        if row["seq"] != number:
            faults.append(f"row {number} is missing: the next one is {row['seq']}")
            number = row["seq"]
        if row["previous"] != previous:
            faults.append(f"row {row['seq']} does not follow the one before it")
        if _hash(row) != row["hash"]:
            faults.append(f"row {row['seq']} was changed: {row['act']} of {row['subject']} by {row['actor']}")
        if row["event_id"] is not None:
            faults += _event_faults(row)
        previous, met = row["hash"], met or row["hash"] == head
        if len(faults) >= 20:
            break
    faults += [] if met else ["the head given is in no row: the trail was cut off or written again"]
    faults += [f"event {number} of an order is not in the audit trail" for number in tables.unchained()]
    return {"rows": number, "head": previous, "faults": faults}


def _event_faults(row: dict[str, Any]) -> list[str]:
    if row["event_text"] is None:
        return [f"event {row['event_id']} of order {row['subject']} was deleted"]
    now = (row["event_text"], row["author"], row["event"], row["order_id"])
    if now != (row["details"], row["actor"], row["act"], row["subject"]):
        return [f"event {row['event_id']} of order {row['subject']} was changed after it was written"]
    return []


def _hash(row: dict[str, Any]) -> str:
    event = "" if row["event_id"] is None else str(row["event_id"])
    parts = (str(row["seq"]), row["at"], row["actor"], row["act"], row["subject"], row["details"], event)
    text = row["previous"] + "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
