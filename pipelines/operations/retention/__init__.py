"""How long what grows with every day is kept."""
