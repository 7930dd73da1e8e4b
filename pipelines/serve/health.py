"""Health, status and metrics."""

import shutil
from importlib.metadata import version
from typing import Any

import psutil
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from pipelines import settings
from pipelines.io import files
from pipelines.operations import queries as operations
from pipelines.serve import metrics
from pipelines.serve.api.parts import OPEN, example, problems
from pipelines.serve.guard import Viewer

router = APIRouter(tags=["health"])

VITAL = ("warehouse", "memory", "disk")
"""Parts without which no request can be answered; without the others some can."""
TEXT = example("stockproof_http_requests_total{…} 42.0", media_type="text/plain")
LEAST_MEMORY = 200_000_000
"""Bytes of free memory below which the machine is about to swap."""


@router.get("/health/live", summary="Whether the process answers", openapi_extra=OPEN)
async def live() -> dict[str, str]:
    """Of a process that does not answer this, a supervisor starts another."""
    return {"status": "alive"}


@router.get("/health", include_in_schema=False)
@router.get(
    "/health/ready", summary="Whether requests can be answered, part by part", openapi_extra=OPEN,
    responses={503: {"description": "The same document; a vital part is down", "content": {"application/json": {}}}},
)  # fmt: skip
async def ready() -> Response:
    """503 if the warehouse, memory or disk fails; a part such as Airflow that is down makes it ``degraded``."""
    parts = await run_in_threadpool(_parts)
    vital = all(parts[name]["healthy"] for name in VITAL)
    status = "healthy" if all(part["healthy"] for part in parts.values()) else "degraded" if vital else "down"
    return JSONResponse({"status": status, "parts": parts}, 200 if vital else 503)


@router.get("/metrics", summary="Metrics for Prometheus", responses=TEXT, response_class=Response, openapi_extra=OPEN)
async def prometheus() -> Response:
    """Prometheus' text format."""
    body, media_type = await run_in_threadpool(metrics.exposition)
    jobs = await run_in_threadpool(operations.metrics_text)
    return Response(body + jobs.encode(), media_type=media_type)


@router.get("/status", summary="Version, addresses and health", responses=problems())
async def status(user: Viewer) -> dict[str, Any]:
    """What runs where, without passwords."""
    return {
        "version": version("stockproof"),
        "user": user.name,
        "role": user.role,
        "parts": await run_in_threadpool(_parts),
    }


def _parts() -> dict[str, dict[str, Any]]:
    from pipelines.stack import servers

    health = servers.health()
    parts: dict[str, dict[str, Any]] = {name: {"healthy": state == "healthy"} for name, state in health.items()}
    memory = psutil.virtual_memory().available
    disk = shutil.disk_usage(settings.load().state_dir.resolve()).free
    parts["memory"] = {"healthy": memory > LEAST_MEMORY, "available_bytes": memory}
    parts["disk"] = {"healthy": disk > files.CRAMPED, "free_bytes": disk}
    return parts
