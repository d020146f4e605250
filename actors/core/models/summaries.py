"""Summaries for a session that waits for one. The session is not touched; the actor is told."""

import logging
from typing import Final

from msgspec import structs

from argentos.actors.core.models.asking import Charging, Holding, Listener, ask, measure
from argentos.actors.core.reports import NotCompacted
from argentos.actors.core.runtime import Runtime
from argentos.concurrency.foreign_code import described, in_log, passes
from argentos.errors import ArgentError, InputError
from argentos.llm import (
    SAFE_RATIO,
    Compacted,
    Model,
    Reply,
    Request,
    Summariser,
    Traits,
    can_measure,
    compact,
    traits_of,
)
from argentos.storage import Measured, Snapshot
from argentos.storage.folding.calibration import take_measure

__all__ = ["make_summary"]

_log: Final = logging.getLogger(__name__)


async def make_summary(
    runtime: Runtime, snapshot: Snapshot, hold: Holding | None, charge: Charging
) -> Compacted | NotCompacted:
    """A summary for the session that waits for one, or for which one is asked, or why there is none.

    Args:
        runtime: has the models, and their time.
        snapshot: of the session.
        hold: is told how to cancel what a model does.
        charge: is told of each answer.
    """
    asked = snapshot.metadata.asked
    older = runtime.gauge.replaceable(snapshot, asked)
    if older == 0:
        return NotCompacted("nothing_to_compact", "all messages have to be kept")
    if asked is None and (found := await _measured(runtime, snapshot, hold)) is not None:
        reason = f"the model counts {found.tokens} tokens, so that the window is not full"
        return NotCompacted("nothing_to_compact", reason, found)
    listener = Listener()
    try:
        compacted = await compact(
            snapshot,
            _summariser(runtime, snapshot, listener, hold, charge),
            runtime.gauge,
            counting=runtime.count,
            system=snapshot.metadata.system or runtime.system,
            tools=runtime.tools.definitions,
            older=older,
            focus=asked.focus if asked else "",
            seconds=runtime.config.compaction_timeout,
        )
    except BaseException as error:  # whatever it is, the conversation goes on
        if passes(error):
            raise
        _log.error(
            "session %s: no summary could be made, so its context is kept: %s",
            snapshot.metadata.key,
            in_log(error),
            exc_info=error,
        )
        return NotCompacted("failed", f"no summary could be made: {described(error)}")
    finally:
        listener.is_over = True
    if compacted.after >= compacted.before:
        return NotCompacted("not_worth_it", "the summary would be no shorter than what it replaces")
    return compacted


async def _measured(runtime: Runtime, snapshot: Snapshot, hold: Holding | None) -> Measured | None:
    """The tokens of the context as the model counts them, where it says that the window is not full.

    A turn that is open may have been refused for its size: then nothing is asked.
    """
    metadata, gauge = snapshot.metadata, runtime.gauge
    if metadata.turn is not None or not gauge.is_full(metadata) or not can_measure(runtime.model):
        return None
    try:
        tokens = await measure(runtime, snapshot, hold)
    except ArgentError as error:
        _log.debug("session %s: its context is not measured: %s", metadata.key, error)
        return None
    if tokens is None:
        return None
    found = Measured(gauge.model, tokens, metadata.tokens + gauge.system_of(metadata), metadata.tokens)
    known = structs.replace(metadata, calibration=take_measure(metadata.calibration, found))
    return None if gauge.is_full(known) else found


def _summariser(
    runtime: Runtime, snapshot: Snapshot, listener: Listener, hold: Holding | None, charge: Charging
) -> Summariser | None:
    """The model that writes the summary; None where none can, or the process may have died of asking it."""
    resumed = snapshot.metadata.compaction
    if resumed is not None and resumed.alone > runtime.config.max_crashes:
        return None
    model = runtime.summariser or runtime.model
    traits = _traits(model)
    if traits is None or not (traits.can_summarise or runtime.summariser is not None):
        return None
    is_talker = model is runtime.model

    async def answer(request: Request) -> Reply:
        reply = await ask(runtime, model, snapshot, lambda: request, listener, charge=charge, hold=hold)
        charge(reply.usage)
        return reply

    return Summariser(
        ask=answer,
        window=runtime.gauge.window if is_talker else traits.window or runtime.gauge.window,
        ratio=runtime.gauge.ratio(snapshot.metadata) if is_talker else traits.token_ratio or SAFE_RATIO,
        is_talker=is_talker,
    )


def _traits(model: Model) -> Traits | None:
    try:
        return traits_of(model)
    except InputError as error:
        _log.error("summaries are quotes, for the model does not say what it is: %s", error)
        return None
