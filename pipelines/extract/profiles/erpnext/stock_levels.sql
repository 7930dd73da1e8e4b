-- Closing stock of every day with a movement: the balance after the day's last entry; days between carry it forward.
-- A backdated entry changes the balances of later entries without touching their `modified`: a day counts as changed when any entry of its
-- item and warehouse up to that day was. A day left with cancelled entries only closes as the day before did.
WITH changed AS (
    SELECT e.item_code, e.warehouse, MIN(e.posting_date) AS from_day
    FROM `tabStock Ledger Entry` e
    JOIN `tabItem` i ON i.name = e.item_code AND i.is_stock_item = 1 AND i.is_fixed_asset = 0
    JOIN `tabWarehouse` w ON w.name = e.warehouse AND w.is_group = 0 AND w.disabled = 0
        AND w.is_rejected_warehouse = 0 AND COALESCE(w.warehouse_type, '') <> 'Transit'
    WHERE e.modified >= :since AND e.docstatus < 2
    GROUP BY e.item_code, e.warehouse
),
entries AS (
    SELECT
        e.item_code, e.warehouse, e.posting_date, e.is_cancelled, e.qty_after_transaction,
        ROW_NUMBER() OVER (
            PARTITION BY e.item_code, e.warehouse, e.posting_date ORDER BY e.is_cancelled, e.posting_time DESC, e.creation DESC, e.name DESC
        ) AS rank_no,
        MAX(e.modified) OVER (PARTITION BY e.item_code, e.warehouse ORDER BY e.posting_date) AS updated_at
    FROM changed
    JOIN `tabStock Ledger Entry` e
        ON e.item_code = changed.item_code AND e.warehouse = changed.warehouse AND e.posting_date >= changed.from_day AND e.docstatus < 2
)
SELECT
    entries.item_code AS item_id,
    entries.warehouse AS location_id,
    entries.posting_date AS counted_on,
    CASE WHEN entries.is_cancelled = 0 THEN entries.qty_after_transaction ELSE COALESCE((
        SELECT earlier.qty_after_transaction
        FROM `tabStock Ledger Entry` earlier
        WHERE earlier.item_code = entries.item_code AND earlier.warehouse = entries.warehouse
            AND earlier.posting_date < entries.posting_date AND earlier.is_cancelled = 0
        ORDER BY earlier.posting_date DESC, earlier.posting_time DESC, earlier.creation DESC, earlier.name DESC
        LIMIT 1
    ), 0) END AS on_hand,
    entries.updated_at
FROM entries
WHERE entries.rank_no = 1
