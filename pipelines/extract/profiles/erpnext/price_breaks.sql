-- Buying rules that give one supplier's rate from a quantity on, in force on the as-of date, stated in the stock unit.
SELECT
    c.item_code AS item_id,
    r.supplier AS supplier_id,
    r.min_qty,
    MIN(r.rate) AS unit_price
FROM `tabPricing Rule` r
JOIN `tabPricing Rule Item Code` c ON c.parenttype = 'Pricing Rule' AND c.parent = r.name
JOIN `tabItem` i ON i.name = c.item_code AND i.is_stock_item = 1 AND i.has_variants = 0 AND i.is_fixed_asset = 0
WHERE r.buying = 1 AND r.disable = 0 AND r.apply_on = 'Item Code' AND r.price_or_product_discount = 'Price'
    AND r.applicable_for = 'Supplier' AND r.rate_or_discount = 'Rate' AND r.rate > 0 AND r.min_qty > 0
    AND COALESCE(c.uom, '') IN ('', i.stock_uom)
    AND (r.valid_from IS NULL OR r.valid_from <= :as_of) AND (r.valid_upto IS NULL OR r.valid_upto >= :as_of)
GROUP BY 1, 2, 3
