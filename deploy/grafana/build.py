"""Build the Grafana dashboard: ``python deploy/grafana/build.py`` writes stockproof.json beside this file."""

from pathlib import Path
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

TARGET: Final = Path(__file__).with_name("stockproof.json")


class Chart(NamedTuple):
    """One panel: title, query, legend, unit of Grafana, and how it is drawn."""

    title: str
    query: str
    legend: str = ""
    unit: str = "short"
    kind: str = "line"


ROWS: Final[dict[str, tuple[Chart, ...]]] = {
    "Today": (
        Chart("Alerts open", "stockproof_alerts_open", "{{level}}", kind="stat"),
        Chart("Parts that answer", "stockproof_up", "{{part}}", kind="stat"),
        Chart("Failed runs", "stockproof_dag_failed", "{{dag}}", kind="stat"),
        Chart("Degraded days and checks", "stockproof_run_degraded + stockproof_preflight_degraded", "", kind="stat"),
        Chart("Orders of the newest run", "stockproof_orders", "{{state}}", kind="stat"),
        Chart("Since the last success", "stockproof_last_success_age_seconds", "{{dag}}", "s", "stat"),
    ),
    "Service, stock and cost": (
        Chart("Fill rate, 28 days", "stockproof_fill_ratio", "fill", "percentunit"),
        Chart("In stock, 28 days", "stockproof_in_stock_ratio", "in stock", "percentunit"),
        Chart("SKUs out of stock", "stockproof_stockout_skus", "{{priority}}"),
        Chart("Which SKUs are out of stock", "stockproof_sku_stockout", "{{item_id}} {{location_id}} {{priority}}", kind="table"),
        Chart("Stock at cost", "stockproof_stock_value", "stock"),
        Chart("Cost a day", "stockproof_cost_per_day", "cost"),
        Chart("Holding cost against 28 days before", "stockproof_holding_cost_change_ratio", "change", "percentunit"),
        Chart("Value of orders", "stockproof_order_value", "value"),
        Chart("Order frequency", "stockproof_orders_per_week", "orders a week"),
    ),
    "Forecasts and decisions": (
        Chart("Forecast error", "stockproof_forecast_error_ratio", "error", "percentunit"),
        Chart("Forecast bias", "stockproof_forecast_bias_ratio", "bias", "percentunit"),
        Chart("Error against 28 days before", "stockproof_forecast_error_change_ratio", "change", "percentunit"),
        Chart("Drift alarms", "stockproof_drift_alarms", "alarms"),
        Chart("Who decided", "stockproof_decided_skus", "{{level}}"),
        Chart("Rows set aside", "stockproof_quarantined_rows", "rows"),
        Chart("Advisor's spend of its limit", "stockproof_advisor_spend_ratio", "spend", "percentunit"),
    ),
    "Runs": (
        Chart("Latency of a run", "stockproof_run_seconds", "{{dag}}", "s"),
        Chart("Time of each step", "stockproof_step_seconds", "{{dag}} {{step}}", "s"),
        Chart("SKUs a second", "stockproof_skus_per_second", "{{step}}"),
        Chart("Vendors a second", "stockproof_vendors_per_second", "vendors"),
        Chart("Peak memory of a run", "stockproof_run_peak_memory_bytes", "{{dag}}", "bytes"),
        Chart("Peak memory of each step", "stockproof_step_peak_memory_bytes", "{{dag}} {{step}}", "bytes"),
        Chart("Steps that failed, 30 days", "stockproof_failed_steps_ratio", "{{dag}}", "percentunit"),
    ),
    "Machine and services": (
        Chart("Disk free", "stockproof_disk_free_ratio", "free", "percentunit"),
        Chart("Memory available", "stockproof_memory_available_bytes", "available", "bytes"),
        Chart("Breakers open", "stockproof_breaker_open", "{{service}}"),
        Chart("Age of the newest backup", "stockproof_backup_age_seconds", "age", "s"),
        Chart("Requests a second", "sum by (status) (rate(stockproof_http_requests_total[5m]))", "{{status}}", "reqps"),
        Chart(
            "Time of a request, 99th percentile",
            "histogram_quantile(0.99, sum by (le) (rate(stockproof_http_request_seconds_bucket[5m])))", "p99", "s",
        ),
    ),
}  # fmt: skip

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${source}")


def build() -> str:
    """The dashboard as JSON."""
    board = (
        dashboard.Dashboard("Stockproof")
        .uid("stockproof")
        .tags(["stockproof"])
        .refresh("1m")
        .time("now-30d", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    for title, charts in ROWS.items():
        board = board.with_row(dashboard.Row(title))
        for chart in charts:
            board = board.with_panel(_panel(chart))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _panel(chart: Chart) -> stat.Panel | table.Panel | timeseries.Panel:
    makers = {"line": timeseries.Panel, "stat": stat.Panel, "table": table.Panel}
    query = prometheus.Dataquery().expr(chart.query).legend_format(chart.legend or "__auto")
    if chart.kind == "table":
        query = query.format("table").instant()
    panel = makers[chart.kind]().title(chart.title).datasource(SOURCE).with_target(query).unit(chart.unit)
    return panel.height(7).span(4 if chart.kind == "stat" else 8)


if __name__ == "__main__":
    TARGET.write_text(build())
