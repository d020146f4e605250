"""Effects of a program: the functions that the names on edges stand for, called in one guarded place."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

import anyio

from argentos.concurrency.foreign_code import ForeignText, described, in_log, passes
from argentos.concurrency.threads import Runner as Thread
from argentos.errors import InputError
from argentos.machines.machine import Machine

__all__ = ["Bound", "EffectCall", "EffectFunction", "EffectHandler", "Failure", "Handlers", "attempt", "awaited"]


@dataclass(frozen=True, slots=True)
class EffectCall:
    """A call of an effect.

    Attributes:
        id: the same each time that this one is tried, and of no other: an effect that must not happen twice notes it.
        effect: its name on the edge.
        event: the event that was taken.
        data: what came with it; after a restart what JSON makes of that.
        source: the state before.
        target: the state after it.
        attempt: 1 the first time.
    """

    id: str
    effect: str
    event: str
    data: Any
    source: str
    target: str
    attempt: int


EffectFunction: TypeAlias = Callable[[], object] | Callable[[EffectCall], object]
"""A function of no argument, or of the call; plain or `async`."""


@dataclass(frozen=True, slots=True)
class EffectHandler:
    """A function that an effect calls, and what happens where it fails.

    Attributes:
        function: takes nothing, or the `EffectCall`. A plain function runs in the event loop, as callbacks do.
        attempts: how often it is tried at most.
        delay: seconds before the second attempt.
        backoff: by how much the delay is multiplied each time after that.
        longest_delay: seconds that a delay has at most.
        timeout: seconds for one attempt, after which an asynchronous function is cancelled; None for no limit.
        in_thread: a plain function runs in a thread: for what takes long, as what asks a disk or a network.
        on_failure: the event that is raised once the last attempt has failed, with `{"effect": …, "error": …}` as its
            data; if empty, the failure is only logged.

    Raises:
        InputError: one of these is of no use.
    """

    function: EffectFunction
    attempts: int = 1
    delay: float = 1.0
    backoff: float = 2.0
    longest_delay: float = 3_600.0
    timeout: float | None = 60.0
    in_thread: bool = False
    on_failure: str = ""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InputError(f"an effect is {self.function!a:.60}, which cannot be called; give a function")
        if self.attempts < 1 or not self.delay >= 0 or not self.backoff >= 1 or not self.longest_delay >= 0:
            raise InputError("an effect is tried once or more, with a delay of 0 s or more, and a backoff of 1 or more")
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"the timeout of an effect is {self.timeout} s; give more than 0, or None for no limit")
        if self.in_thread and self.is_async:
            raise InputError("an asynchronous function cannot run in a thread; leave out in_thread=True")

    @property
    def is_async(self) -> bool:
        """Tell whether the function is asynchronous, as far as that can be seen."""
        function: Any = self.function
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - of an object whose class has an asynchronous one

    def wait_after(self, attempt: int) -> float:
        """Seconds between this attempt, from 1, and the next."""
        try:
            return min(self.delay * self.backoff ** (attempt - 1), self.longest_delay)
        except OverflowError:
            return self.longest_delay


class Failure(NamedTuple):
    """The end of an attempt that failed."""

    error: BaseException

    def __str__(self) -> str:
        return described(self.error)

    @property
    def in_log(self) -> ForeignText:
        """The error for a log."""
        return in_log(self.error)


class Bound(NamedTuple):
    """A handler that is ready to be called.

    Attributes:
        takes_call: the function takes the `EffectCall`, and else nothing.
        is_plain: it runs in the event loop, and returns at once.
    """

    handler: EffectHandler
    function: Callable[..., object]
    takes_call: bool
    is_plain: bool

    def call(self, call: EffectCall) -> object:
        """Call the function."""
        return self.function(call) if self.takes_call else self.function()


class Handlers:
    """The handlers of a machine's effects.

    Args:
        machine: the machine.
        given: a function or an `EffectHandler` for each effect, by name; or an object whose methods have these names.

    Raises:
        DiagramError: an effect of the machine has none.
        InputError: one cannot be called.
    """

    def __init__(self, machine: Machine, given: Mapping[str, EffectFunction | EffectHandler] | object) -> None:
        self._given = given
        self._bound: dict[str, Bound] = {}
        machine.check_effects([name for name in machine.effects if self.find(name) is not None])

    def find(self, name: str) -> Bound | None:
        """The handler of an effect; None where there is none."""
        found = self._bound.get(name)
        if found is None:
            given = _given(self._given, name)
            if given is None:
                return None
            found = self._bound[name] = _bound(name, given)
        return found

    def check(self, effects: Iterable[str]) -> None:
        """Refuse what a life has still to run, and nobody can.

        Raises:
            InputError: an effect has no handler.
        """
        for name in effects:
            if self.find(name) is None:
                problem = f"the effect {name!r} is still to be run, and there is none of that name any more"
                raise InputError(f"{problem}; give it among the effects, until it has been")

    def __getitem__(self, name: str) -> Bound:
        return self._bound[name]


def _given(given: object, name: str) -> object | None:
    if isinstance(given, Mapping):
        return cast("Mapping[str, object]", given).get(name)
    return getattr(given, name, None)


def _bound(name: str, given: object) -> Bound:
    handler = given if isinstance(given, EffectHandler) else EffectHandler(cast("EffectFunction", given))
    function = cast("Callable[..., object]", handler.function)
    return Bound(handler, function, _takes_call(name, function), not handler.is_async and not handler.in_thread)


def _takes_call(name: str, function: Callable[..., object]) -> bool:
    """Tell whether the function takes an argument, and not none."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # it does not tell
        return False
    for takes_call in (False, True):
        try:
            signature.bind(*[None] * takes_call)
        except TypeError:
            continue
        return takes_call
    raise InputError(f"the effect {name!r} needs more than one argument; it is given nothing, or an EffectCall")


async def attempt(bound: Bound, call: EffectCall, thread: Thread) -> Failure | None:
    """Try an effect once; what it raises, the failure, passes no further.

    It runs in a task of its own: one that is cancelled by what it uses does not cancel whoever tries it.
    """
    outcome: list[Failure | None] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_attempt, bound, call, thread, outcome)
    return outcome[0] if outcome else Failure(RuntimeError("it was cancelled by what it called"))


async def _attempt(bound: Bound, call: EffectCall, thread: Thread, outcome: list[Failure | None]) -> None:
    timeout = bound.handler.timeout
    try:
        with anyio.fail_after(timeout):
            if bound.handler.in_thread:
                await thread(functools.partial(bound.call, call))
            else:
                await _finish(bound.call(call))
    except BaseException as error:
        if passes(error):
            raise
        outcome.append(Failure(error))
    else:
        outcome.append(None)


async def _finish(result: object) -> None:
    if inspect.isawaitable(result):
        await cast("Awaitable[object]", result)


def awaited(bound: Bound, result: Awaitable[object]) -> Bound:
    """A handler of which only the result is left to be awaited."""
    return bound._replace(function=lambda: result, takes_call=False)
