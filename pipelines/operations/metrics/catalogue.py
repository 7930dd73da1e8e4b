"""Every metric by name, with what it means. Pure; the dashboard and docs/monitoring.md follow it."""

from typing import Final

COUNTED_BY: Final[dict[str, str]] = {"stockproof_sku_stockout": "stockproof_stockout_skus"}
"""Metrics with a sample for each case alone, and the metric that counts the cases: it is measured also where there is none."""

METRICS: Final[dict[str, str]] = {
    # -- the business, once a run
    "stockproof_sku_stockout": "1 for each SKU that sells and is out of stock (at most 500, priority ones first).",
    "stockproof_stockout_skus": "SKUs that sell and are out of stock.",
    "stockproof_fill_ratio": "Units sold over units demanded, last 28 days.",
    "stockproof_in_stock_ratio": "SKU-days with stock over SKU-days, last 28 days.",
    "stockproof_stock_value": "Stock at cost on the newest day, money.",
    "stockproof_cost_per_day": "Holding, shortage and ordering cost of a day, mean of the last 28, money.",
    "stockproof_holding_cost_change_ratio": "Holding cost of the last 28 days over the 28 before, less 1.",
    "stockproof_forecast_error_ratio": "Absolute error of the forecast over the protection interval over what was demanded.",
    "stockproof_forecast_error_change_ratio": "Forecast error of the last 28 days over the 28 before, less 1.",
    "stockproof_forecast_bias_ratio": "Forecast less demand over demand, last 28 days.",
    "stockproof_orders": "Orders of the newest run, by state.",
    "stockproof_order_value": "Value of the newest run's orders, money.",
    "stockproof_orders_per_week": "Orders proposed a week, mean of the last 28 days.",
    "stockproof_decided_skus": "SKUs of the newest run, by the level that decided.",
    "stockproof_quarantined_rows": "Rows that the newest run set aside.",
    "stockproof_drift_alarms": "1 for each segment that drifted, until a training or rollback; beside them one 0 with empty labels.",
    # -- runs
    "stockproof_step_seconds": "Wall time of a step in the newest run; of a mapped one, its longest chunk.",
    "stockproof_step_peak_memory_bytes": "Most memory of a step in the newest run.",
    "stockproof_run_seconds": "From the first step's start to the last one's end, newest run: the latency of a decision.",
    "stockproof_run_peak_memory_bytes": "Most memory of any step of the newest run.",
    "stockproof_skus_per_second": "SKUs over the seconds of a step, newest daily run.",
    "stockproof_vendors_per_second": "Vendors scored over the seconds of the step, newest daily run.",
    "stockproof_failed_steps_ratio": "Steps that failed over all, last 30 days.",
    "stockproof_last_success_age_seconds": "Since the last step of the last run that succeeded.",
    "stockproof_dag_failed": "1 while a DAG's failed run has an open alert.",
    "stockproof_run_degraded": "1 while a DAG's degraded run has an open alert.",
    "stockproof_preflight_degraded": "1 while a check before the run has an open alert.",
    # -- the running system, at each scrape
    "stockproof_up": "1 if a part answers.",
    "stockproof_breaker_open": "1 while a circuit breaker is open.",
    "stockproof_disk_free_ratio": "Free over all bytes of the state folder's disk.",
    "stockproof_memory_available_bytes": "Memory that can be used without swapping.",
    "stockproof_backup_age_seconds": "Since the newest backup was made.",
    "stockproof_alerts_open": "Open alerts, by level.",
    "stockproof_advisor_spend_ratio": "The advisor's spend over its monthly limit.",
}
