"""Sessions that are made to be deleted, one after the other: what is deleted does not come back."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import count
from random import Random
from typing import Final, Literal, NamedTuple

import anyio

from argentos import Supervisor
from argentos.errors import SessionNotFoundError

Stage = Literal["made", "deleted"]
STAGES: Final[tuple[Stage, ...]] = ("made", "deleted")
PAUSES: Final = (0.0, 0.001, 0.004)
_NAME: Final = "doomed-"


class Next(NamedTuple):
    """The first session to be deleted in a life, of which the deletion may have begun in another."""

    number: int
    is_begun: bool


class Fate(NamedTuple):
    """Is told that one is about to be made or deleted, and that this is acknowledged."""

    begin: Callable[[int, Stage], None]
    acknowledge: Callable[[int, Stage], None]


class Doomed:
    """What was acknowledged of them, kept outside of the process that is killed.

    Attributes:
        acknowledged: the last that was made, and the last that was deleted.
        begun: the last of which the deletion was begun.
    """

    def __init__(self) -> None:
        self.acknowledged: dict[Stage, int] = dict.fromkeys(STAGES, 0)
        self.begun = 0

    @property
    def next(self) -> Next:
        return Next(self.acknowledged["deleted"] + 1, self.begun > self.acknowledged["deleted"])

    def problems(self, ids: Collection[str]) -> Iterator[str]:
        """A sentence for whatever is wrong with the sessions of a store."""
        made, deleted = (self.acknowledged[stage] for stage in STAGES)
        numbers = {int(each.removeprefix(_NAME)) for each in ids if each.startswith(_NAME)}
        yield from (f"{_NAME}{each} was deleted, and is there again" for each in numbers if each <= deleted)
        if made > max(deleted, self.begun) and made not in numbers:
            yield f"{_NAME}{made} was acknowledged, and is lost"


async def make_and_delete(supervisor: Supervisor, following: Next, fate: Fate, chance: Random) -> None:
    """Make sessions, and delete them, without an end."""
    for number in count(following.number):
        session = supervisor.session(f"{_NAME}{number}")
        if number > following.number or not following.is_begun:
            fate.begin(number, "made")
            await session.send("This will be deleted.", message_id="m")
            fate.acknowledge(number, "made")
            await anyio.sleep(chance.choice(PAUSES))
        fate.begin(number, "deleted")
        with suppress(SessionNotFoundError):  # the last life has got so far
            await session.delete()
        fate.acknowledge(number, "deleted")
        await anyio.sleep(chance.choice(PAUSES))
