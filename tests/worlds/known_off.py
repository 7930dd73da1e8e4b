"""Situations that are not yet right, each with the reason. A test fails when one of them becomes right, or another goes off."""

from typing import Final

_LISTED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "a shift within the windows widens the spread of all; an index of weeks blurs sharp seasons, and its error widens nothing": (
        ("flat, books of 90 days", "buckets"),
        ("flat, books of 120 days", "buckets"),
        ("flat, books of 180 days", "buckets"),
        ("flat beside growth", "buckets"),
        ("seasonal item among the flat", "buckets"),
        ("doubling each year among the flat", "buckets"),
        ("doubling each year", "buckets"),
        ("halving each year", "buckets"),
        ("level doubled 90 days ago", "buckets"),
        ("level doubled 365 days ago", "buckets"),
        ("level halved 90 days ago", "buckets"),
        ("catalogue doubled 60 days ago", "buckets"),
        ("closed 60 days a year ago", "buckets"),
        ("all doubling each year", "buckets"),
        ("all doubled 90 days ago", "buckets"),
        ("all closed 60 days a year ago", "buckets"),
        ("second store, opened 60 days ago", "buckets"),
        ("20,000 grams a day, July fourfold", "buckets"),
        ("July fivefold, as of 28 June", "buckets"),
        ("flat beside July, as of 28 June", "buckets"),
        ("flat beside seasons", "buckets"),
        ("wave of the year", "buckets"),
        ("wave, lead time of 120 days", "buckets"),
        ("wave, lead time of 365 days", "buckets"),
        ("seasonal item in a flat category", "buckets"),
        ("a week fivefold, just ahead", "buckets"),
    ),
    "few sales, or few windows, tell little of the spread of a young item or over a year": (
        ("0.1 a day, 25 days old", "buckets"),
        ("flat, lead time of 365 days", "buckets"),
    ),
    "a level that all SKUs or a whole store share moves slowly, or with the newest weeks alone": (
        ("all doubled 90 days ago", "periods"),
        ("all closed 60 days a year ago", "periods"),
        ("alive beside fading", "periods"),
        ("a week fivefold, just ahead", "periods"),
    ),
    "one unusual week is taken for the new level": (("newest week of all times 1.5", "periods"),),
    "a first week that is not whole counts as one, and the group's median as two buckets": (
        ("0.1 a day, 10 days old", "buckets"),
        ("0.1 a day, 10 days old", "periods"),
        ("5 a day, 3 days old", "buckets"),
        ("5 a day, 3 days old", "periods"),
        ("5 a day, 10 days old", "buckets"),
        ("5 a day, 10 days old", "periods"),
        ("one order of 2 in 120 days", "buckets"),
        ("one order of 2 in 120 days", "periods"),
    ),
    "statistics that move on demand alone do not see that it ended": (
        ("fading by half in 60 days", "buckets"),
        ("fading among the flat", "buckets"),
    ),
    "the fallback's spread and mean of irregular demand come from few windows": (
        ("20,000 grams a day", "buckets"),
        ("one piece every ten days", "buckets"),
        ("orders of 8, every tenth day", "buckets"),
    ),
    "variances of nearly steady demand are a little wide: orders cover more than they should": (
        ("flat beside July, as of 19 July", "periods"),
        ("launched 100 days ago, most of its category", "periods"),
        ("10 a day", "periods"),
        ("fast pieces beside grams", "periods"),
        ("closed 60 days a year ago", "periods"),
        ("flat beside growth", "periods"),
        ("catalogue doubled 60 days ago", "periods"),
        ("seasonal item among the flat", "periods"),
        ("closed on Sundays", "periods"),
        ("flat, opened 120 days ago", "periods"),
        ("flat, opened 180 days ago", "periods"),
        ("flat, opened 365 days ago", "periods"),
        ("flat, opened 450 days ago", "periods"),
        ("halving each year", "periods"),
        ("level doubled 90 days ago", "periods"),
        ("level doubled 365 days ago", "periods"),
        ("all doubling each year", "periods"),
        ("20,000 grams a day, July fourfold", "periods"),
        ("July fivefold, as of 28 June", "periods"),
        ("July fivefold, as of 19 July", "periods"),
    ),
}

KNOWN_OFF: Final = {key: why for why, keys in _LISTED.items() for key in keys}
"""(situation, system) → why."""

_SHIFT: Final = "a shift or a gap within the history widens the spread of its SKUs for months, and a new level is reached over weeks"
_YEAR: Final = "over a year, the doubt about a rate outweighs the noise around it: the order covers both, the best order knows the rate"
_SHARP: Final = "an index of weeks blurs sharp seasons, and a season that one SKU alone shows is half believed"
_FEW: Final = "a few weeks or sales tell little of mean and spread; doubt widens the order"
_FADING: Final = "a level that fades is followed with a delay, and its spread is that of the higher past"
_ZEROS: Final = "an item that ended and one that was never restocked look the same in such books"
_HIDDEN: Final = "where empty days alone are counted, what slow items hid is estimated too high"

_BY_REASON: Final[dict[str, tuple[str, ...]]] = {
    _SHIFT: (
        "doubling each year",
        "halving each year",
        "level doubled 90 days ago",
        "level doubled 365 days ago",
        "level halved 90 days ago",
        "closed 60 days a year ago",
    ),
    _YEAR: ("flat, lead time of 365 days", "wave, lead time of 365 days"),
    _SHARP: (
        "20,000 grams a day, July fourfold",
        "wave, lead time of 120 days",
        "seasonal item in a flat category",
        "a week fivefold, just ahead",
    ),
    _FEW: ("flat, opened 60 days ago", "0.1 a day, 10 days old", "5 a day, 3 days old", "one order of 2 in 120 days"),
    _FADING: ("fading by half in 60 days", "alive beside fading"),
    _ZEROS: ("dead for 100 days, nothing counted but zeros",),
    _HIDDEN: ("slow, empty a tenth, nothing counted but zeros",),
}

THROUGH_PRODUCT: Final[dict[str, str]] = {situation: why for why, names in _BY_REASON.items() for situation in names}
"""Situation → why it is not yet right through the whole product."""
