-- Warehouses that are open. One whose name says so is a store.
SELECT
    e.ref AS location_id,
    COALESCE(NULLIF(e.lieu, ''), e.ref) AS name,
    CASE WHEN LOWER(CONCAT_WS(' ', e.ref, e.lieu)) REGEXP 'shop|store|retail|magasin|boutique|laden|filiale|tienda' THEN 'store' ELSE 'warehouse' END
        AS kind
FROM llx_entrepot e
WHERE e.statut > 0
