"""Which version a person means."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pipelines.core.errors import StockproofError
from pipelines.io import registry_versions
from pipelines.io.registry_versions import CHALLENGER, CHAMPION, MODEL, PREVIOUS, Version

ALIASES: Final = (CHAMPION, CHALLENGER, PREVIOUS)


def aliases(versions: Sequence[Version], bucket: str) -> dict[str, Version]:
    """Alias → the version that it names today; an alias that names none is left out."""
    found = {
        CHAMPION: registry_versions.incumbent(versions, bucket),
        CHALLENGER: registry_versions.challenger(versions, date.max, bucket),
        PREVIOUS: registry_versions.previous(versions, date.max, bucket),
    }
    return {alias: version for alias, version in found.items() if version is not None}


def resolve(name: str, versions: Sequence[Version], bucket: str) -> Version:
    """A version by its number, its label or an alias.

    Args:
        name: ``3``, ``stockproof-forecaster/3`` or ``champion``.
        versions: all of this warehouse's ERP.
        bucket: whose aliases count.

    Raises:
        StockproofError: there is none of that name.
    """
    if name in ALIASES:
        found = aliases(versions, bucket).get(name)
    else:
        number = name.removeprefix(f"{MODEL}/")
        found = next((v for v in versions if str(v.number) == number), None)
    if found is None:
        raise StockproofError(
            f"there is no model {name}", f"`stockproof model list` lists them; aliases are {', '.join(ALIASES)}"
        )
    return found
