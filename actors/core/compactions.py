"""Compactions asked for by hand: each is answered when the conversation goes on, or told why it came to nothing."""

from argentos.actors.core.commands import Compact
from argentos.actors.core.decider import is_compacting
from argentos.errors import ArgentError, NothingToCompactError
from argentos.storage import SessionKey, Snapshot

__all__ = ["CompactionRequests", "nothing_to_compact"]


def nothing_to_compact(key: SessionKey) -> NothingToCompactError:
    """The error for a session that a summary would not make shorter."""
    return NothingToCompactError(f"session {key} has no messages that a summary would make shorter")


class CompactionRequests:
    """Requests that wait for a compaction to begin, and those that the running one serves."""

    __slots__ = ("_asked", "_served")

    def __init__(self) -> None:
        self._asked: tuple[Compact, ...] = ()
        self._served: tuple[Compact, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Somebody asked for a compaction that has not begun."""
        return bool(self._asked)

    @property
    def served(self) -> Compact | None:
        """The latest request that the running compaction serves; None if the window was full."""
        return self._served[-1] if self._served else None

    def ask(self, command: Compact) -> None:
        """A compaction is to begin at the next chance."""
        self._asked += (command,)

    def join(self, command: Compact) -> None:
        """The compaction that runs will do."""
        self._served += (command,)

    def follow(self, snapshot: Snapshot) -> None:
        """Answer whoever can be answered, now that the session stands there."""
        metadata = snapshot.metadata
        if is_compacting(metadata):
            self._served += self._asked
            self._asked = ()
            return
        for command in self._served:
            command.answer(snapshot)
        self._served = ()
        if metadata.turn is None:  # a chance, and the machine did not take it
            self.refuse(nothing_to_compact(metadata.key))

    def refuse(self, error: ArgentError) -> None:
        """No compaction will come of these requests."""
        for command in (*self._asked, *self._served):
            command.fail(error)
        self._asked = ()
        self._served = ()
