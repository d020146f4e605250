"""What takes long: a turn of the model, and a compaction. Neither touches the session; the actor is told."""

import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import anyio

from argentos.actors.runtime import Runtime
from argentos.errors import ModelError, ModelUnavailableError, ReplyInterruptedError
from argentos.llm import Compacted, Reply, assemble, compact
from argentos.storage import Snapshot

__all__ = ["ask_model", "make_summary"]

_log: Final = logging.getLogger(__name__)


async def ask_model(runtime: Runtime, snapshot: Snapshot, push: Callable[[str], None]) -> Reply | ModelError:
    """The model's reply to the turn that is open in the snapshot, or why there is none.

    `push` is given the text as it streams.
    """
    timeout = runtime.config.turn_timeout
    request = assemble(snapshot, system=runtime.system, window=runtime.gauge.window)
    try:
        with anyio.fail_after(timeout):
            async with aclosing(runtime.model.stream(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        return piece
                    push(piece)
        return ReplyInterruptedError("the model ended its stream without a reply; ask again")
    except TimeoutError:
        return ModelUnavailableError(f"the model gave no reply within {timeout:g} s; ask again later")
    except ModelError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a model of the user's may raise anything; the session goes on
        _log.exception("session %s: the model raised what is no ModelError", snapshot.metadata.key)
        return ModelError(f"the model failed: {error!r}")


async def make_summary(runtime: Runtime, snapshot: Snapshot, *, by_hand: bool, focus: str) -> Compacted | None:
    """A summary for the session that waits for one, or None if even quotes could not be made."""
    try:
        return await compact(
            snapshot,
            runtime.model,
            runtime.gauge,
            count=runtime.count,
            system=runtime.system,
            seconds=runtime.config.compaction_timeout,
            by_hand=by_hand,
            focus=focus,
        )
    except Exception:  # noqa: BLE001 - likewise
        _log.exception("session %s: no summary could be made, so its context is kept", snapshot.metadata.key)
        return None
