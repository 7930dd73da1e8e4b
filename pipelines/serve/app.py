"""The app: API, desk, sign-in, health. Made once a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from pipelines import settings
from pipelines.serve import answers, api, desk, health, pages, problems, seen, sign_in
from pipelines.serve.middleware import Shell


class Problem(BaseModel):
    """A fault (RFC 9457) with what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    remedy: str | None = None


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    answers.set_up()
    keeper = asyncio.create_task(seen.keep())
    yield
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper


def create() -> FastAPI:
    """The app of one worker."""
    app = FastAPI(
        title="Stockproof",
        version=version("stockproof"),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        description="Replenishment you can check before you buy. Sign in with POST /api/v1/token.",
        lifespan=_life,
        middleware=[Middleware(Shell, body_limit=settings.load().serve.body_limit)],
    )
    problems.register(app)
    for router in (health.router, sign_in.router, api.router, api.former.router, desk.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """The OpenAPI document, with the fault of every operation and how a program signs in."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            parts = document.setdefault("components", {})
            parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            document["security"] = [{"token": []}]
        return app.openapi_schema or made()

    app.openapi = described  # type: ignore[method-assign]
