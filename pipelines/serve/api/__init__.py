"""``/api/v1``: one module a noun."""

from fastapi import APIRouter

from pipelines.serve.api import alerts, forecasts, former, live, models, orders, runs, simulations, token, vendors

router = APIRouter(prefix="/api/v1")
for part in (token, forecasts, orders, simulations, runs, alerts, models, live, vendors):
    router.include_router(part.router)

__all__ = ["former", "router"]
