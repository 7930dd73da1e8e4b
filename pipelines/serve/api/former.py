"""Paths that the project's source documents name, led to ours: a GET is redirected for good, a POST keeps its body (308)."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

PATHS: Final = {
    ("POST", "/forecast/items"): "/api/v1/forecast/items",
    ("GET", "/forecast/item/{item_id}"): "/api/v1/forecast/item/{item_id}",
    ("POST", "/retrain"): "/api/v1/retrain",
    ("GET", "/api/v1/forecast/{item_id}"): "/api/v1/forecast/item/{item_id}",
    ("POST", "/api/v1/forecast/batch"): "/api/v1/forecast/items",
    ("POST", "/api/v1/forecasts/batch"): "/api/v1/forecast/items",
    ("GET", "/api/v1/forecasts/performance"): "/api/v1/forecast/performance",
    ("GET", "/api/v1/forecasts/{item_id}"): "/api/v1/forecast/item/{item_id}",
    ("GET", "/api/v1/vendors/report/{supplier_id}"): "/api/v1/vendors/{supplier_id}/report",
    ("POST", "/api/v1/purchase-orders/generate"): "/api/v1/orders/generate",
    ("GET", "/api/v1/purchase-orders/summary"): "/api/v1/orders/summary",
    ("POST", "/api/v1/purchase-orders/optimize"): "/api/v1/orders/optimize",
    ("POST", "/simulation/run"): "/api/v1/simulations",
    ("GET", "/simulation/{number}/status"): "/api/v1/simulations/{number}",
    ("GET", "/simulation/{number}/results"): "/api/v1/simulations/{number}/results",
    ("GET", "/api/v1/simulations/{number}/status"): "/api/v1/simulations/{number}",
    ("GET", "/api/v1/health"): "/health/ready",
    ("GET", "/api/v1/metrics"): "/metrics",
    ("GET", "/api/v1/status"): "/status",
}
"""Method and path → ours."""


def _lead(method: str, path: str, target: str) -> None:
    async def led(request: Request) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(target.format(**request.path_params) + query, 308)

    router.add_api_route(path, led, methods=[method])


@router.get("/api/v1/forecast/items")
@router.get("/api/v1/forecast/batch")
@router.get("/api/v1/forecasts/batch")
async def no_item() -> None:
    """Of these addresses a GET is a mistake, not an item of that name."""
    raise HTTPException(405, "this address takes a POST")


for (method, path), target in PATHS.items():
    _lead(method, path, target)
