-- What left the stock for a customer: delivery notes, and invoices that move stock themselves (an invoice made from a delivery note does
-- not). Quantities are in stock units, negative on returns. A cancelled document stays as a sale of nothing: it takes the place of the
-- version that was read before. Its lines do not change but with it. Of a product bundle its parts are sold. Transfers to an internal customer are no demand.
WITH wanted AS (
    SELECT
        l.parent, l.name, l.item_code, l.warehouse, d.posting_date, d.docstatus, l.stock_qty,
        l.base_net_rate / COALESCE(NULLIF(l.conversion_factor, 0), 1) AS rate, d.modified AS updated_at
    FROM `tabDelivery Note Item` l
    JOIN `tabDelivery Note` d ON d.name = l.parent
    WHERE d.modified >= :since AND d.docstatus IN (1, 2) AND d.is_internal_customer = 0
    UNION ALL
    SELECT
        l.parent, l.name, l.item_code, l.warehouse, d.posting_date, d.docstatus, l.stock_qty,
        l.base_net_rate / COALESCE(NULLIF(l.conversion_factor, 0), 1), d.modified
    FROM `tabSales Invoice Item` l
    JOIN `tabSales Invoice` d ON d.name = l.parent
    WHERE d.modified >= :since AND d.docstatus IN (1, 2) AND d.update_stock = 1 AND d.is_internal_customer = 0
        AND COALESCE(l.dn_detail, '') = '' AND l.delivered_by_supplier = 0
    UNION ALL
    SELECT l.parent, l.name, l.item_code, l.warehouse, d.posting_date, d.docstatus, l.qty, NULLIF(l.rate, 0), d.modified
    FROM `tabPacked Item` l
    JOIN `tabDelivery Note` d ON d.name = l.parent
    WHERE d.modified >= :since AND l.parenttype = 'Delivery Note' AND d.docstatus IN (1, 2) AND d.is_internal_customer = 0
    UNION ALL
    SELECT l.parent, l.name, l.item_code, l.warehouse, d.posting_date, d.docstatus, l.qty, NULLIF(l.rate, 0), d.modified
    FROM `tabPacked Item` l
    JOIN `tabSales Invoice` d ON d.name = l.parent
    WHERE d.modified >= :since AND l.parenttype = 'Sales Invoice' AND d.docstatus IN (1, 2) AND d.update_stock = 1 AND d.is_internal_customer = 0
)
SELECT
    CONCAT(wanted.parent, '/', wanted.name) AS sale_id,
    wanted.item_code AS item_id,
    wanted.warehouse AS location_id,
    wanted.posting_date AS sold_on,
    CASE WHEN wanted.docstatus = 1 THEN wanted.stock_qty ELSE 0 END AS quantity,
    wanted.rate AS unit_price,
    wanted.updated_at
FROM wanted
JOIN `tabItem` i ON i.name = wanted.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
JOIN `tabWarehouse` w ON w.name = wanted.warehouse AND w.is_group = 0 AND w.disabled = 0
    AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
