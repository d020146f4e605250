"""What takes long: a turn of the model, and a compaction. Neither touches the session; the actor is told."""

import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final, NamedTuple

import anyio

from argentos.actors.containment import contained
from argentos.actors.runtime import Runtime
from argentos.errors import (
    ContextOverflowError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
)
from argentos.llm import Compacted, Reply, assemble, compact, is_blank
from argentos.storage import MESSAGE_TOKENS, Snapshot

__all__ = ["Answer", "ask_model", "make_summary"]

_log: Final = logging.getLogger(__name__)


class Answer(NamedTuple):
    """A reply, and its local tokens."""

    reply: Reply
    tokens: int


async def ask_model(
    runtime: Runtime, snapshot: Snapshot, push: Callable[[str], None], scope: anyio.CancelScope
) -> Answer | ModelError | None:
    """The model's reply to the turn that is open in the snapshot, or why there is none.

    Args:
        runtime: has the model, and its time.
        snapshot: of the session.
        push: is given the text as it streams.
        scope: not entered yet; whoever cancels it gets None.
    """
    timeout = runtime.config.turn_timeout
    scope.deadline = anyio.current_time() + timeout
    try:
        with scope:
            reply = await contained(_stream(runtime, snapshot, push))
            reply.text.encode()
            _check_text(reply)
            return Answer(reply, runtime.count(reply.text) + MESSAGE_TOKENS)
        if anyio.current_time() < scope.deadline:
            return None
        return ModelUnavailableError(f"the model gave no reply within {timeout:g} s; ask again later")
    except ModelError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a model of the user's may raise anything; the session goes on
        _log.error("session %s: the model raised %r", snapshot.metadata.key, error, exc_info=error)
        return ModelError(f"the model failed: {error!r}")


async def _stream(runtime: Runtime, snapshot: Snapshot, push: Callable[[str], None]) -> Reply:
    request = assemble(snapshot, system=runtime.system, window=runtime.gauge.window)
    async with aclosing(runtime.model.stream(request)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Reply):
                return piece
            push(piece)
    raise ReplyInterruptedError("the model ended its stream without a reply; ask again")


def _check_text(reply: Reply) -> None:
    """Tell a model that was kept from answering from one that has nothing to say.

    Raises:
        ModelError: it was; the kind says by what.
    """
    reason = reply.stop_reason
    if reason is None or not is_blank(reply.text):
        return
    if reason == "refusal":
        raise ModelRefusedError("the model refused to answer; ask in other words")
    if reason == "model_context_window_exceeded":
        raise ContextOverflowError("the conversation leaves no room for a reply in the model's window")
    raise ModelError(f"the model's reply was cut off before it had any text ({reason}); let it have more tokens")


async def make_summary(runtime: Runtime, snapshot: Snapshot, *, by_hand: bool, focus: str) -> Compacted | None:
    """A summary for the session that waits for one, or None if there is nothing to put into it, or no way to."""
    # Who asked is forgotten in a restart; what would not be compacted for its size was to be compacted by hand.
    by_hand = by_hand or runtime.gauge.older(snapshot, by_hand=False) == 0
    if runtime.gauge.older(snapshot, by_hand=by_hand) == 0:
        return None
    try:
        making = compact(
            snapshot,
            runtime.model,
            runtime.gauge,
            count=runtime.count,
            system=runtime.system,
            seconds=runtime.config.compaction_timeout,
            by_hand=by_hand,
            focus=focus,
        )
        return await contained(making)
    except Exception:  # noqa: BLE001 - likewise
        _log.exception("session %s: no summary could be made, so its context is kept", snapshot.metadata.key)
        return None
