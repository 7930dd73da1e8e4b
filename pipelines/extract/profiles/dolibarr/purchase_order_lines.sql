-- The contract settles a line with one receipt. A line received in several is one contract line a receipt, numbered as they came, and one for
-- what is still to come. Refused goods (receipt status 2) came and were rejected. A reception that is a draft has brought nothing yet.
-- read: whole
WITH first_open AS (
    SELECT MIN(rowid) AS rowid FROM llx_entrepot WHERE statut > 0
),
receipts AS (
    SELECT
        d.rowid, d.fk_element AS fk_commande, d.fk_elementdet AS fk_line, d.fk_entrepot, ROUND(d.qty, 5) AS qty, d.status = 2 AS refused,
        DATE(COALESCE(r.date_reception, r.date_delivery, d.datec)) AS came_on,
        GREATEST(COALESCE(d.tms, d.datec), COALESCE(r.date_valid, d.datec), COALESCE(r.tms, d.datec)) AS entered_at
    FROM llx_receptiondet_batch d
    LEFT JOIN llx_reception r ON r.rowid = d.fk_reception
    WHERE d.element_type IN ('supplier_order', 'order_supplier') AND (d.fk_reception IS NULL OR r.fk_statut > 0)
),
wanted AS (
    SELECT
        l.rowid AS fk_line, l.fk_commande, p.ref AS item_id, l.qty,
        CAST(l.subprice * (1 - COALESCE(l.remise_percent, 0) / 100) AS DECIMAL(24, 8)) AS unit_price,
        COALESCE(
            (SELECT MIN(receipts.fk_entrepot) FROM receipts WHERE receipts.fk_line = l.rowid),
            NULLIF(p.fk_default_warehouse, 0),
            first_open.rowid
        ) AS fk_entrepot,
        COALESCE((SELECT SUM(receipts.qty) FROM receipts WHERE receipts.fk_line = l.rowid), 0) AS came,
        COALESCE((SELECT COUNT(*) FROM receipts WHERE receipts.fk_line = l.rowid), 0) AS deliveries,
        (SELECT MAX(receipts.entered_at) FROM receipts WHERE receipts.fk_line = l.rowid) AS entered_at
    FROM llx_commande_fournisseurdet l
    JOIN llx_product p ON p.rowid = l.fk_product AND p.fk_product_type = 0
    CROSS JOIN first_open
    WHERE l.qty > 0
),
main AS (
    SELECT fk_commande, fk_entrepot, ROW_NUMBER() OVER (PARTITION BY fk_commande ORDER BY fk_line) AS place_no FROM wanted
),
parts AS (
    SELECT
        receipts.fk_line, ROW_NUMBER() OVER (PARTITION BY receipts.fk_line ORDER BY receipts.rowid) AS part_no, receipts.fk_entrepot,
        receipts.qty, receipts.came_on, receipts.qty AS received, CASE WHEN receipts.refused THEN receipts.qty ELSE 0 END AS rejected
    FROM receipts
    UNION ALL
    SELECT fk_line, deliveries + 1, fk_entrepot, ROUND(qty - came, 5), NULL, 0, 0
    FROM wanted
    WHERE deliveries = 0 OR qty - came > 0.00001
)
SELECT
    CASE WHEN parts.fk_entrepot = main.fk_entrepot THEN o.ref ELSE CONCAT(o.ref, '/', e.ref) END AS po_id,
    wanted.fk_line * 1000 + parts.part_no AS line_no,
    wanted.item_id,
    parts.qty AS quantity_ordered,
    NULLIF(wanted.unit_price, 0) AS unit_price,
    DATE(o.date_livraison) AS promised_on,
    parts.came_on AS received_on,
    parts.received AS quantity_received,
    parts.rejected AS quantity_rejected,
    GREATEST(
        COALESCE(o.tms, o.date_creation, '2000-01-01'), COALESCE(o.date_valid, '2000-01-01'), COALESCE(o.date_approve, '2000-01-01'),
        COALESCE(wanted.entered_at, '2000-01-01')
    ) AS updated_at
FROM parts
JOIN wanted ON wanted.fk_line = parts.fk_line
JOIN llx_commande_fournisseur o ON o.rowid = wanted.fk_commande AND o.fk_statut > 0
JOIN main ON main.fk_commande = o.rowid AND main.place_no = 1
JOIN llx_entrepot e ON e.rowid = parts.fk_entrepot
