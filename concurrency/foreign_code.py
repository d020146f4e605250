"""Guards of foreign code, as models and stores are, which may raise anything: also what is no `Exception`.

PyO3 turns a panic of Rust code into a `BaseException`, a library may call `sys.exit`. Where such code is called,
nothing passes but what is meant for the task itself, or for the whole process.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, cast

import anyio

from argentos.errors import ArgentError, StoreError

__all__ = [
    "ForeignText",
    "described",
    "in_log",
    "in_short",
    "is_interrupt",
    "passes",
    "reading_a_store",
    "sentence_of",
    "tolerated",
]

_log: Final = logging.getLogger(__name__)
_LONGEST: Final = 500  # characters


def passes(error: BaseException) -> bool:
    """Tell whether an error is a cancellation, an interrupt, or the end of the coroutine, alone or in a group."""
    return _holds(error, (KeyboardInterrupt, GeneratorExit, *_cancellations()))


def is_interrupt(error: BaseException) -> bool:
    """Tell whether the user wants the process to end."""
    return _holds(error, (KeyboardInterrupt,))


def _holds(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return any(_holds(each, kinds) for each in group.exceptions)
    return isinstance(error, kinds)


def _cancellations() -> tuple[type[BaseException], ...]:
    try:
        return (anyio.get_cancelled_exc_class(),)
    except RuntimeError:  # in a thread, where there are none
        return ()


def described(error: BaseException) -> str:
    """An error as its author shows it, if that can be shown, as a text that can be stored."""
    return _shown(repr, error)


class ForeignText(str):
    """A text that others have made, as that of an error: it may quote a message, so that some logs leave it out.

    Attributes:
        kind: stands for it there.
    """

    __slots__ = ("kind",)

    kind: str

    def __new__(cls, text: str, kind: str = "a reason that is not logged") -> Self:
        """Mark a text."""
        made = super().__new__(cls, text)
        made.kind = kind
        return made


def in_log(error: BaseException) -> ForeignText:
    """An error for a log, as `described` shows it."""
    return ForeignText(described(error), type(error).__qualname__)


def sentence_of(error: BaseException) -> str:
    """The sentence of an error, if it can be shown, as a text that can be stored; perhaps empty."""
    return _shown(str, error)


def _shown(show: Callable[[object], str], error: BaseException) -> str:
    try:
        text = show(error)
    except BaseException:  # noqa: BLE001 - it is not ours either
        text = type(error).__name__
    return str.__str__(text)[:_LONGEST].encode(errors="backslashreplace").decode()


def in_short(error: BaseException) -> str:
    """An expected error for people: of one of the operating system what it says, without its number."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


@contextmanager
def reading_a_store() -> Generator[None]:
    """Take whatever a store raises when it is read, but for our own errors, for a `StoreError`.

    Raises:
        StoreError: with the store's error as its cause.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, ArgentError) or passes(error):
            raise
        raise StoreError(f"the store cannot be read: it raised {described(error)}") from error


class tolerated:  # noqa: N801 - used as `contextlib.suppress` is, at a third of the cost of a generator
    """Log whatever is raised inside, and go on.

    Args:
        name: whose code it is, for the log.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        """End; what passes is raised on."""
        if error is None or passes(error):
            return False
        _log.error("%s raised %s; it goes on without", self._name, in_log(error))
        return True
