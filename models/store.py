"""A hybrid forecaster as a folder: JSON, and the boosters in their libraries' own text formats. No pickles, no network."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import classical
from models.aligned import Aligned
from models.boosted import Booster
from models.calibration import Calibration
from models.classical import Decayed, Smoother
from models.hybrid import Hybrid, Recipe
from models.interface import Member
from models.seasonal import Season
from models.spread import Spread
from pipelines.core.errors import StockproofError

FORMAT: Final = 1
_BOOSTER_FIELDS: Final = (
    "library",
    "threads",
    "seed",
    "horizon",
    "rounds",
    "max_rows",
    "depth_weeks",
    "tweedie",
    "learning_rate",
    "leaves",
)
_MAKERS: Final = {
    "croston": classical.croston, "sba": classical.sba, "tsb": classical.tsb, "mean_nonzero": classical.mean_nonzero,
}  # fmt: skip


def save(model: Hybrid, folder: Path) -> Path:
    """Write a fitted forecaster.

    Args:
        model: fitted.
        folder: made where missing.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT, "name": model.name, "min_observations": model.min_observations, "recipe": recipe_to_json(model.recipe),
        "season": _season_to_json(model.season), "window_spread": _spread_to_json(model.window_spread),
        "bucket_spread": _spread_to_json(model.bucket_spread),
        "members": {name: _member_to_json(member, folder) for name, member in sorted(model.members.items())},
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(content, sort_keys=True))
    return folder


def load(folder: Path) -> Hybrid:
    """Read a forecaster.

    Args:
        folder: written by :func:`save`.

    Returns:
        The fitted forecaster.

    Raises:
        StockproofError: the folder is not whole, or of another format.
    """
    remedy = "train again: `stockproof run training`"
    try:
        content = json.loads((folder / "model.json").read_text())
        if content["format"] != FORMAT:
            raise StockproofError(
                f"model in {folder} has format {content['format']}, this program reads {FORMAT}", remedy
            )
        return Hybrid(
            recipe_from_json(content["recipe"]),
            {name: _member_from_json(told, folder) for name, told in content["members"].items()},
            content["min_observations"], content["name"], _season_from_json(content["season"]),
            _spread_from_json(content["window_spread"]), _spread_from_json(content["bucket_spread"]),
        )  # fmt: skip
    except (OSError, KeyError, ValueError, TypeError) as fault:
        raise StockproofError(f"model in {folder} cannot be read: {fault!r}", remedy) from None


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON values."""
    return {
        "members": recipe.members, "weights": recipe.weights.tolist(), "methods": recipe.methods, "reasons": recipe.reasons,
        "window": _calibration_to_json(recipe.window), "bucket": _calibration_to_json(recipe.bucket),
    }  # fmt: skip


def recipe_from_json(told: dict[str, Any]) -> Recipe:
    """The recipe that :func:`recipe_to_json` wrote."""
    window, bucket = (
        Calibration(np.array(told[name]["scale"]), np.array(told[name]["curve"])) for name in ("window", "bucket")
    )
    return Recipe(
        tuple(told["members"]),
        np.array(told["weights"]),
        tuple(told["methods"]),
        tuple(told["reasons"]),
        window,
        bucket,
    )


def _calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    return {"scale": calibration.scale.tolist(), "curve": calibration.curve.tolist()}


def _season_to_json(season: Season | None) -> dict[str, Any] | None:
    return None if season is None else {"weekday": season.weekday.tolist(), "year": season.year.tolist()}


def _season_from_json(told: dict[str, Any] | None) -> Season | None:
    return None if told is None else Season(np.array(told["weekday"]), np.array(told["year"]))


def _spread_to_json(spread: Spread | None) -> dict[str, Any] | None:
    return None if spread is None else {"phi": spread.phi.tolist(), "alpha": spread.alpha.tolist()}


def _spread_from_json(told: dict[str, Any] | None) -> Spread | None:
    return None if told is None else Spread(np.array(told["phi"]), np.array(told["alpha"]))


def _member_to_json(member: Member, folder: Path) -> dict[str, Any]:
    if isinstance(member, Aligned):
        return {"kind": "aligned", "member": _member_to_json(member.member, folder)}
    if isinstance(member, Booster):
        told: dict[str, Any] = {"kind": "booster", **{name: getattr(member, name) for name in _BOOSTER_FIELDS}}
        if member.model is not None:
            told["file"] = {"lightgbm": "lightgbm.txt", "xgboost": "xgboost.json"}[member.library]
            member.model.save_model(str(folder / told["file"]))
        return {**told, "season": _season_to_json(member.season)}
    if isinstance(member, Smoother):
        return {
            "kind": "smoother",
            "name": member.name,
            "seasonality": member.seasonality,
            "season": _season_to_json(member.season),
        }
    if isinstance(member, Decayed):
        return {"kind": "decayed", "season": _season_to_json(member.season)}
    raise StockproofError(
        f"member {member.name} of type {type(member).__name__} cannot be stored", "store members of models/ only"
    )


def _member_from_json(told: dict[str, Any], folder: Path) -> Member:
    if told["kind"] == "aligned":
        return Aligned(_member_from_json(told["member"], folder))
    season = _season_from_json(told["season"])
    if told["kind"] == "decayed":
        return Decayed(season=season)
    if told["kind"] == "smoother":
        made = _MAKERS[told["name"]](told["seasonality"])
        made.season = season
        return made
    booster = Booster(**{name: told[name] for name in _BOOSTER_FIELDS})
    booster.season, booster.model = season, _load_trees(told, folder)
    return booster


def _load_trees(told: dict[str, Any], folder: Path) -> Any:
    if "file" not in told:
        return None
    if told["library"] == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=str(folder / told["file"]))
    import xgboost

    trees = xgboost.Booster()
    trees.load_model(str(folder / told["file"]))
    return trees
