"""``/api/v1``: one module a noun."""

from fastapi import APIRouter

from pipelines.serve.api import token

router = APIRouter(prefix="/api/v1")
router.include_router(token.router)
