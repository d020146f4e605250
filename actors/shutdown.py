"""The orderly end of a supervisor, in this order: end the turns, settle, close the models."""

import logging
from functools import partial
from typing import Final

import anyio

from argentos.actors.core.registry import Registry
from argentos.actors.core.runtime import Runtime
from argentos.actors.events import SupervisorDraining
from argentos.errors import ModelError, SupervisorStoppedError
from argentos.llm import Closeable, Model

__all__ = ["close_models", "drain", "end_turns", "settle"]

_log: Final = logging.getLogger(__name__)


async def drain(registry: Registry, grace: float, patience: float) -> None:
    """See `Supervisor.drain`."""
    await end_turns(registry, grace)
    with anyio.move_on_after(patience):
        await registry.runtime.workers.drained()  # in which the replies become durable
    registry.end_waiting(
        SupervisorStoppedError("the supervisor is ending; the message is kept, and answered when it runs again")
    )
    registry.runtime.events.end()


async def end_turns(registry: Registry, grace: float) -> None:
    """Take no more messages, let the turns that run end within the grace, and cut off the others."""
    runtime = registry.runtime
    if not runtime.is_draining:
        for each in registry.runtimes.values():
            each.is_draining = True
        runtime.events.tell(SupervisorDraining(at=runtime.clock.now()))
    with anyio.move_on_after(grace):
        await runtime.slots.drained()
    runtime.slots.cancel()


async def settle(registry: Registry, patience: float) -> None:
    """Let what came in become durable, unless the store takes too long."""
    with anyio.move_on_after(patience) as scope:
        await registry.runtime.workers.drained()
    if scope.cancelled_caught:
        _log.critical(
            "the store has not taken everything within %g s, so it is closed as it stands; what was"
            " acknowledged is durable, and what was not is to be sent again",
            patience,
        )


async def close_models(registry: Registry, patience: float) -> None:
    """Have each model close what it has open, all within this time."""
    deadline = anyio.current_time() + patience
    of_all = {id(model): (each, model) for each in registry.runtimes.values() for model in each.models}
    for runtime, model in of_all.values():
        await _close_model(runtime, model, deadline)


async def _close_model(runtime: Runtime, model: Model, deadline: float) -> None:
    try:
        with anyio.fail_after(deadline - anyio.current_time()):
            await runtime.bulkhead.run(partial(_close, model), f"the model of agent {runtime.agent}")
    except (ModelError, TimeoutError) as error:  # the store has to be closed all the same
        _log.error("the model of agent %s could not be closed: %s", runtime.agent, error or "it took too long")


async def _close(model: Model) -> None:
    if isinstance(model, Closeable):
        await model.aclose()
