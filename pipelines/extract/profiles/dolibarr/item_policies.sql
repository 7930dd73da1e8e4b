-- Alert limit and desired stock of a warehouse; of the product card where no warehouse has its own, then for its default warehouse, or the only
-- one that is open.
-- read: whole
WITH open_ones AS (
    SELECT MIN(rowid) AS first, COUNT(*) AS number FROM llx_entrepot WHERE statut > 0
),
limits AS (
    SELECT fk_product, fk_entrepot, seuil_stock_alerte, desiredstock, tms FROM llx_product_warehouse_properties
    UNION ALL
    SELECT
        p.rowid, COALESCE(NULLIF(p.fk_default_warehouse, 0), CASE WHEN open_ones.number = 1 THEN open_ones.first END), p.seuil_stock_alerte,
        p.desiredstock, COALESCE(p.tms, p.datec)
    FROM llx_product p
    CROSS JOIN open_ones
    WHERE NOT EXISTS (SELECT 1 FROM llx_product_warehouse_properties w WHERE w.fk_product = p.rowid)
)
SELECT
    p.ref AS item_id,
    e.ref AS location_id,
    ROUND(COALESCE(limits.seuil_stock_alerte, 0), 5) AS reorder_point,
    ROUND(limits.desiredstock, 5) AS order_up_to,
    COALESCE(limits.tms, p.tms, p.datec, '2000-01-01') AS updated_at
FROM limits
JOIN llx_product p ON p.rowid = limits.fk_product AND p.fk_product_type = 0
JOIN llx_entrepot e ON e.rowid = limits.fk_entrepot AND e.statut > 0
WHERE limits.desiredstock > 0
