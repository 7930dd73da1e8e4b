"""What is done with users and sessions. One transaction each."""

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from pipelines import settings
from pipelines.access import passwords, queries, tables
from pipelines.access.people import ROLES, Role, User
from pipelines.core.errors import Conflict, NotAllowed, NotFound, StockproofError
from pipelines.core.suggestions import refuse_unknown

ONE_TIME_HOURS = 72
"""How long a one-time password is valid."""


def add_user(name: str, role: Role, *, limit: str | None, by: str, password: str | None = None) -> str:
    """Add a user.

    Args:
        name: unique.
        role: what it may do.
        limit: role of ``approvals.roles`` whose limit holds for its signatures; None: no limit.
        by: who adds it.
        password: its own; None: a one-time password is made.

    Returns:
        The one-time password; empty where ``password`` was given.

    Raises:
        StockproofError: a role or limit that does not exist, a name that is taken or not allowed, a weak password.
    """
    refuse_unknown([role], ROLES, "the roles", f"--role {', '.join(ROLES)}")
    roles = settings.load().approvals.roles
    if limit is not None:
        refuse_unknown([limit], list(roles), "the roles of approvals.roles", "they name the limits")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", name):
        raise StockproofError(f"{name!r} is not a valid user name", "letters, digits and . _ @ -, 64 at most")
    once = passwords.one_time() if password is None else ""
    if password is not None:
        passwords.check(password, name)
    row: dict[str, object] = {
        "name": name,
        "role": role,
        "limit_role": limit,
        "must_change": password is None,
        "created_by": by,
    }
    row |= {"password_hash": passwords.hashed(password or once), "hours": ONE_TIME_HOURS if once else None}
    if not tables.add(row):
        raise Conflict(f"user {name} already exists", "`stockproof users list` shows all")
    tables.append([(by, "user added", name, json.dumps({"role": role, "limit": limit}))])
    return once


def remove_user(name: str, *, by: str) -> None:
    """Remove a user; its sessions and tokens end.

    Raises:
        StockproofError: there is none.
    """
    if not tables.remove(name):
        raise NotFound(f"there is no user {name}", "`stockproof users list` shows all")
    tables.append([(by, "user removed", name, "{}")])


def renew(name: str, *, by: str) -> str:
    """A new one-time password for a user; the old password and all sessions end.

    Raises:
        StockproofError: there is no such user.
    """
    if tables.user(name) is None:
        raise NotFound(f"there is no user {name}", "`stockproof users list` shows all")
    once = passwords.one_time()
    tables.set_password(name, passwords.hashed(once), must_change=True, hours=ONE_TIME_HOURS)
    tables.append([(by, "password renewed", name, "{}")])
    return once


def first_user() -> str | None:
    """The way in until someone has signed in: a one-time password for ``admin``; None once users exist."""
    if queries.active():
        return None
    if tables.user("admin") is None:
        return add_user("admin", "admin", limit=None, by="stockproof")
    return renew("admin", by="stockproof")


def authenticate(name: str, password: str) -> User:
    """The user of a name and a password. Callers throttle first: each call costs 0.2 s.

    Raises:
        NotAllowed: they do not fit, or the one-time password is over; which of them is not said.
    """
    row = tables.user(name)
    fits = passwords.fits(password, row["password_hash"] if row else None)
    if row is None or not fits or row["password_over"]:
        raise NotAllowed("wrong name or password", "try again, or ask an administrator for a new password")
    return queries.of_row(row)


def start_session(user: User) -> str:
    """Start a session.

    Returns:
        Its token, which is kept nowhere.
    """
    token = secrets.token_urlsafe(32)
    tables.start_session(queries.digest(token), user.name)
    return token


def end_session(token: str) -> None:
    """End a session; nothing where there is none."""
    tables.end_session(queries.digest(token))


def end_sessions(name: str, *, by: str) -> int:
    """End all sessions and tokens of a user. Returns how many sessions were open."""
    ended = tables.end_sessions(name)
    tables.append([(by, "sessions ended", name, json.dumps({"sessions": ended}))])
    return ended


def choose_password(user: User, password: str) -> User:
    """A user's own password; all its sessions and tokens end.

    Returns:
        The user as it is now.

    Raises:
        StockproofError: a weak password.
    """
    passwords.check(password, user.name)
    tables.set_password(user.name, passwords.hashed(password), must_change=False)
    tables.append([(user.name, "password chosen", user.name, "{}")])
    return queries.user(user.name) or user


def record(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Append to the audit trail: actor, act, subject and details as JSON text."""
    tables.append(rows)


def claim_answer(user_name: str, key: str, body_hash: bytes) -> dict[str, Any] | None:
    """Take an idempotency key for a request.

    Args:
        user_name: of the caller; keys of two users never meet.
        key: as sent.
        body_hash: of method, address and body.

    Returns:
        None if the key is new; else ``body_hash``, ``status`` (None: the first request is at work), ``media_type`` and ``body`` of the
        request that holds it.
    """
    return tables.claim(user_name, key, body_hash)


def keep_answer(user_name: str, key: str, status: int, media_type: str, body: bytes) -> None:
    """Keep the answer to the request that took a key, for its repetitions."""
    tables.answer(user_name, key, status, media_type, body)


def release_answer(user_name: str, key: str) -> None:
    """Give a key back: its request failed, did nothing, and may be sent again."""
    tables.forget(user_name, key)
