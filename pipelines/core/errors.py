"""The exceptions a user is meant to read."""


class StockproofError(Exception):
    """A fault with a remedy: what is wrong, where, and what to do about it.

    Args:
        message: what is wrong, naming the file, row, key or table.
        remedy: the next step for the user; printed on a line of its own.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  remedy: {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[type["StockproofError"], tuple[str, str]]:
        return (type(self), (self.message, self.remedy))


class ServiceAway(StockproofError):
    """Another system cannot be reached, or has no time: it refused nothing, and the same call may do later."""


class Refused(StockproofError):
    """Another system has understood and said no: the same call would be refused again, and nothing of it is kept there."""


class NotFound(StockproofError):
    """What was asked for does not exist."""


class Conflict(StockproofError):
    """The state of things does not allow it: somebody else, or a newer run, came first."""


class NotAllowed(StockproofError):
    """This person may not do it; the remedy names who may."""


class WarehouseAway(StockproofError):
    """The warehouse cannot be reached."""
