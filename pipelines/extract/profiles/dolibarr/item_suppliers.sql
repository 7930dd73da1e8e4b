-- Purchase prices of a product by supplier and quantity: the smallest quantity is the minimum, larger ones are price breaks. Primary: the
-- supplier marked as favourite, else the cheapest. One that is marked "do not order" offers nothing.
-- read: whole
WITH prices AS (
    SELECT
        fk_product, fk_soc, quantity, packaging, delivery_time_days, supplier_reputation,
        CAST(unitprice * (1 - COALESCE(remise_percent, 0) / 100) AS DECIMAL(24, 8)) AS net,
        ROW_NUMBER() OVER (PARTITION BY fk_product, fk_soc ORDER BY quantity, rowid) AS tier,
        MAX(COALESCE(tms, datec, '2000-01-01')) OVER (PARTITION BY fk_product, fk_soc) AS changed_at
    FROM llx_product_fournisseur_price
    WHERE COALESCE(supplier_reputation, '') <> 'DONOTORDER'
)
SELECT
    p.ref AS item_id,
    COALESCE(NULLIF(s.code_fournisseur, ''), CAST(s.rowid AS CHAR)) AS supplier_id,
    ROW_NUMBER() OVER (
        PARTITION BY prices.fk_product ORDER BY COALESCE(prices.supplier_reputation, '') = 'FAVORITE' DESC, prices.net, prices.fk_soc
    ) = 1 AS is_primary,
    prices.delivery_time_days AS lead_time_days,
    CASE WHEN prices.quantity > 1 THEN prices.quantity END AS min_order_qty,
    CASE WHEN prices.packaging > 1 THEN prices.packaging END AS pack_size,
    NULLIF(prices.net, 0) AS unit_price,
    prices.changed_at AS updated_at
FROM prices
JOIN llx_product p ON p.rowid = prices.fk_product AND p.fk_product_type = 0
JOIN llx_societe s ON s.rowid = prices.fk_soc
WHERE prices.tier = 1
