"""What a run leaves of ten SKUs in 56 days, counted by hand, for the metrics and the alert rules on them."""

from pipelines.io import warehouse


def plant() -> None:
    """Ten SKUs for 56 days: each sells 10 a day of 10 asked for, in the last 28 days 8; holding cost 1 a day, then 1.5; errors 20, 50%."""
    month = "for values from ('2026-01-01') to ('2027-01-01')"
    warehouse.execute(f"create table plan.outcomes_of_the_test partition of plan.outcomes {month}")
    warehouse.execute("""
        insert into plan.outcomes (day, item_id, location_id, abc_class, demand, sold, lost, is_stockout, on_hand, stock_value,
            ordered_units, ordered_lines, holding_cost, shortage_cost, ordering_cost, total_cost, forecast_mean, forecast_demand)
        select day, 'I' || n, 'W', 'A', 10, case when recent then 8 else 10 end, 0, recent and n < 2, 5, 100, 0, 0,
            case when recent then 1.5 else 1 end, 0, 0, 3, case when recent then 15 else 12 end, 10
        from generate_series(0, 9) as n, generate_series(date '2026-05-04', date '2026-06-28', interval '1 day') as day,
            lateral (select day > date '2026-05-31' as recent) as r""")
    warehouse.execute("create schema if not exists marts")
    warehouse.execute("""create table marts.dim_sku as select date '2026-06-28' as as_of, 'I' || n as item_id, 'W' as location_id,
        case when n = 0 then 'A' else 'C' end as abc_class, cast(null as text) as priority, true as is_active, 1.0 as mean_demand,
        case when n < 2 then 0.0 else 5.0 end as on_hand from generate_series(0, 9) as n""")
    warehouse.execute(
        "insert into ops.breakers (name, failures, opened_at, changed_at) values ('registry', 3, now(), now())"
    )
    warehouse.execute("""insert into ops.drift_alarms (as_of, kind, dimension, segment, model_version, statistic, threshold, alpha_before,
        alpha, what, remedy) values ('2026-06-27', 'score', 'demand_class', 'lumpy', 'm/2', 1, 1, 0.1, 0.2, 'worse', 'train')""")
    warehouse.execute("""insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, state, order_value)
        values ('SP-1', gen_random_uuid(), '2026-06-28', 'S', 'W', 'proposed', 12.5)""")
