"""People and their roles. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from pipelines.core.errors import NotAllowed

Role = Literal["viewer", "planner", "approver", "admin"]

ROLES: Final[tuple[Role, ...]] = ("viewer", "planner", "approver", "admin")
"""Each may do what those before it may: look (finance), override and reject (procurement), sign and release (operations), and all else."""


@dataclass(frozen=True)
class User:
    """A person or a program that signs in.

    Attributes:
        name: unique.
        role: what it may do.
        limit_role: role of ``approvals.roles`` whose limit holds for its signatures; None: no limit.
        must_change: it signed in with a one-time password and may do nothing but choose its own.
        version: counts changes of password and role; tokens of an earlier one are void.
    """

    name: str
    role: Role
    limit_role: str | None = None
    must_change: bool = False
    version: int = 1

    def may(self, needed: Role) -> bool:
        """Whether its role covers another.

        >>> User("ann", "planner").may("viewer"), User("ann", "planner").may("approver")
        (True, False)
        """
        return ROLES.index(self.role) >= ROLES.index(needed)

    def require(self, needed: Role, act: str) -> None:
        """Refuse what its role does not cover.

        Args:
            needed: the role that may.
            act: what was asked for, as a verb with its object.

        Raises:
            NotAllowed: the role is lower.
        """
        if not self.may(needed):
            able = " or ".join(ROLES[ROLES.index(needed) :])
            raise NotAllowed(f"{self.name} is {self.role} and may not {act}", f"ask somebody whose role is {able}")
