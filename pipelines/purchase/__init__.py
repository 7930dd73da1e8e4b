"""Purchase decisions for every SKU: how much, from whom, at which price, and why. Pure but for ``job``."""
