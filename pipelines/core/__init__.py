"""The shared vocabulary: planning unit, calendar, demand panel, cost rates, quantile grid, seeds. Pure."""
