"""What the first task of a run calls, after the ERP itself was checked."""

from pipelines.core.errors import StockproofError
from pipelines.operations.alerts import job as alerts
from pipelines.operations.preflight import queries, tables
from pipelines.operations.preflight.findings import Finding


def run() -> dict[str, str]:
    """Check all parts; a degradation is an alert that ends when a later run finds the part well.

    Returns:
        Part → what was found.

    Raises:
        StockproofError: a part without which the run would stop half-way.
    """
    found = queries.check()
    stops = [one for one in found if one.grade == "stop"]
    if stops:
        raise StockproofError(
            "; ".join(f"{one.part}: {one.what}" for one in stops), "; ".join(one.remedy for one in stops)
        )
    degraded = {one.part: _sentence(one) for one in found if one.grade == "degraded"}
    alerts.hold("preflight_degraded", degraded)
    tables.keep_columns(tables.erp_columns())
    return {one.part: one.what for one in found}


def _sentence(one: Finding) -> str:
    return f"{one.part}: {one.what}" + (f"; {one.remedy}" if one.remedy else "")
