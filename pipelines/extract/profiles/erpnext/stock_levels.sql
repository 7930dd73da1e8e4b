-- Closing stock of every day with a movement: the balance after the day's last entry; days between carry it forward.
-- An entry that is recorded (or cancelled) after its day changes the balances of later days without touching their `modified`: a day counts
-- as changed when one of its entries was, or such a late one before it. A day left with cancelled entries only closes as the day before did.
-- Grouped, not windowed: MariaDB's running MAX() takes the square of the number of entries.
WITH changed AS (
    SELECT e.item_code, e.warehouse, MIN(e.posting_date) AS from_day
    FROM `tabStock Ledger Entry` e
    JOIN `tabItem` i ON i.name = e.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
    JOIN `tabWarehouse` w ON w.name = e.warehouse AND w.is_group = 0 AND w.disabled = 0
        AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
    WHERE e.modified >= :since AND e.docstatus < 2
    GROUP BY e.item_code, e.warehouse
),
days AS (
    SELECT
        e.item_code, e.warehouse, e.posting_date, CRC32(CONCAT_WS('|', e.item_code, e.warehouse)) AS pair, MAX(e.modified) AS modified,
        -- the last entry and its balance in one text that sorts by time
        MAX(CASE WHEN e.is_cancelled = 0 THEN CONCAT_WS('|', e.posting_time, e.creation, e.name, e.qty_after_transaction) END) AS last_entry
    FROM changed
    JOIN `tabStock Ledger Entry` e
        ON e.item_code = changed.item_code AND e.warehouse = changed.warehouse AND e.posting_date >= changed.from_day AND e.docstatus < 2
    GROUP BY e.item_code, e.warehouse, e.posting_date, pair
),
late AS (
    SELECT
        e.item_code, e.warehouse, CRC32(CONCAT_WS('|', e.item_code, e.warehouse)) AS pair,
        MIN(e.posting_date) AS from_day, MAX(e.modified) AS modified
    FROM `tabStock Ledger Entry` e
    WHERE e.modified >= :since AND DATE(e.modified) > e.posting_date AND e.docstatus < 2
    GROUP BY e.item_code, e.warehouse, DATE(e.modified), pair
)
SELECT
    days.item_code AS item_id,
    days.warehouse AS location_id,
    days.posting_date AS counted_on,
    COALESCE(
        CAST(SUBSTRING_INDEX(days.last_entry, '|', -1) AS DECIMAL(21, 9)),
        (
            SELECT earlier.qty_after_transaction
            FROM `tabStock Ledger Entry` earlier
            WHERE earlier.item_code = days.item_code AND earlier.warehouse = days.warehouse
                AND earlier.posting_date < days.posting_date AND earlier.is_cancelled = 0
            ORDER BY earlier.posting_date DESC, earlier.posting_time DESC, earlier.creation DESC, earlier.name DESC
            LIMIT 1
        ),
        0
    ) AS on_hand,
    GREATEST(days.modified, COALESCE((
        SELECT MAX(late.modified)
        FROM late
        -- by a number, as the two names together are too long for the key of a derived table; CONCAT keeps them out of it
        WHERE late.pair = days.pair AND CONCAT(late.item_code, '|', late.warehouse) = CONCAT(days.item_code, '|', days.warehouse)
            AND late.from_day <= days.posting_date
    ), days.modified)) AS updated_at
FROM days
