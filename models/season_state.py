"""Parts that stored members share, as JSON values."""

from typing import Any

import numpy as np

from models.seasonal import Season


def season_to_json(season: Season | None) -> dict[str, Any] | None:
    """The seasonal index, or None before fitting."""
    return None if season is None else {"weekday": season.weekday.tolist(), "year": season.year.tolist()}


def season_from_json(told: dict[str, Any] | None) -> Season | None:
    """The index that :func:`season_to_json` wrote."""
    return None if told is None else Season(np.array(told["weekday"]), np.array(told["year"]))
