"""Replies as a turn takes them: what counts of one, and what becomes of the calls in it."""

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any, Final, cast

import anyio
from msgspec import structs

from argentos.actors.core.reports import PlannedCall
from argentos.actors.core.runtime import Runtime
from argentos.errors import ContextOverflowError, ModelError
from argentos.inputs import in_words
from argentos.llm import Reply, is_approval_needed, is_blank
from argentos.storage import REFUSAL, OpenTurn, RawBlock, ToolUse, calls_in

__all__ = ["as_response", "has_nothing_to_say", "plan_calls"]

_log: Final = logging.getLogger(__name__)
_CALLING: Final = frozenset({None, "tool_use", "end_turn", "stop_sequence", "pause_turn"})
"""The stop reasons with which the calls of a reply are whole."""

_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,200}")
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_SILENT: Final = frozenset({"thinking", "redacted_thinking"})
_JUDGING: Final = 10.0  # seconds
_SHOWN: Final = 20  # names of tools in a sentence
_MADE_UP: Final = "_argentos_unusable"  # in the place of an input that is no object


def as_response(reply: Reply, step: int) -> Reply:
    """The reply as it is kept: with the calls that it makes, each with an id of its own, and no others.

    Args:
        reply: of the model.
        step: how many responses of the turn there were before.

    Raises:
        ModelError: it was cut off before it had anything to say; the kind says by what.
    """
    blocks = reply.blocks
    if any(block.get("type") == "tool_use" for block in blocks) and reply.stop_reason != REFUSAL:
        content = _with_ids(blocks, step) if reply.stop_reason in _CALLING else _without_calls(blocks)
        reply = structs.replace(reply, content=content)
        if calls_in(content):
            return structs.replace(reply, stop_reason=None)
    _check_not_cut_off(reply)
    return reply


def _without_calls(blocks: Sequence[RawBlock]) -> tuple[RawBlock, ...]:
    """Leave the calls out of a reply that was cut off, which may not be whole either."""
    return tuple(block for block in blocks if block.get("type") != "tool_use")


def _with_ids(blocks: Sequence[RawBlock], step: int) -> tuple[RawBlock, ...]:
    taken = set[str]()
    kept: list[RawBlock] = []
    for at, block in enumerate(blocks):
        kept.append(_usable(block, f"call-{step + 1}-{at + 1}", taken) if block.get("type") == "tool_use" else block)
    return tuple(kept)


def _usable(block: RawBlock, made: str, taken: set[str]) -> RawBlock:
    """The call, as it came where it can be answered."""
    call_id, name, given = block.get("id"), block.get("name"), block.get("input")
    is_named = isinstance(name, str) and _NAME.fullmatch(name)
    if isinstance(call_id, str) and _ID.fullmatch(call_id) and call_id not in taken and is_named:
        taken.add(call_id)
        return block if isinstance(given, dict) else {**block, "input": {_MADE_UP: in_words(given)}}
    known = call_id if isinstance(call_id, str) and _ID.fullmatch(call_id) else made
    while known in taken:
        known = f"{known[:190]}-{len(taken)}"
    taken.add(known)
    fit = cast("dict[str, Any]", given) if isinstance(given, dict) else {_MADE_UP: in_words(given)}
    return {**block, "id": known, "name": name if is_named else "unnamed", "input": fit}


def has_nothing_to_say(reply: Reply) -> bool:
    """There is nothing in it to read: white space, or thoughts, alone."""
    return is_blank(reply.text) and all(block.get("type") in {"text", *_SILENT} for block in reply.blocks)


def _check_not_cut_off(reply: Reply) -> None:
    """Tell a model that was kept from answering from one that has nothing to say.

    Raises:
        ModelError: it was; the kind says by what.
    """
    reason = reply.stop_reason
    if reason in {None, REFUSAL, "pause_turn"} or not has_nothing_to_say(reply):
        return
    if reason == "model_context_window_exceeded":
        raise ContextOverflowError("the conversation leaves no room for a reply in the model's window")
    raise ModelError(f"the model's reply was cut off before it had any text ({reason}); let it have more tokens")


async def plan_calls(runtime: Runtime, turn: OpenTurn, reply: Reply) -> tuple[PlannedCall, ...]:
    """Plan the calls of a response: each is run, waits for a person, or is refused."""
    most, calls = runtime.config.turn_calls, calls_in(reply.blocks)
    planned: list[PlannedCall] = []
    for at, call in enumerate(calls):
        refusal = _too_many(most) if turn.made + at >= most else _misfit(runtime, call)
        if refusal:
            planned.append(PlannedCall(call.id, refusal, await runtime.count.tokens(refusal)))
        else:
            planned.append(PlannedCall(call.id, is_asked=await _is_asked(runtime, call)))
    return tuple(planned)


def _too_many(most: int) -> str:
    return f"not run: {most} calls are the most of a turn (turnCalls); answer now, with what you know"


def _misfit(runtime: Runtime, call: ToolUse) -> str:
    if _MADE_UP in call.input:
        return f"not run: the input is {call.input[_MADE_UP]}; give an object, as the schema of the tool says"
    if runtime.tools.get(call.name) is None:
        return f"not run: there is no tool {call.name!a}; there are {', '.join(runtime.tools.names[:_SHOWN]) or 'none'}"
    return ""


async def _is_asked(runtime: Runtime, call: ToolUse) -> bool:
    """A person has to allow the call; also where the tool cannot tell, or not in time."""
    found = runtime.tools.get(call.name)
    word = found[1].needs_approval if found is not None else False
    if isinstance(word, bool):
        return word
    judging = partial(is_approval_needed, word, deepcopy(call.input), call.name, runtime.toolbox.threads)
    with anyio.move_on_after(_JUDGING), suppress(ModelError):  # it cancelled the task that it ran in
        return await runtime.bulkhead.run(judging, f"needs_approval of tool {call.name}")
    _log.error("a person is asked whether tool %a may run; it has not told within %g s", call.name, _JUDGING)
    return True
