-- Leaf warehouses in use that hold goods for sale. One that a point of sale sells from, or whose type says so, is a store.
SELECT
    w.name AS location_id,
    w.warehouse_name AS name,
    CASE
        WHEN LOWER(COALESCE(w.warehouse_type, '')) REGEXP 'retail|shop|store|outlet' THEN 'store'
        WHEN EXISTS (SELECT 1 FROM `tabPOS Profile` p WHERE p.warehouse = w.name AND p.disabled = 0) THEN 'store'
        ELSE 'warehouse'
    END AS kind
FROM `tabWarehouse` w
WHERE w.is_group = 0 AND w.disabled = 0 AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
