"""Tokens of programs (JWT, HS256) and of forms (itsdangerous). Pure but for the signing key."""

import time
from typing import Any, Final

import jwt
from itsdangerous import BadData, URLSafeTimedSerializer

from pipelines import settings
from pipelines.access.people import User
from pipelines.core.errors import StockproofError
from pipelines.io import files

ALGORITHM: Final = "HS256"
ISSUER: Final = "stockproof"
FORM_HOURS: Final = 24
"""How long a form may stay open before it is sent."""


def secret() -> str:
    """The signing key.

    Raises:
        StockproofError: there is none, or it is short.
    """
    key = settings.load().serve.secret or str(files.read_secrets().get("serve_secret", ""))
    if len(key) < 32:
        raise StockproofError(
            "there is no signing key of 32 characters or more",
            "`stockproof up` makes one; for a warehouse elsewhere, set STOCKPROOF_SERVE__SECRET",
        )
    return key


def issue(user: User) -> tuple[str, int]:
    """A token of a program.

    Returns:
        The token and the seconds that it is valid for.
    """
    now, seconds = int(time.time()), int(settings.load().serve.token_minutes * 60)
    claims = {"iss": ISSUER, "sub": user.name, "ver": user.version, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, secret(), algorithm=ALGORITHM), seconds


def read(token: str) -> tuple[str, int] | None:
    """Name and version of a token's user; None where it is expired, of another key, or no token."""
    try:
        options: Any = {"require": ["exp", "iat", "sub", "iss", "ver"]}
        claims = jwt.decode(token, secret(), algorithms=[ALGORITHM], issuer=ISSUER, options=options)
        return str(claims["sub"]), int(claims["ver"])
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None


def form_token(session: str) -> str:
    """What a form of a session carries, so that no other site can send it."""
    return str(_forms().dumps(session[:16]))


def of_form(token: str, session: str) -> bool:
    """Whether a form's token belongs to a session."""
    try:
        return bool(_forms().loads(token, max_age=FORM_HOURS * 3600) == session[:16])
    except BadData:
        return False


def _forms() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret(), salt="form")
