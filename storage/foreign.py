"""Code that is not ours, models, counters, clocks, stores, may raise anything: also what is no `Exception`.

PyO3 turns a panic of Rust code into a `BaseException`, a library may call `sys.exit`. Where such code is called,
nothing passes but what is meant for the task itself, or for the whole process.
"""

from typing import Final

import anyio

__all__ = ["described", "is_interrupt", "passes"]

_LONGEST: Final = 500  # characters


def passes(error: BaseException) -> bool:
    """A cancellation, the end of the coroutine, or an interrupt, perhaps with others in a group: not to be kept."""
    return _holds(error, (KeyboardInterrupt, GeneratorExit, *_cancellations()))


def is_interrupt(error: BaseException) -> bool:
    """The user wants the process to end."""
    return _holds(error, (KeyboardInterrupt,))


def _holds(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_holds(each, kinds) for each in error.exceptions)
    return isinstance(error, kinds)


def _cancellations() -> tuple[type[BaseException], ...]:
    try:
        return (anyio.get_cancelled_exc_class(),)
    except RuntimeError:  # in a thread, where there are none
        return ()


def described(error: BaseException) -> str:
    """An error as its author shows it, if that can be shown."""
    try:
        return repr(error)[:_LONGEST]
    except BaseException:  # noqa: BLE001 - it is not ours either
        return type(error).__name__
