"""Tokens of programs, and who one is."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from pipelines.access import tokens
from pipelines.core.errors import NotAllowed
from pipelines.serve import sign_in
from pipelines.serve.api.parts import OPEN, problems
from pipelines.serve.guard import Viewer
from pipelines.serve.problems import SignedOut

router = APIRouter(tags=["access"], responses=problems())


class Credentials(BaseModel):
    """Name and password."""

    name: str = Field(max_length=64, examples=["ann"])
    password: str = Field(max_length=256, examples=["correct-horse-battery"])


class Token(BaseModel):
    """A token, sent as ``Authorization: Bearer …``."""

    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiJ9…"])
    token_type: str = "bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds.", examples=[3600])


@router.post("/token", summary="A token for a program", openapi_extra=OPEN)
async def issue(request: Request, given: Credentials) -> Token:
    """Signs in by name and password; 401 where they do not fit, 429 after too many attempts."""
    try:
        user = await sign_in.authenticate(request, given.name, given.password)
    except NotAllowed as fault:
        raise SignedOut(fault.message, fault.remedy) from None
    if user.must_change:
        raise NotAllowed("the one-time password must be replaced first", "choose your own at /password")
    token, seconds = tokens.issue(user)
    return Token(access_token=token, expires_in=seconds)


@router.get("/me", summary="Who is signed in")
async def me(user: Viewer) -> dict[str, Any]:
    """Name, role and the limit that holds for signatures."""
    return {"name": user.name, "role": user.role, "limit_role": user.limit_role}
