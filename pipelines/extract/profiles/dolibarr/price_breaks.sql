-- The prices of larger quantities than the smallest one on offer.
WITH prices AS (
    SELECT
        fk_product, fk_soc, quantity, CAST(unitprice * (1 - COALESCE(remise_percent, 0) / 100) AS DECIMAL(24, 8)) AS net,
        MIN(quantity) OVER (PARTITION BY fk_product, fk_soc) AS least
    FROM llx_product_fournisseur_price
    WHERE COALESCE(supplier_reputation, '') <> 'DONOTORDER'
)
SELECT
    p.ref AS item_id,
    COALESCE(NULLIF(s.code_fournisseur, ''), CAST(s.rowid AS CHAR)) AS supplier_id,
    prices.quantity AS min_qty,
    MIN(prices.net) AS unit_price
FROM prices
JOIN llx_product p ON p.rowid = prices.fk_product AND p.fk_product_type = 0
JOIN llx_societe s ON s.rowid = prices.fk_soc
WHERE prices.quantity > prices.least AND prices.net > 0
GROUP BY 1, 2, 3
