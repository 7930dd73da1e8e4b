"""The planner's desk: pages over the rooms' queries and actions."""

from fastapi import APIRouter

from pipelines.serve.desk import lists, order, runs, sku, studies, today

router = APIRouter(include_in_schema=False)
for part in (today, order, sku, lists, studies, runs):
    router.include_router(part.router)
