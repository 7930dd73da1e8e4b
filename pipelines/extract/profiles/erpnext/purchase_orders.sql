-- Submitted and cancelled orders. The contract has one location an order: lines for another warehouse than the order's own form an order of
-- their own, named order/warehouse. A closed order waits for nothing: it counts as received as far as it was, else as cancelled.
WITH wanted AS (
    SELECT
        l.parent, l.warehouse,
        FIRST_VALUE(l.warehouse) OVER (PARTITION BY l.parent ORDER BY l.idx) AS first_warehouse
    FROM `tabPurchase Order Item` l
    JOIN `tabItem` i ON i.name = l.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
    JOIN `tabWarehouse` w ON w.name = l.warehouse AND w.is_group = 0 AND w.disabled = 0
        AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
    WHERE l.delivered_by_supplier = 0
)
SELECT DISTINCT
    CASE
        WHEN wanted.warehouse = COALESCE(NULLIF(o.set_warehouse, ''), wanted.first_warehouse) THEN o.name
        ELSE CONCAT(o.name, '/', wanted.warehouse)
    END AS po_id,
    o.supplier AS supplier_id,
    wanted.warehouse AS location_id,
    o.transaction_date AS ordered_on,
    CASE
        WHEN o.docstatus = 2 OR o.status = 'Cancelled' THEN 'cancelled'
        WHEN o.status IN ('To Bill', 'Completed', 'Delivered') OR o.per_received >= 100 THEN 'received'
        WHEN o.status = 'Closed' THEN CASE WHEN o.per_received > 0 THEN 'received' ELSE 'cancelled' END
        ELSE 'open'
    END AS status,
    o.modified AS updated_at
FROM `tabPurchase Order` o
JOIN wanted ON wanted.parent = o.name
WHERE o.docstatus IN (1, 2)
