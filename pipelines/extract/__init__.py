"""Extraction: from the ERP, whatever its schema, into the append-only raw tables of the warehouse."""
