-- Whatever document the site lets move its stock (order, shipment or invoice), the movement names it: so each unit is sold once, on the day
-- and from the warehouse that it left. What came back on such a document is a return. What production uses up is demand of the part.
-- A movement is never changed; `tms` is when it was entered.
SELECT
    CAST(m.rowid AS CHAR) AS sale_id,
    p.ref AS item_id,
    e.ref AS location_id,
    DATE(m.datem) AS sold_on,
    -m.value AS quantity,
    CAST(NULL AS DECIMAL(24, 8)) AS unit_price,
    COALESCE(m.tms, m.datem) AS updated_at
FROM llx_stock_mouvement m
JOIN llx_product p ON p.rowid = m.fk_product AND p.fk_product_type = 0
JOIN llx_entrepot e ON e.rowid = m.fk_entrepot AND e.statut > 0
WHERE COALESCE(m.tms, m.datem) >= :since AND m.value <> 0
    AND (m.origintype IN ('commande', 'shipping', 'facture', 'delivery') OR (m.origintype = 'mo' AND m.value < 0))
