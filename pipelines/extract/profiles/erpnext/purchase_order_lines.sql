-- The contract settles a line with one receipt. An order line received in several is one contract line a receipt, and one for what is
-- still open; they are numbered in the order of the receipts, behind a number made from the line's own name. A cancelled receipt keeps its
-- number as a delivery of nothing, so that no later line changes its number. Quantities are in stock units; quantity_received includes what
-- was rejected, and what was sent back later counts as rejected.
WITH touched AS (
    SELECT l.name AS line FROM `tabPurchase Order Item` l WHERE l.modified >= :since
    UNION
    SELECT r.purchase_order_item
    FROM `tabPurchase Receipt` d
    JOIN `tabPurchase Receipt Item` r ON r.parent = d.name
    WHERE d.modified >= :since AND r.purchase_order_item <> ''
    UNION
    SELECT r.po_detail
    FROM `tabPurchase Invoice` d
    JOIN `tabPurchase Invoice Item` r ON r.parent = d.name
    WHERE d.modified >= :since AND d.update_stock = 1 AND r.po_detail <> ''
),
wanted AS (
    SELECT
        l.name, l.parent, l.item_code, l.warehouse, l.qty, l.received_qty, l.modified,
        COALESCE(NULLIF(l.conversion_factor, 0), 1) AS units,
        COALESCE(NULLIF(l.base_net_rate, 0), l.base_rate) AS rate,
        COALESCE(l.expected_delivery_date, l.schedule_date) AS promised_on,
        COALESCE(
            NULLIF(o.set_warehouse, ''),
            (SELECT f.warehouse FROM `tabPurchase Order Item` f WHERE f.parent = o.name ORDER BY f.idx LIMIT 1)
        ) AS main_warehouse
    FROM touched
    JOIN `tabPurchase Order Item` l ON l.name = touched.line AND l.delivered_by_supplier = 0
    JOIN `tabPurchase Order` o ON o.name = l.parent AND o.docstatus IN (1, 2)
    JOIN `tabItem` i ON i.name = l.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
    JOIN `tabWarehouse` w ON w.name = l.warehouse AND w.is_group = 0 AND w.disabled = 0
        AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
),
receipts AS (
    SELECT
        r.name, touched.line, r.warehouse, d.posting_date, d.docstatus, d.is_return, r.purchase_receipt_item AS returned,
        r.qty, r.rejected_qty, r.creation, d.modified
    FROM touched
    JOIN `tabPurchase Receipt Item` r ON r.purchase_order_item = touched.line
    JOIN `tabPurchase Receipt` d ON d.name = r.parent AND d.docstatus IN (1, 2)
    UNION ALL
    SELECT
        r.name, touched.line, r.warehouse, d.posting_date, d.docstatus, d.is_return, r.purchase_invoice_item,
        r.qty, r.rejected_qty, r.creation, d.modified
    FROM touched
    JOIN `tabPurchase Invoice Item` r ON r.po_detail = touched.line
    JOIN `tabPurchase Invoice` d ON d.name = r.parent AND d.docstatus IN (1, 2) AND d.update_stock = 1
),
sent_back AS (
    SELECT
        returned, warehouse, SUM(CASE WHEN docstatus = 1 THEN -qty ELSE 0 END) AS qty, MAX(modified) AS modified
    FROM receipts
    WHERE is_return = 1 AND COALESCE(returned, '') <> ''
    GROUP BY returned, warehouse
),
deliveries AS (
    SELECT
        r.line, r.posting_date, r.docstatus, r.qty, r.rejected_qty,
        -- goods sent back from the warehouse of the rejected were rejected before
        LEAST(COALESCE(b.qty, 0), r.qty) AS sent_back_qty,
        GREATEST(r.modified, COALESCE(b.modified, r.modified)) AS modified,
        ROW_NUMBER() OVER (PARTITION BY r.line ORDER BY r.creation, r.name) AS delivery_no
    FROM receipts r
    LEFT JOIN sent_back b ON b.returned = r.name AND b.warehouse = r.warehouse
    WHERE r.is_return = 0 AND r.qty + r.rejected_qty > 0
),
totals AS (
    SELECT line, COUNT(*) AS deliveries, MAX(modified) AS modified FROM deliveries GROUP BY line
),
numbered AS (
    SELECT
        wanted.*, d.delivery_no, d.qty + d.rejected_qty AS ordered, d.posting_date AS received_on,
        CASE WHEN d.docstatus = 1 THEN d.qty + d.rejected_qty ELSE 0 END AS received,
        CASE WHEN d.docstatus = 1 THEN d.rejected_qty + d.sent_back_qty ELSE 0 END AS rejected,
        GREATEST(wanted.modified, d.modified) AS updated_at
    FROM wanted
    JOIN deliveries d ON d.line = wanted.name
    UNION ALL
    SELECT
        wanted.*, COALESCE(t.deliveries, 0) + 1, wanted.qty - wanted.received_qty, NULL, 0, 0,
        GREATEST(wanted.modified, COALESCE(t.modified, wanted.modified))
    FROM wanted
    LEFT JOIN totals t ON t.line = wanted.name
    WHERE wanted.qty > wanted.received_qty
)
SELECT
    CASE WHEN warehouse = main_warehouse THEN parent ELSE CONCAT(parent, '/', warehouse) END AS po_id,
    CRC32(name) * 1000 + delivery_no AS line_no,
    item_code AS item_id,
    ordered * units AS quantity_ordered,
    rate / units AS unit_price,
    promised_on,
    received_on,
    received * units AS quantity_received,
    rejected * units AS quantity_rejected,
    updated_at
FROM numbered
