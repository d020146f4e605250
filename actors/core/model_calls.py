"""Calls of the model, for a turn or a summary. Neither touches the session; the actor is told."""

import logging
import math
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import anyio
from anyio.lowlevel import checkpoint
from msgspec import structs

from argentos.actors.core.decisions.responses import as_response, plan_calls
from argentos.actors.core.reports import PlannedCall
from argentos.actors.core.runtime import Runtime
from argentos.actors.scheduling.slots import BackgroundTask
from argentos.actors.settings.config import Config
from argentos.concurrency.foreign_code import described, passes
from argentos.errors import (
    CallbackError,
    InputError,
    ModelError,
    ModelUnavailableError,
    ReplyInterruptedError,
    StoreError,
)
from argentos.llm import (
    Compacted,
    Model,
    Piece,
    Reply,
    Request,
    as_awaitable,
    as_emitted,
    as_reply,
    assemble,
    can_summarise,
    check_size,
    compact,
    is_near,
    is_sign_of_life,
)
from argentos.storage import MESSAGE_TOKENS, Message, Snapshot, raw_content

__all__ = ["Answer", "ask_model", "make_summary"]

_PuttingBack: TypeAlias = Callable[[tuple[Message, ...]], Awaitable[tuple[Message, ...]]]

_log: Final = logging.getLogger(__name__)
_PAUSES: Final = (0.5, 2.0)  # seconds before a summary is asked for again
_REST: Final = 0.01  # seconds in which a model may speak without a pause


class Answer(NamedTuple):
    """A reply, its local tokens, and what becomes of its calls."""

    reply: Reply
    tokens: int
    calls: tuple[PlannedCall, ...] = ()


async def ask_model(
    runtime: Runtime, snapshot: Snapshot, push: Callable[[Piece], None], task: BackgroundTask
) -> Answer | ModelError | None:
    """The model's reply to the turn that is open in the snapshot, or why there is none.

    Args:
        runtime: has the model, and its time.
        snapshot: of the session.
        push: is given the reply as it streams.
        task: which this is; where it is cancelled, there is neither.
    """
    listener = _TurnListener(runtime.config, push, task.scope)
    try:
        with task.scope:
            system = snapshot.metadata.system or runtime.system
            request = partial(
                assemble, snapshot, system=system, window=runtime.gauge.window, tools=runtime.tools.definitions
            )
            reply = await _asked(runtime, snapshot, request, listener, task)
            listener.end()
            return await _taken(runtime, snapshot, reply)
    except ModelError as error:
        return error
    except CallbackError as error:
        return _caused(ModelError(f"the reply cannot be taken: {error}"), error)
    finally:
        listener.is_over = True
    return None if task.is_cancelled else listener.verdict()


async def _taken(runtime: Runtime, snapshot: Snapshot, given: Reply) -> Answer:
    turn = snapshot.metadata.turn
    reply = await _kept(runtime, snapshot, as_response(given, turn.steps if turn else 0))
    tokens = await runtime.count.content(raw_content(reply.content)) + MESSAGE_TOKENS
    if turn is None or not reply.blocks or reply.stop_reason is not None:
        return Answer(reply, tokens)
    return Answer(reply, tokens, await plan_calls(runtime, turn, reply))


async def _kept(runtime: Runtime, snapshot: Snapshot, reply: Reply) -> Reply:
    """The reply, the bytes in it kept beside it.

    Raises:
        ModelError: they cannot be.
    """
    if not (blocks := reply.blocks):
        return reply
    try:
        content = await runtime.attachments.take_out(snapshot.metadata.key, blocks, "the reply", ModelError)
    except (InputError, StoreError) as error:
        raise ModelError(f"the reply cannot be kept: {error}", is_transient=error.is_transient) from error
    return reply if content is blocks else structs.replace(reply, content=content)


def _caused(error: ModelError, cause: Exception) -> ModelError:
    error.__cause__ = cause
    return error


def _model_of(snapshot: Snapshot) -> str:
    return f"the model of session {snapshot.metadata.key}"


class _Listener:
    """Hears a model out.

    Attributes:
        is_over: what it says is not heard any more.
    """

    def __init__(self) -> None:
        self.is_over = False

    def hear(self, piece: Piece) -> None:
        """A piece has come."""


class _TurnListener(_Listener):
    """The listener of a turn, whose time begins anew with every piece, up to a limit for the whole.

    Args:
        config: has the times.
        push: is given the pieces.
        scope: is cancelled when the time is over.
    """

    def __init__(self, config: Config, push: Callable[[Piece], None], scope: anyio.CancelScope) -> None:
        super().__init__()
        self._has_begun = False
        self._timeout = config.turn_timeout
        self._limit = config.turn_limit
        self._push = push
        self._scope = scope
        now = anyio.current_time()
        self._end = now + self._limit
        self._deadline = scope.deadline = min(now + self._timeout, self._end)

    def _put_off(self) -> None:
        self._deadline = self._scope.deadline = min(anyio.current_time() + self._timeout, self._end)

    def end(self) -> None:
        """The model has ended in time."""
        self._scope.deadline = math.inf

    def hear(self, piece: Piece) -> None:
        """A piece has come; an empty text is no more than a sign of life."""
        if self.is_over:
            return
        self._put_off()
        if not is_sign_of_life(piece):
            self._has_begun = True
            self._push(piece)

    def verdict(self) -> ModelError:
        """The error of a model whose time is over."""
        if self._deadline >= self._end:
            return ReplyInterruptedError(
                f"the model's reply took longer than turnLimit, {self._limit:g} s; ask again", is_transient=False
            )
        if self._has_begun:
            return ReplyInterruptedError(
                f"the model broke off, and said nothing more for {self._timeout:g} s; ask again", is_transient=False
            )
        return ModelUnavailableError(
            f"the model gave no sign of life for {self._timeout:g} s; ask again later", is_transient=False
        )


async def _asked(
    runtime: Runtime, snapshot: Snapshot, request: Callable[[], Request], listener: _Listener, task: BackgroundTask
) -> Reply:
    """The reply of the model.

    Raises:
        ModelError: it gave none.
    """
    put_back = partial(runtime.attachments.put_back, snapshot.metadata.key)
    runtime.spending.check(snapshot.metadata, runtime.clock.now())
    close = is_near(runtime.gauge, snapshot.metadata)
    answering = partial(_answer, runtime.model, runtime.gauge.model, request, listener, put_back, is_close=close)
    reply = await runtime.bulkhead.run(answering, _model_of(snapshot), task.hold)
    runtime.spending.note(reply.usage, runtime.clock.now())
    return reply


async def _answer(
    model: Model,
    name: str,
    ask: Callable[[], Request],
    listener: _Listener,
    put_back: _PuttingBack,
    *,
    is_close: bool,
) -> Reply:
    request = ask()
    if any(message.blocks for message in request.messages):
        request = structs.replace(request, messages=await put_back(request.messages))
    if is_close and not request.instruction:
        await check_size(model, request)
    method: Any = (request.instruction and getattr(model, "summarise", None)) or model.reply
    return as_reply(await as_awaitable(method(request, _Emission(listener, name)), name), name)


class _Emission:
    """An emitter that hands a model's pieces to a listener."""

    def __init__(self, listener: _Listener, model: str) -> None:
        self._listener = listener
        self._model = model
        self._rested_at = time.perf_counter()

    async def __call__(self, piece: Piece | str, /) -> None:
        """See `Emit`."""
        self._listener.hear(as_emitted(piece, self._model))
        if time.perf_counter() - self._rested_at > _REST:  # of one that never waits between its pieces
            await checkpoint()
            self._rested_at = time.perf_counter()


async def make_summary(
    runtime: Runtime, snapshot: Snapshot, task: BackgroundTask, *, by_hand: bool, focus: str
) -> Compacted | None:
    """A summary for the session that waits for one, or None if there is nothing to put into it, or no way to."""
    # Who asked is forgotten in a restart; what would not be compacted for its size was to be compacted by hand.
    older = runtime.gauge.replaceable(snapshot, by_hand=by_hand)
    if older == 0:
        return None
    resumed = snapshot.metadata.compaction
    may_ask = resumed is None or resumed.alone <= runtime.config.max_crashes  # else the process may have died of it
    try:
        return await compact(
            snapshot,
            partial(_ask_summary, runtime, snapshot, task) if may_ask and _can_summarise(runtime.model) else None,
            runtime.gauge,
            counting=runtime.count,
            system=snapshot.metadata.system or runtime.system,
            tools=runtime.tools.definitions,
            older=older,
            focus=focus,
        )
    except BaseException as error:  # whatever it is, the conversation goes on
        if passes(error):
            raise
        _log.error(
            "session %s: no summary could be made, so its context is kept: %s",
            snapshot.metadata.key,
            described(error),
            exc_info=error,
        )
        return None


def _can_summarise(model: Model) -> bool:
    try:
        return can_summarise(model)
    except InputError as error:
        _log.error("summaries are quotes, for the model does not say whether it can: %s", error)
        return False


async def _ask_summary(runtime: Runtime, snapshot: Snapshot, task: BackgroundTask, request: Request) -> Reply:
    seconds = runtime.config.compaction_timeout
    listener = _Listener()
    try:
        with anyio.move_on_after(seconds):
            return await _asked_again(partial(_asked, runtime, snapshot, lambda: request, listener, task), seconds)
    finally:
        listener.is_over = True
    raise ModelUnavailableError(f"it took longer than compactionTimeout, {seconds:g} s")


async def _asked_again(ask: Callable[[], Awaitable[Reply]], most: float) -> Reply:
    """Ask for a summary again where the model could not answer for now, as a turn is.

    Raises:
        ModelError: it gave none, or wants to be left alone for longer than there is time.
    """
    for pause in _PAUSES:
        try:
            return await ask()
        except ModelError as error:
            wait = pause if error.retry_after is None else error.retry_after
            if not error.is_transient or wait >= most:
                raise
        await anyio.sleep(wait)
    return await ask()
