-- Selling rules with a beginning and an end that hold for every customer: on items, or on all items of a group.
WITH rules AS (
    SELECT r.*, c.item_code
    FROM `tabPricing Rule` r
    JOIN `tabPricing Rule Item Code` c ON c.parenttype = 'Pricing Rule' AND c.parent = r.name
    WHERE r.apply_on = 'Item Code'
    UNION
    SELECT r.*, i.name
    FROM `tabPricing Rule` r
    JOIN `tabPricing Rule Item Group` g ON g.parenttype = 'Pricing Rule' AND g.parent = r.name
    JOIN `tabItem` i ON i.item_group = g.item_group
    WHERE r.apply_on = 'Item Group'
),
prices AS (
    SELECT p.item_code, p.price_list_rate, ROW_NUMBER() OVER (PARTITION BY p.item_code ORDER BY p.valid_from DESC, p.modified DESC) AS rank_no
    FROM `tabItem Price` p
    JOIN `tabItem` i ON i.name = p.item_code AND i.stock_uom = p.uom
    WHERE p.selling = 1 AND COALESCE(p.customer, '') = ''
)
SELECT
    r.item_code AS item_id,
    NULLIF(r.warehouse, '') AS location_id,
    r.valid_from AS starts_on,
    MAX(r.valid_upto) AS ends_on,
    MIN(CASE r.rate_or_discount
        WHEN 'Rate' THEN r.rate
        WHEN 'Discount Percentage' THEN COALESCE(p.price_list_rate, i.standard_rate) * (1 - r.discount_percentage / 100)
        WHEN 'Discount Amount' THEN COALESCE(p.price_list_rate, i.standard_rate) - r.discount_amount
    END) AS price
FROM rules r
JOIN `tabItem` i ON i.name = r.item_code AND i.is_stock_item = 1 AND i.has_variants = 0 AND i.is_fixed_asset = 0
LEFT JOIN prices p ON p.item_code = r.item_code AND p.rank_no = 1
WHERE r.selling = 1 AND r.disable = 0 AND r.price_or_product_discount = 'Price' AND COALESCE(r.applicable_for, '') = ''
    AND r.coupon_code_based = 0 AND r.valid_from IS NOT NULL AND r.valid_upto IS NOT NULL
GROUP BY 1, 2, 3
