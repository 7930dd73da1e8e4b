"""Passwords: argon2 hashes, and what a password must be. A hash takes 0.2 s and 64 MiB, so callers throttle first."""

import secrets
from functools import cache
from typing import Any

from pipelines.core.errors import StockproofError

LEAST = 12
"""Characters of a password."""


@cache
def _hasher() -> Any:
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return str(_hasher().hash(secrets.token_urlsafe(16)))


def hashed(password: str) -> str:
    """Hash of a password."""
    return str(_hasher().hash(password))


def fits(password: str, known: str | None) -> bool:
    """Whether a password is that of a hash; as slow where there is no such user, so that time does not tell names.

    Args:
        password: as typed.
        known: hash of the user's password; None: there is no such user.
    """
    right = bool(_hasher().verify(password, known or _nobody()))
    return right and known is not None


def one_time() -> str:
    """A password to be used once, of letters and digits that are not mistaken for one another."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def check(password: str, name: str) -> None:
    """Refuse a weak password.

    Raises:
        StockproofError: too short, or the user's name.
    """
    if len(password) < LEAST or len(password) > 256 or password.lower() == name.lower() or len(set(password)) < 5:
        raise StockproofError(
            "the password is too weak", f"choose {LEAST} characters or more, of at least five kinds, not the name"
        )
