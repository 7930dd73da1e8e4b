"""A small company through the whole day, as its tasks run it: what the desk and its explanations are tested on."""

from datetime import date

import pytest

from pipelines.sample import writer
from pipelines.sample.config import SampleConfig

AS_OF = date(2026, 6, 28)

COMPANY = SampleConfig(items=70, days=420, stores=1, suppliers=8)


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total


@pytest.fixture(scope="module")
def world(warehouse_url: str, erp_url: str) -> date:
    """Sample ERP and the day's steps up to its orders; without a trained model, which nothing here asks for."""
    del warehouse_url, erp_url
    from pipelines.extract import job as extract
    from pipelines.forecast import job as forecast
    from pipelines.orders import job as orders
    from pipelines.policy import job as policy
    from pipelines.purchase import job as purchase
    from pipelines.replay import job as replay
    from pipelines.transform import job as transform
    from pipelines.validate import job as validate
    from pipelines.vendors import job as vendors
    from pipelines.vendors import stock_job

    writer.seed(COMPANY, _silent)
    extract.run(AS_OF)
    validate.run("sources", AS_OF)
    transform.run(AS_OF)
    vendors.run(AS_OF)
    stock_job.run(AS_OF)
    forecast.run(AS_OF)
    validate.run("forecasts", AS_OF)
    for chunk in replay.prepare(AS_OF):
        replay.run_chunk(AS_OF, chunk)
    policy.run(AS_OF)
    purchase.run(AS_OF)
    orders.daily(AS_OF)
    return AS_OF
