-- Submitted and cancelled orders. The contract has one location an order: lines for another warehouse than the order's own form an order of
-- their own, named order/warehouse. A closed order waits for nothing: it counts as received as far as it was, else as cancelled.
SELECT DISTINCT
    CASE
        WHEN l.warehouse = COALESCE(
            NULLIF(o.set_warehouse, ''),
            (SELECT f.warehouse FROM `tabPurchase Order Item` f WHERE f.parent = o.name ORDER BY f.idx LIMIT 1)
        ) THEN o.name
        ELSE CONCAT(o.name, '/', l.warehouse)
    END AS po_id,
    o.supplier AS supplier_id,
    l.warehouse AS location_id,
    o.transaction_date AS ordered_on,
    CASE
        WHEN o.docstatus = 2 OR o.status = 'Cancelled' THEN 'cancelled'
        WHEN o.status IN ('To Bill', 'Completed', 'Delivered') OR o.per_received >= 100 THEN 'received'
        WHEN o.status = 'Closed' THEN CASE WHEN o.per_received > 0 THEN 'received' ELSE 'cancelled' END
        ELSE 'open'
    END AS status,
    o.modified AS updated_at
FROM `tabPurchase Order` o
JOIN `tabPurchase Order Item` l ON l.parent = o.name AND l.delivered_by_supplier = 0
JOIN `tabItem` i ON i.name = l.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
JOIN `tabWarehouse` w ON w.name = l.warehouse AND w.is_group = 0 AND w.disabled = 0
    AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
WHERE o.docstatus IN (1, 2) AND o.modified >= :since
