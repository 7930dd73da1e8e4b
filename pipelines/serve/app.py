"""The app: API, desk, sign-in, health. Made once a worker."""

from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from pipelines import settings
from pipelines.serve import api, desk, health, pages, problems, sign_in
from pipelines.serve.middleware import Shell


def create() -> FastAPI:
    """The app of one worker."""
    app = FastAPI(
        title="Stockproof", version=version("stockproof"), openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None,
        description="Replenishment you can check before you buy. Sign in with POST /api/v1/token.",
        middleware=[Middleware(Shell, body_limit=settings.load().serve.body_limit)],
    )  # fmt: skip
    problems.register(app)
    for router in (health.router, sign_in.router, api.router, desk.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app
