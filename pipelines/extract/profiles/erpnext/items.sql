-- Items kept in stock. Templates of variants and fixed assets are no SKUs; services and product bundles keep no stock.
-- Cost: what was last paid, else the rate the item was entered with, else the buying price list. Price: the selling price list in force.
-- An item counts as changed when one of its prices was changed, came into force or ran out.
WITH prices AS (
    SELECT
        p.item_code, p.buying, p.selling, p.modified, p.valid_from, p.valid_upto,
        p.price_list_rate / COALESCE(NULLIF(c.conversion_factor, 0), 1) AS rate,
        (p.valid_from IS NULL OR p.valid_from <= :as_of) AND (p.valid_upto IS NULL OR p.valid_upto >= :as_of)
            AND COALESCE(p.customer, '') = '' AND COALESCE(p.batch_no, '') = '' AS in_force
    FROM `tabItem Price` p
    LEFT JOIN `tabUOM Conversion Detail` c ON c.parenttype = 'Item' AND c.parent = p.item_code AND c.uom = p.uom
),
newest AS (
    SELECT
        item_code, selling, rate,
        ROW_NUMBER() OVER (PARTITION BY item_code, selling ORDER BY valid_from DESC, modified DESC) AS rank_no
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
)
SELECT
    i.name AS item_id,
    COALESCE(NULLIF(i.item_name, ''), i.name) AS name,
    i.item_group AS category,
    COALESCE(NULLIF(i.last_purchase_rate, 0), NULLIF(i.valuation_rate, 0), buying.rate) AS unit_cost,
    COALESCE(selling.rate, NULLIF(i.standard_rate, 0)) AS unit_price,
    CASE WHEN i.disabled = 1 THEN DATE(i.modified) WHEN i.end_of_life <= :as_of THEN i.end_of_life END AS discontinued_on,
    GREATEST(
        i.modified,
        COALESCE(changes.changed_at, i.modified),
        CASE WHEN i.end_of_life <= :as_of THEN TIMESTAMP(i.end_of_life) ELSE i.modified END
    ) AS updated_at
FROM `tabItem` i
LEFT JOIN newest buying ON buying.item_code = i.name AND buying.selling = 0 AND buying.rank_no = 1
LEFT JOIN newest selling ON selling.item_code = i.name AND selling.selling = 1 AND selling.rank_no = 1
LEFT JOIN changes ON changes.item_code = i.name
WHERE i.is_stock_item = 1 AND i.has_variants = 0 AND i.is_fixed_asset = 0
