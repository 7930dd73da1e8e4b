-- The contract settles a line with one receipt. An order line received in several is one contract line a receipt, and one for what is
-- still open; they are numbered in the order of the receipts, behind a number made from the line's own name. A cancelled receipt keeps its
-- number as a delivery of nothing, so that no later line changes its number. Quantities are in stock units; quantity_received includes what
-- was rejected, and what was sent back later counts as rejected.
WITH touched AS (
    SELECT o.name FROM `tabPurchase Order` o WHERE o.modified >= :since
    UNION
    SELECT r.purchase_order FROM `tabPurchase Receipt` d JOIN `tabPurchase Receipt Item` r ON r.parent = d.name WHERE d.modified >= :since
    UNION
    SELECT r.purchase_order FROM `tabPurchase Invoice` d JOIN `tabPurchase Invoice Item` r ON r.parent = d.name WHERE d.modified >= :since
),
-- Everything that happened to a line: receipts (0), then the rest still to come (1); goods sent back (2) only date the change.
events AS (
    SELECT
        l.name AS line, r.name, CASE WHEN d.is_return = 1 THEN 2 ELSE 0 END AS kind,
        r.warehouse, d.posting_date, d.docstatus, r.qty, r.rejected_qty, r.creation, d.modified
    FROM touched
    JOIN `tabPurchase Order Item` l ON l.parent = touched.name
    JOIN `tabPurchase Receipt Item` r ON r.purchase_order_item = l.name
    JOIN `tabPurchase Receipt` d ON d.name = r.parent AND d.docstatus IN (1, 2)
    UNION ALL
    SELECT
        l.name, r.name, CASE WHEN d.is_return = 1 THEN 2 ELSE 0 END,
        r.warehouse, d.posting_date, d.docstatus, r.qty, r.rejected_qty, r.creation, d.modified
    FROM touched
    JOIN `tabPurchase Order Item` l ON l.parent = touched.name
    JOIN `tabPurchase Invoice Item` r ON r.po_detail = l.name
    JOIN `tabPurchase Invoice` d ON d.name = r.parent AND d.docstatus IN (1, 2) AND d.update_stock = 1
    UNION ALL
    SELECT l.name, '', 1, '', NULL, l.docstatus, 0, 0, l.creation, l.modified
    FROM touched
    JOIN `tabPurchase Order Item` l ON l.parent = touched.name
),
numbered AS (
    SELECT
        line, name, kind, warehouse, posting_date, docstatus, qty, rejected_qty, modified,
        ROW_NUMBER() OVER (PARTITION BY line ORDER BY kind, creation, name) AS delivery_no,
        MAX(modified) OVER (PARTITION BY line) AS line_modified
    FROM events
    WHERE kind > 0 OR qty + rejected_qty > 0
),
sent_back AS (
    SELECT receipt, warehouse, SUM(CASE WHEN docstatus = 1 THEN -qty ELSE 0 END) AS qty, MAX(modified) AS modified
    FROM (
        SELECT r.purchase_receipt_item AS receipt, r.warehouse, d.docstatus, r.qty, d.modified
        FROM `tabPurchase Receipt` d
        JOIN `tabPurchase Receipt Item` r ON r.parent = d.name
        WHERE d.is_return = 1 AND d.docstatus IN (1, 2) AND r.purchase_receipt_item <> ''
        UNION ALL
        SELECT r.purchase_invoice_item, r.warehouse, d.docstatus, r.qty, d.modified
        FROM `tabPurchase Invoice` d
        JOIN `tabPurchase Invoice Item` r ON r.parent = d.name
        WHERE d.is_return = 1 AND d.update_stock = 1 AND d.docstatus IN (1, 2) AND r.purchase_invoice_item <> ''
    ) AS returned
    GROUP BY receipt, warehouse
)
SELECT
    CASE
        WHEN l.warehouse = COALESCE(
            NULLIF(o.set_warehouse, ''),
            (SELECT f.warehouse FROM `tabPurchase Order Item` f WHERE f.parent = o.name ORDER BY f.idx LIMIT 1)
        ) THEN o.name
        ELSE CONCAT(o.name, '/', l.warehouse)
    END AS po_id,
    CRC32(l.name) * 1000 + n.delivery_no AS line_no,
    l.item_code AS item_id,
    CASE n.kind WHEN 0 THEN n.qty + n.rejected_qty ELSE l.qty - l.received_qty END * COALESCE(NULLIF(l.conversion_factor, 0), 1) AS quantity_ordered,
    COALESCE(NULLIF(l.base_net_rate, 0), l.base_rate) / COALESCE(NULLIF(l.conversion_factor, 0), 1) AS unit_price,
    COALESCE(l.expected_delivery_date, l.schedule_date) AS promised_on,
    n.posting_date AS received_on,
    CASE WHEN n.kind = 0 AND n.docstatus = 1 THEN n.qty + n.rejected_qty ELSE 0 END
        * COALESCE(NULLIF(l.conversion_factor, 0), 1) AS quantity_received,
    -- only what went back from the accepted stock: the rest of it was rejected before
    CASE WHEN n.kind = 0 AND n.docstatus = 1 THEN n.rejected_qty + LEAST(COALESCE(b.qty, 0), n.qty) ELSE 0 END
        * COALESCE(NULLIF(l.conversion_factor, 0), 1) AS quantity_rejected,
    GREATEST(l.modified, CASE n.kind WHEN 0 THEN GREATEST(n.modified, COALESCE(b.modified, n.modified)) ELSE n.line_modified END) AS updated_at
FROM numbered n
JOIN `tabPurchase Order Item` l ON l.name = n.line AND l.delivered_by_supplier = 0
JOIN `tabPurchase Order` o ON o.name = l.parent AND o.docstatus IN (1, 2)
JOIN `tabItem` i ON i.name = l.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
JOIN `tabWarehouse` w ON w.name = l.warehouse AND w.is_group = 0 AND w.disabled = 0
    AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
LEFT JOIN sent_back b ON b.receipt = n.name AND b.warehouse = n.warehouse
WHERE n.kind = 0 OR (n.kind = 1 AND l.qty > l.received_qty)
