-- Third parties marked as supplier; one that was closed takes no orders.
-- read: whole
SELECT
    COALESCE(NULLIF(s.code_fournisseur, ''), CAST(s.rowid AS CHAR)) AS supplier_id,
    s.nom AS name,
    c.code AS country,
    s.status = 1 AND s.fournisseur = 1 AS active,
    COALESCE(s.tms, s.datec, '2000-01-01') AS updated_at
FROM llx_societe s
LEFT JOIN llx_c_country c ON c.rowid = s.fk_pays
WHERE s.fournisseur = 1 OR EXISTS (SELECT 1 FROM llx_commande_fournisseur o WHERE o.fk_soc = s.rowid)
