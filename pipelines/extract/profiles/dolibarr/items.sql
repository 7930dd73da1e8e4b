-- Goods, not services. Cost: what the product card says, else the weighted average, else the best supplier price. An item that is not for
-- purchase is no longer bought. `tms` does not move on every server (MariaDB from 10.10 on, tables of an old site): the table is read whole.
-- A column double(24,8) holds 6.56 as 6.5600000000000005: prices are rounded as they were entered.
-- read: whole
WITH offers AS (
    SELECT
        fk_product,
        MIN(NULLIF(unitprice * (1 - COALESCE(remise_percent, 0) / 100), 0)) AS best,
        MAX(COALESCE(tms, datec)) AS changed_at
    FROM llx_product_fournisseur_price
    GROUP BY fk_product
),
groups_of AS (
    SELECT c.fk_product, MIN(g.label) AS label
    FROM llx_categorie_product c
    JOIN llx_categorie g ON g.rowid = c.fk_categorie
    GROUP BY c.fk_product
)
SELECT
    p.ref AS item_id,
    COALESCE(NULLIF(p.label, ''), p.ref) AS name,
    groups_of.label AS category,
    CAST(COALESCE(NULLIF(p.cost_price, 0), NULLIF(p.pmp, 0), offers.best) AS DECIMAL(24, 8)) AS unit_cost,
    CAST(NULLIF(p.price, 0) AS DECIMAL(24, 8)) AS unit_price,
    -- the unit is a power of ten of a cubic metre; ounces and gallons are not
    CASE WHEN p.volume > 0 AND COALESCE(p.volume_units, 0) <= 0 THEN p.volume * POW(10, COALESCE(p.volume_units, 0)) END AS unit_volume,
    DATE(p.datec) AS created_on,
    CASE WHEN p.tobuy = 0 THEN DATE(COALESCE(p.tms, p.datec, '2000-01-01')) END AS discontinued_on,
    COALESCE(GREATEST(COALESCE(p.tms, p.datec), COALESCE(offers.changed_at, p.datec)), p.tms, p.datec, '2000-01-01') AS updated_at
FROM llx_product p
LEFT JOIN offers ON offers.fk_product = p.rowid
LEFT JOIN groups_of ON groups_of.fk_product = p.rowid
WHERE p.fk_product_type = 0
