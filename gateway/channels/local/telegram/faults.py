"""Faults of the platform: what goes wrong next, and how often."""

from dataclasses import dataclass

__all__ = ["Fault", "Faults"]


@dataclass
class Fault:
    """A fault.

    Attributes:
        method: of the API; `*` is any.
        status: of HTTP; 0 breaks the connection instead of answering.
        description: for the one who asks.
        times: how often it happens.
        retry_after: seconds.
        is_done: what is asked is done all the same, before that.
    """

    method: str
    status: int
    description: str = ""
    times: int = 1
    retry_after: int | None = None
    is_done: bool = False


class Faults:
    """The faults that are to come."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Have a fault happen."""
        self._planned.append(fault)

    def next(self, method: str) -> Fault | None:
        """The fault of this request; None where it goes as it should."""
        for each in self._planned:
            if each.method in {"*", method} and each.times > 0:
                each.times -= 1
                return each
        return None
