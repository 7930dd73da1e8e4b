-- Who supplies what: the item's default supplier, its supplier table, its supplier's prices, and every supplier it was ever ordered from.
-- Primary is the first of these, in that order. Prices and quantities are per stock unit.
WITH bought AS (
    SELECT
        l.item_code, o.supplier, o.transaction_date, o.modified,
        l.base_net_rate / COALESCE(NULLIF(l.conversion_factor, 0), 1) AS rate,
        ROW_NUMBER() OVER (PARTITION BY l.item_code, o.supplier ORDER BY o.transaction_date DESC, o.creation DESC, l.idx) AS rank_no
    FROM `tabPurchase Order Item` l
    JOIN `tabPurchase Order` o ON o.name = l.parent AND o.docstatus = 1
),
prices AS (
    SELECT
        p.item_code, COALESCE(p.supplier, '') AS supplier, p.modified, p.valid_from, p.valid_upto, p.lead_time_days, p.packing_unit,
        COALESCE(NULLIF(c.conversion_factor, 0), 1) AS units,
        p.price_list_rate / COALESCE(NULLIF(c.conversion_factor, 0), 1) AS rate,
        (p.valid_from IS NULL OR p.valid_from <= :as_of) AND (p.valid_upto IS NULL OR p.valid_upto >= :as_of) AS in_force
    FROM `tabItem Price` p
    LEFT JOIN `tabUOM Conversion Detail` c ON c.parenttype = 'Item' AND c.parent = p.item_code AND c.uom = p.uom
    WHERE p.buying = 1
),
newest AS (
    SELECT prices.*, ROW_NUMBER() OVER (PARTITION BY item_code, supplier ORDER BY valid_from DESC, modified DESC) AS rank_no
    FROM prices
    WHERE in_force AND rate > 0
),
changes AS (
    SELECT
        item_code,
        MAX(GREATEST(
            modified,
            CASE WHEN valid_from <= :as_of THEN TIMESTAMP(valid_from) ELSE modified END,
            CASE WHEN valid_upto < :as_of THEN TIMESTAMP(valid_upto) + INTERVAL 1 DAY ELSE modified END
        )) AS changed_at
    FROM prices
    GROUP BY item_code
),
named AS (
    SELECT parent AS item_code, default_supplier AS supplier, 0 AS source, idx AS position
    FROM `tabItem Default` WHERE parenttype = 'Item' AND COALESCE(default_supplier, '') <> ''
    UNION ALL
    SELECT parent, supplier, 1, idx FROM `tabItem Supplier` WHERE parenttype = 'Item' AND COALESCE(supplier, '') <> ''
    UNION ALL
    SELECT item_code, supplier, 2, 0 FROM prices WHERE supplier <> ''
    UNION ALL
    SELECT item_code, supplier, 3, -TO_DAYS(transaction_date) FROM bought WHERE rank_no = 1
),
pairs AS (
    SELECT
        item_code, supplier,
        ROW_NUMBER() OVER (PARTITION BY item_code ORDER BY MIN(source), MIN(source * 1000000 + position), supplier) AS rank_no
    FROM named
    GROUP BY item_code, supplier
)
SELECT
    i.name AS item_id,
    pairs.supplier AS supplier_id,
    pairs.rank_no = 1 AS is_primary,
    COALESCE(NULLIF(own.lead_time_days, 0), NULLIF(i.lead_time_days, 0)) AS lead_time_days,
    NULLIF(i.min_order_qty, 0) AS min_order_qty,
    NULLIF(COALESCE(NULLIF(own.packing_unit, 0), 1) * COALESCE(own.units, unit.conversion_factor, 1), 1) AS pack_size,
    COALESCE(own.rate, listed.rate, NULLIF(bought.rate, 0), NULLIF(i.last_purchase_rate, 0), NULLIF(i.valuation_rate, 0)) AS unit_price,
    GREATEST(i.modified, COALESCE(changes.changed_at, i.modified), COALESCE(bought.modified, i.modified)) AS updated_at
FROM pairs
JOIN `tabItem` i ON i.name = pairs.item_code AND i.is_stock_item = 1 AND i.has_variants = 0 AND i.is_fixed_asset = 0
LEFT JOIN newest own ON own.item_code = i.name AND own.supplier = pairs.supplier AND own.rank_no = 1
LEFT JOIN newest listed ON listed.item_code = i.name AND listed.supplier = '' AND listed.rank_no = 1
LEFT JOIN bought ON bought.item_code = i.name AND bought.supplier = pairs.supplier AND bought.rank_no = 1
LEFT JOIN changes ON changes.item_code = i.name
LEFT JOIN `tabUOM Conversion Detail` unit ON unit.parenttype = 'Item' AND unit.parent = i.name AND unit.uom = i.purchase_uom
