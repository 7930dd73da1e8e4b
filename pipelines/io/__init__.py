"""The only doors to the outside: ERP, warehouse, model registry, files, notifications."""
