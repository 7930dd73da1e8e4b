"""A hybrid forecaster as a folder: JSON, and the boosters in their libraries' own text formats. No pickles, no network."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.distribution.spread import Spread
from models.hybrid import Hybrid
from models.interface import Member
from models.members.aligned import Aligned
from models.members.boosted import Booster
from models.members.bootstrap import WindowBootstrap
from models.members.classical import Decayed, SeasonalNaive, Smoother
from models.members.ensemble import Ensemble
from models.members.hurdle import Hurdle
from models.members.quantiles import QuantileBooster
from models.recipe import Recipe
from models.recipe import from_json as recipe_from_json
from models.recipe import to_json as recipe_to_json
from models.season_state import season_from_json, season_to_json
from models.store.catalogue import MAKERS, Options
from models.totals.total_trees import TreePlan
from pipelines.core.errors import StockproofError

FORMAT: Final = 3
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
    "objective",
    "ratio",
)
__all__ = ["FORMAT", "KINDS", "judged", "load", "recipe_from_json", "recipe_to_json", "save"]

KINDS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (WindowBootstrap, Hurdle, Ensemble, QuantileBooster)}
"""Classes of members that store themselves (:class:`models.interface.Storable`), by name."""


def save(model: Hybrid, folder: Path, judged: Recipe | None = None) -> Path:
    """Write a fitted forecaster.

    Args:
        model: fitted.
        folder: made where missing.
        judged: the recipe chosen without the newest window, for :func:`judged`.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "name": model.name,
        "min_observations": model.min_observations,
        "recipe": recipe_to_json(model.recipe),
        "season": season_to_json(model.season, years=True),
        "window_spread": _spread_to_json(model.window_spread),
        "bucket_spread": _spread_to_json(model.bucket_spread),
        "names": {key: list(names) for key, names in model.names.items()},
        "members": {name: _member_to_json(member, folder) for name, member in sorted(model.members.items())},
    }
    if judged is not None:
        content["judged"] = recipe_to_json(judged)
    content["files"] = {path.name: _digest(path) for path in sorted(folder.iterdir()) if path.name != "model.json"}
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
                f"the stored model has format {content['format']}, this program reads {FORMAT}", remedy
            )
        _check_files(content.get("files", {}), folder)
        return Hybrid(
            recipe_from_json(content["recipe"]),
            {name: _member_from_json(member, folder) for name, member in content["members"].items()},
            content["min_observations"],
            content["name"],
            season_from_json(content["season"]),
            _spread_from_json(content["window_spread"]),
            _spread_from_json(content["bucket_spread"]),
            {key: tuple(names) for key, names in content.get("names", {}).items()},
        )
    except StockproofError:
        raise
    except Exception as fault:  # each library has errors of its own for a file that is not what it wrote
        # Becomes the reason of every SKU: no folder in it, which is another one each time.
        raise StockproofError(f"the stored model cannot be read: {fault!r}", remedy) from None


def judged(folder: Path) -> Recipe:
    """The recipe that had not seen the newest window of its training; of a model stored without one, the model's own.

    Args:
        folder: written by :func:`save`, and read by :func:`load` before.
    """
    content = json.loads((folder / "model.json").read_text())
    return recipe_from_json(content.get("judged", content["recipe"]))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_files(written: dict[str, str], folder: Path) -> None:
    """Before a library reads them: LightGBM ends the process, without an error, over trees that were cut short."""
    for name, digest in written.items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise ValueError(f"{name} is not as it was written")


def _spread_to_json(spread: Spread | None) -> dict[str, Any] | None:
    return None if spread is None else {"phi": spread.phi.tolist(), "alpha": spread.alpha.tolist()}


def _spread_from_json(content: dict[str, Any] | None) -> Spread | None:
    return None if content is None else Spread(np.array(content["phi"]), np.array(content["alpha"]))


def _member_to_json(member: Member, folder: Path) -> dict[str, Any]:
    if isinstance(member, Aligned):
        return {"kind": "aligned", "member": _member_to_json(member.member, folder), "trees": asdict(member.trees)}
    if isinstance(member, Booster):
        content: dict[str, Any] = {"kind": "booster", **{name: getattr(member, name) for name in _BOOSTER_FIELDS}}
        if member.model is not None:
            content["file"] = {"lightgbm": "lightgbm.txt", "xgboost": "xgboost.json"}[member.library]
            member.model.save_model(str(folder / content["file"]))
        return {**content, "season": season_to_json(member.season)}
    if isinstance(member, Smoother):
        return {
            "kind": "smoother",
            "name": member.name,
            "seasonality": member.seasonality,
            "season": season_to_json(member.season),
            "chosen": None if member.chosen is None else member.chosen.tolist(),
        }
    if isinstance(member, Decayed):
        return {"kind": "decayed", "season": season_to_json(member.season)}
    if isinstance(member, SeasonalNaive):
        return {"kind": "seasonal_naive"}
    if type(member).__name__ in KINDS:
        return {"kind": type(member).__name__, **member.state(folder)}  # type: ignore[attr-defined]
    raise StockproofError(
        f"member {member.name} of type {type(member).__name__} cannot be stored", "store members of models/ only"
    )


def _member_from_json(content: dict[str, Any], folder: Path) -> Member:
    if content["kind"] == "aligned":
        return Aligned(_member_from_json(content["member"], folder), TreePlan(**content.get("trees", {})))
    if content["kind"] == "seasonal_naive":
        return SeasonalNaive()
    if content["kind"] in KINDS:
        made: Member = KINDS[content["kind"]].restore(content, folder)
        return made
    season = season_from_json(content["season"])
    if content["kind"] == "decayed":
        return Decayed(season=season)
    if content["kind"] == "smoother":
        smoother: Any = MAKERS[content["name"]](Options(seasonality=content["seasonality"]))
        smoother.season, chosen = season, content["chosen"]
        smoother.chosen = None if chosen is None else np.array(chosen)
        return smoother  # type: ignore[no-any-return]
    booster = Booster(**{name: content[name] for name in _BOOSTER_FIELDS})
    booster.season, booster.model = season, _load_trees(content, folder)
    return booster


def _load_trees(content: dict[str, Any], folder: Path) -> Any:
    if "file" not in content:
        return None
    if content["library"] == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=str(folder / content["file"]))
    import xgboost

    trees = xgboost.Booster()
    trees.load_model(str(folder / content["file"]))
    return trees
