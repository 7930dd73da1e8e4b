"""Companies whose true demand is known: what the product forecasts and orders for them, against the truth."""
