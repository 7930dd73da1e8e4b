-- Closing stock of every day with a movement: the stock of today less the movements since; days between carry it forward. A movement that is
-- entered after its day changes the balances of later days: they count as changed when it was entered.
WITH moves AS (
    SELECT m.fk_product, m.fk_entrepot, DATE(m.datem) AS day, m.value, COALESCE(m.tms, m.datem) AS entered_at
    FROM llx_stock_mouvement m
    JOIN llx_product p ON p.rowid = m.fk_product AND p.fk_product_type = 0
    JOIN llx_entrepot e ON e.rowid = m.fk_entrepot AND e.statut > 0
),
changed AS (
    SELECT fk_product, fk_entrepot, MIN(day) AS from_day FROM moves WHERE entered_at >= :since GROUP BY fk_product, fk_entrepot
),
days AS (
    SELECT moves.fk_product, moves.fk_entrepot, moves.day, SUM(moves.value) AS moved, MAX(moves.entered_at) AS entered_at
    FROM changed
    JOIN moves ON moves.fk_product = changed.fk_product AND moves.fk_entrepot = changed.fk_entrepot AND moves.day >= changed.from_day
    GROUP BY moves.fk_product, moves.fk_entrepot, moves.day
),
late AS (
    SELECT fk_product, fk_entrepot, MIN(day) AS from_day, MAX(entered_at) AS entered_at
    FROM moves
    WHERE entered_at >= :since AND DATE(entered_at) > day
    GROUP BY fk_product, fk_entrepot, DATE(entered_at)
)
SELECT
    p.ref AS item_id,
    e.ref AS location_id,
    days.day AS counted_on,
    ROUND(COALESCE(s.reel, 0) - COALESCE(SUM(days.moved) OVER (
        PARTITION BY days.fk_product, days.fk_entrepot ORDER BY days.day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0), 8) AS on_hand,
    GREATEST(days.entered_at, COALESCE((
        SELECT MAX(late.entered_at)
        FROM late
        WHERE late.fk_product = days.fk_product AND late.fk_entrepot = days.fk_entrepot AND late.from_day <= days.day
    ), days.entered_at)) AS updated_at
FROM days
JOIN llx_product p ON p.rowid = days.fk_product
JOIN llx_entrepot e ON e.rowid = days.fk_entrepot
LEFT JOIN llx_product_stock s ON s.fk_product = days.fk_product AND s.fk_entrepot = days.fk_entrepot
