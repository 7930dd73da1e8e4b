"""Policy parameters for every SKU: reorder point, order-up-to level, safety stock. Pure but for ``job``."""
