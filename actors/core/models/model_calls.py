"""Calls of the model for a turn. They do not touch the session; the actor is told."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import anyio
from msgspec import structs

from argentos.actors.core.decisions.responses import as_response, plan_calls
from argentos.actors.core.models.asking import Charging, Listener, ask, request_of
from argentos.actors.core.reports import PlannedCall
from argentos.actors.core.runtime import Runtime
from argentos.actors.scheduling.slots import BackgroundTask
from argentos.actors.settings.config import Config
from argentos.errors import (
    CallbackError,
    InputError,
    ModelError,
    ModelUnavailableError,
    ReplyInterruptedError,
    StoreError,
)
from argentos.llm import Piece, Reply, is_sign_of_life
from argentos.storage import MESSAGE_TOKENS, Snapshot, raw_content

__all__ = ["Answer", "ask_model"]


class Answer(NamedTuple):
    """A reply, the bytes that it refers to, its local tokens, and what becomes of its calls."""

    reply: Reply
    attachments: Mapping[str, bytes]
    tokens: int
    calls: tuple[PlannedCall, ...] = ()


async def ask_model(
    runtime: Runtime, snapshot: Snapshot, push: Callable[[Piece], None], charge: Charging, task: BackgroundTask
) -> Answer | ModelError | None:
    """The model's reply to the turn that is open in the snapshot, or why there is none.

    Args:
        runtime: has the model, and its time.
        snapshot: of the session.
        push: is given the reply as it streams.
        charge: is told of a reply that is not taken.
        task: which this is; where it is cancelled, there is neither.
    """
    listener = _TurnListener(runtime.config, push, task.scope)
    try:
        with task.scope:
            request = partial(request_of, runtime, snapshot)
            reply = await ask(runtime, runtime.model, snapshot, request, listener, charge=charge, hold=task.hold)
            listener.end()
            try:
                return await _taken(runtime, snapshot, reply)
            except BaseException:  # a cancellation, too: what it has cost is owed all the same
                charge(reply.usage)
                raise
    except ModelError as error:
        return error
    except CallbackError as error:
        return _caused(ModelError(f"the reply cannot be taken: {error}"), error)
    finally:
        listener.is_over = True
    return None if task.is_cancelled else listener.verdict()


async def _taken(runtime: Runtime, snapshot: Snapshot, given: Reply) -> Answer:
    turn = snapshot.metadata.turn
    reply, attachments = await _detached(runtime, snapshot, as_response(given, turn.steps if turn else 0))
    tokens = await runtime.count.content(raw_content(reply.content)) + MESSAGE_TOKENS
    if turn is None or not reply.blocks or reply.stop_reason is not None:
        return Answer(reply, attachments, tokens)
    return Answer(reply, attachments, tokens, await plan_calls(runtime, turn, reply))


async def _detached(runtime: Runtime, snapshot: Snapshot, reply: Reply) -> tuple[Reply, Mapping[str, bytes]]:
    """The reply without the bytes in it, and these.

    Raises:
        ModelError: they cannot be kept.
    """
    if not (blocks := reply.blocks):
        return reply, {}
    try:
        found = await runtime.attachments.detached(snapshot.metadata.key, blocks, "the reply", ModelError)
    except (InputError, StoreError) as error:
        raise ModelError(f"the reply cannot be kept: {error}", is_transient=error.is_transient) from error
    return (reply if found.content is blocks else structs.replace(reply, content=found.content)), found.attachments


def _caused(error: ModelError, cause: Exception) -> ModelError:
    error.__cause__ = cause
    return error


class _TurnListener(Listener):
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
