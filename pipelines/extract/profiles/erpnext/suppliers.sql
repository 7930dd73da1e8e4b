-- A supplier that is disabled, or blocked for everything, takes no orders.
SELECT
    s.name AS supplier_id,
    s.supplier_name AS name,
    s.country,
    s.disabled = 0 AND NOT (s.on_hold = 1 AND COALESCE(s.hold_type, '') IN ('', 'All') AND (s.release_date IS NULL OR s.release_date > :as_of)) AS active,
    GREATEST(s.modified, CASE WHEN s.on_hold = 1 AND s.release_date <= :as_of THEN TIMESTAMP(s.release_date) ELSE s.modified END) AS updated_at
FROM `tabSupplier` s
