"""Parts that stored members share, as JSON values."""

from typing import Any

import numpy as np

from models.seasonal import Season


def season_to_json(season: Season | None, *, years: bool = False) -> dict[str, Any] | None:
    """The seasonal index, or None before fitting; with ``years``, what is known of each year without it."""
    if season is None:
        return None
    return {
        "weekday": season.weekday.tolist(),
        "year": season.year.tolist(),
        "groups": season.groups,
        "own": season.own,
        "apart": {str(year): table.tolist() for year, table in season.apart.items()} if years else {},
    }


def season_from_json(values: dict[str, Any] | None) -> Season | None:
    """The index that :func:`season_to_json` wrote."""
    if values is None:
        return None
    weekday, year = np.array(values["weekday"]), np.array(values["year"])
    own = tuple((str(item), str(location)) for item, location in values.get("own", ()))
    apart = {int(of): np.array(table) for of, table in values.get("apart", {}).items()}
    return Season(weekday, year, int(values.get("groups", weekday.shape[0] - 1)), own, apart)
