"""The forecaster of review periods as files of a model's folder: JSON, and the trees in LightGBM's own text."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.period.period_features import Array, Histories, seasoned
from models.period.period_model import PeriodForecaster
from pipelines.core.errors import StockproofError

FILE: Final = "period.json"

FORMAT: Final = 2
"""Trees multiply a base: those of format 1 were grown on one that knew no trend."""

_TREES: Final = ("boosters", "sharp", "spread")


@dataclass(frozen=True)
class PeriodModel:
    """A trained forecaster of review periods, and what it was trained on.

    Attributes:
        forecaster: trained.
        days: length of a period.
        seasoned: its histories said something about the time of the year.
        categories: names in the order of the codes that the trees know.
        locations: the same of the locations.
    """

    forecaster: PeriodForecaster
    days: int
    seasoned: bool
    categories: tuple[str, ...]
    locations: tuple[str, ...]

    def refusal(self, histories: Histories, ahead: int) -> str:
        """Why it cannot forecast these histories so many periods ahead; empty where it can."""
        if histories.days != self.days:
            return f"its review periods have {self.days} days, today's {histories.days}"
        if ahead > self.forecaster.horizon:
            return f"it reaches {self.forecaster.horizon} review periods ahead, {ahead} are needed"
        if seasoned(histories) != self.seasoned:
            return "its histories were too short to show a season, today's are long enough"
        return ""


def codes(names: tuple[str, ...], values: Array) -> Array:
    """Code of each text as the trees know it; texts they do not know come after, each with a code of its own.

    Args:
        names: distinct texts in the order of their codes.
        values: [n] texts.

    Returns:
        [n] codes.

    >>> codes(("a", "c"), np.array(["c", "b", "a", "d"])).tolist()
    [1, 2, 0, 3]
    """
    known = {name: code for code, name in enumerate(names)}
    new = sorted(set(values.tolist()) - set(known))
    known |= {name: len(names) + n for n, name in enumerate(new)}
    return np.array([known[value] for value in values.tolist()], dtype=np.int64)


def save(model: PeriodModel, folder: Path) -> None:
    """Write it into a model's folder, before :func:`models.store.folder.save` lists the files there."""
    folder.mkdir(parents=True, exist_ok=True)
    trained = model.forecaster
    plain = {f.name: getattr(trained, f.name) for f in fields(trained) if f.name not in _TREES}
    files: dict[str, list[str]] = {}
    for name, trees in (("boosters", trained.boosters), ("sharp", trained.sharp), ("spread", trained.spread)):
        each = [trees] if name == "spread" and trees is not None else (trees or [])
        files[name] = [f"period_{name}_{k}.txt" for k in range(len(each))]
        for file, one in zip(files[name], each, strict=True):
            one.save_model(str(folder / file))
    about = {name: getattr(model, name) for name in ("days", "seasoned", "categories", "locations")}
    (folder / FILE).write_text(json.dumps({"format": FORMAT, **about, "plain": plain, "files": files}, sort_keys=True))


def load(folder: Path) -> PeriodModel | None:
    """Read it; None of a model trained without one or in an earlier format.

    The folder's files were checked by :func:`models.store.folder.load`.

    Raises:
        StockproofError: it cannot be read.
    """
    if not (folder / FILE).is_file():
        return None
    import lightgbm as lgb

    try:
        content: dict[str, Any] = json.loads((folder / FILE).read_text())
        if content["format"] < FORMAT:  # one is trained on the spot until the next training
            return None
        if content["format"] > FORMAT:
            raise ValueError(f"format {content['format']}, this program reads {FORMAT}")
        trees = {
            name: [lgb.Booster(model_file=str(folder / file)) for file in files]
            for name, files in content["files"].items()
        }
        plain = content["plain"] | {"bounds": tuple(content["plain"]["bounds"])}
        spread = trees["spread"][0] if trees["spread"] else None
        forecaster = PeriodForecaster(**plain, boosters=trees["boosters"], sharp=trees["sharp"], spread=spread)
        names = {key: tuple(content[key]) for key in ("categories", "locations")}
        return PeriodModel(forecaster, content["days"], content["seasoned"], **names)
    except Exception as fault:  # LightGBM has errors of its own for a file that is not what it wrote
        raise StockproofError(
            f"the stored model of review periods cannot be read: {fault!r}", "train again: `stockproof run training`"
        ) from None
