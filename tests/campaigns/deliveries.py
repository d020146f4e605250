"""What was delivered from the outbox, kept outside of the process that is killed."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from argentos import Delivery, Message


class Delivered(Struct, frozen=True):
    """A delivery that was made, or was said to be done.

    Attributes:
        id: the delivery's.
        number: of its message.
        process: in which this happened.
        is_done: `Delivery.done` has returned.
    """

    id: str
    session: str
    number: int
    text: str
    process: int
    is_done: bool = False


class Deliveries:
    """A channel that writes down what reaches it, in a file to which lives append.

    A kill takes nothing back that was written, so nothing is flushed. It may cut off a line where a page of the file
    ends: such a line is no delivery, and stands alone, for each line begins anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    @contextmanager
    def delivering(self, delivery: Delivery) -> Generator[None]:
        """Deliver; inside of this it is to be said that it is done."""
        message = delivery.message
        delivered = Delivered(delivery.id, delivery.session, message.number, message.text, os.getpid())
        self._append(delivered)
        yield
        self._append(msgspec.structs.replace(delivered, is_done=True))

    def _append(self, delivered: Delivered) -> None:
        os.write(self._file, b"\n" + msgspec.json.encode(delivered) + b"\n")

    def remove(self) -> None:
        os.close(self._file)
        self._path.unlink()

    @property
    def log(self) -> list[Delivered]:
        """Everything, in the order in which it happened."""
        return [*filter(None, map(_read, self._path.read_bytes().splitlines()))]

    @property
    def counts(self) -> tuple[int, int]:
        """How many deliveries there were, and how many of them were not the first of their id."""
        ids = [each.id for each in self.log if not each.is_done]
        return len(ids), len(ids) - len(set(ids))

    def problems(self, session: str, owed: Sequence[Message]) -> Iterator[str]:
        """A sentence for whatever is wrong in what was delivered of a session, once its outbox is empty.

        Args:
            owed: its replies to messages with an address, in order.
        """
        log = [each for each in self.log if each.session == session]
        made = [each for each in log if not each.is_done]
        first = {each.id: each for each in reversed(made)}
        arrived = [each for each in made if first[each.id] is each]
        yield from _differences(session, arrived, owed)
        yield from _needless(log)
        numbers = [each.number for each in made]
        if numbers != sorted(numbers):
            yield f"{session}: the deliveries are out of order: {numbers}"


def _read(line: bytes) -> Delivered | None:
    """The delivery in a line; None if it was cut off, or is empty."""
    try:
        return msgspec.json.decode(line, type=Delivered)
    except msgspec.DecodeError:
        return None


def _differences(session: str, arrived: Sequence[Delivered], owed: Sequence[Message]) -> Iterator[str]:
    """Between what arrived, each id once, and what was to arrive."""
    texts = {each.number: each.text for each in owed}
    for number in texts.keys() - {each.number for each in arrived}:
        yield f"{session}: the reply with number {number} was never delivered"
    ids: dict[int, str] = {}
    for each in arrived:
        if texts.get(each.number) != each.text:
            yield f"{each.id} was delivered as number {each.number} with {each.text!r}, which nobody is owed"
        if ids.setdefault(each.number, each.id) != each.id:
            yield f"{session}: the reply with number {each.number} was delivered as {ids[each.number]} and as {each.id}"


def _needless(log: Sequence[Delivered]) -> Iterator[str]:
    """Repetitions that no kill explains, and ids that were given to several messages."""
    before: dict[str, Delivered] = {}
    for each in log:
        last = before.get(each.id, each)
        if (last.number, last.text) != (each.number, each.text):
            yield f"{each.id} was delivered as number {last.number}, and as {each.number}"
        if last.is_done:
            yield f"{each.id} was delivered again after it was done"
        elif last is not each and last.process == each.process and not each.is_done:
            yield f"{each.id} was delivered twice in one life"
        before[each.id] = each
