-- Supplier orders from their validation on. An order names no warehouse: a line goes where it was received, else to its product's default
-- warehouse, else to the first one. An order over several warehouses is one contract order each. `ref_ext` keeps our key.
-- read: whole
WITH first_open AS (
    SELECT MIN(rowid) AS rowid FROM llx_entrepot WHERE statut > 0
),
receipts AS (
    SELECT
        d.fk_element AS fk_commande, d.fk_elementdet AS fk_line, d.fk_entrepot,
        GREATEST(COALESCE(d.tms, d.datec), COALESCE(r.date_valid, d.datec), COALESCE(r.tms, d.datec)) AS entered_at
    FROM llx_receptiondet_batch d
    LEFT JOIN llx_reception r ON r.rowid = d.fk_reception
    WHERE d.element_type IN ('supplier_order', 'order_supplier') AND (d.fk_reception IS NULL OR r.fk_statut > 0)
),
places AS (
    SELECT
        l.fk_commande, l.rowid AS fk_line,
        COALESCE(
            (SELECT MIN(receipts.fk_entrepot) FROM receipts WHERE receipts.fk_line = l.rowid),
            NULLIF(p.fk_default_warehouse, 0),
            first_open.rowid
        ) AS fk_entrepot
    FROM llx_commande_fournisseurdet l
    JOIN llx_product p ON p.rowid = l.fk_product AND p.fk_product_type = 0
    CROSS JOIN first_open
    WHERE l.qty > 0
),
used AS (
    SELECT fk_commande, fk_entrepot FROM places
    UNION
    SELECT fk_commande, fk_entrepot FROM receipts
),
main AS (
    SELECT fk_commande, fk_entrepot, ROW_NUMBER() OVER (PARTITION BY fk_commande ORDER BY fk_line) AS place_no FROM places
)
SELECT
    CASE WHEN used.fk_entrepot = main.fk_entrepot THEN o.ref ELSE CONCAT(o.ref, '/', e.ref) END AS po_id,
    COALESCE(NULLIF(s.code_fournisseur, ''), CAST(s.rowid AS CHAR)) AS supplier_id,
    e.ref AS location_id,
    COALESCE(o.date_commande, DATE(o.date_approve), DATE(o.date_valid), DATE(o.date_creation)) AS ordered_on,
    CASE
        WHEN o.fk_statut IN (1, 2, 3, 4) THEN 'open'
        WHEN o.fk_statut = 5 OR EXISTS (SELECT 1 FROM receipts WHERE receipts.fk_commande = o.rowid) THEN 'received'
        ELSE 'cancelled'
    END AS status,
    NULLIF(o.ref_ext, '') AS external_ref,
    GREATEST(
        COALESCE(o.tms, o.date_creation, '2000-01-01'), COALESCE(o.date_valid, '2000-01-01'), COALESCE(o.date_approve, '2000-01-01'),
        COALESCE((SELECT MAX(receipts.entered_at) FROM receipts WHERE receipts.fk_commande = o.rowid), '2000-01-01')
    ) AS updated_at
FROM llx_commande_fournisseur o
JOIN used ON used.fk_commande = o.rowid
JOIN main ON main.fk_commande = o.rowid AND main.place_no = 1
JOIN llx_entrepot e ON e.rowid = used.fk_entrepot
JOIN llx_societe s ON s.rowid = o.fk_soc
WHERE o.fk_statut > 0
