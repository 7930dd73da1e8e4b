-- Automatic re-ordering by warehouse: at or below the level, order the quantity.
SELECT
    r.parent AS item_id,
    r.warehouse AS location_id,
    r.warehouse_reorder_level AS reorder_point,
    r.warehouse_reorder_level + r.warehouse_reorder_qty AS order_up_to,
    GREATEST(i.modified, r.modified) AS updated_at
FROM `tabItem Reorder` r
JOIN `tabItem` i ON i.name = r.parent AND i.is_stock_item = 1 AND i.has_variants = 0 AND i.is_fixed_asset = 0
JOIN `tabWarehouse` w ON w.name = r.warehouse AND w.is_group = 0 AND w.disabled = 0
    AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
WHERE r.parenttype = 'Item'
