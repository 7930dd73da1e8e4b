"""Names a user typed, against those there are."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pipelines.core.errors import StockproofError


def refuse_unknown(
    named: Sequence[str],
    known: Collection[str],
    where: str,
    otherwise: str,
    fault: type[StockproofError] = StockproofError,
) -> None:
    """Refuse names that do not exist: an answer about the others alone would pass for the whole.

    Args:
        named: as typed.
        known: those there are.
        where: what holds them, for the message.
        otherwise: remedy where none of those there are is alike.
        fault: what is raised.

    Raises:
        StockproofError: one of them does not exist; with those that are alike.

    >>> refuse_unknown(["ITEM-7", "B"], {"ITEM-17", "B"}, "plan.passports", "list them")
    Traceback (most recent call last):
    pipelines.core.errors.StockproofError: plan.passports holds no ITEM-7
      remedy: did you mean ITEM-17?
    """
    there = set(known)
    unknown = [name for name in dict.fromkeys(named) if name not in there]
    if not unknown:
        return
    choices = sorted(there)
    alike = dict.fromkeys(near for name in unknown for near in get_close_matches(name, choices, n=3))
    raise fault(f"{where} holds no {', '.join(unknown)}", f"did you mean {', '.join(alike)}?" if alike else otherwise)
