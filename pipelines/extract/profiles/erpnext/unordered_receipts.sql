-- Goods that came without an order line: receipts, and invoices that move stock themselves. Quantities are in stock units and accepted;
-- what was sent back later is taken off, and a cancelled document stays as a receipt of nothing.
WITH wanted AS (
    SELECT
        d.name AS document, r.name AS line, d.supplier, r.item_code, r.warehouse, d.posting_date, d.docstatus, r.qty, r.conversion_factor,
        r.base_net_rate, d.modified
    FROM `tabPurchase Receipt` d
    JOIN `tabPurchase Receipt Item` r ON r.parent = d.name
    WHERE d.docstatus IN (1, 2) AND d.is_return = 0 AND COALESCE(r.purchase_order_item, '') = ''
    UNION ALL
    SELECT d.name, r.name, d.supplier, r.item_code, r.warehouse, d.posting_date, d.docstatus, r.qty, r.conversion_factor, r.base_net_rate, d.modified
    FROM `tabPurchase Invoice` d
    JOIN `tabPurchase Invoice Item` r ON r.parent = d.name
    WHERE d.docstatus IN (1, 2) AND d.is_return = 0 AND d.update_stock = 1
        AND COALESCE(r.po_detail, '') = '' AND COALESCE(r.pr_detail, '') = ''
),
sent_back AS (
    SELECT receipt, SUM(CASE WHEN docstatus = 1 THEN -qty ELSE 0 END) AS qty, MAX(modified) AS modified
    FROM (
        SELECT r.purchase_receipt_item AS receipt, d.docstatus, r.qty, d.modified
        FROM `tabPurchase Receipt` d
        JOIN `tabPurchase Receipt Item` r ON r.parent = d.name
        WHERE d.is_return = 1 AND d.docstatus IN (1, 2) AND r.purchase_receipt_item <> ''
        UNION ALL
        SELECT r.purchase_invoice_item, d.docstatus, r.qty, d.modified
        FROM `tabPurchase Invoice` d
        JOIN `tabPurchase Invoice Item` r ON r.parent = d.name
        WHERE d.is_return = 1 AND d.update_stock = 1 AND d.docstatus IN (1, 2) AND r.purchase_invoice_item <> ''
    ) AS returned
    GROUP BY receipt
)
SELECT
    CONCAT(w.document, '/', w.line) AS receipt_id,
    w.supplier AS supplier_id,
    w.item_code AS item_id,
    w.warehouse AS location_id,
    w.posting_date AS received_on,
    CASE WHEN w.docstatus = 1 THEN GREATEST(w.qty - COALESCE(b.qty, 0), 0) ELSE 0 END * COALESCE(NULLIF(w.conversion_factor, 0), 1) AS quantity,
    w.base_net_rate / COALESCE(NULLIF(w.conversion_factor, 0), 1) AS unit_price,
    GREATEST(w.modified, COALESCE(b.modified, w.modified)) AS updated_at
FROM wanted w
JOIN `tabItem` i ON i.name = w.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
JOIN `tabWarehouse` h ON h.name = w.warehouse AND h.is_group = 0 AND h.disabled = 0
    AND h.is_rejected_warehouse = 0 AND COALESCE(h.warehouse_type, '') <> 'Transit'
LEFT JOIN sent_back b ON b.receipt = w.line
WHERE w.modified >= :since OR b.modified >= :since
