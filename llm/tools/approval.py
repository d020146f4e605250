"""The question whether a person must allow a call: a tool answers it always alike, or by a function of the input."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, Final, TypeAlias, cast

from argentos.concurrency.foreign_code import in_log, passes
from argentos.concurrency.threads import Runner
from argentos.inputs import as_flag

__all__ = ["NeedsApproval", "is_approval_needed"]

NeedsApproval: TypeAlias = bool | Callable[[dict[str, Any]], bool | Awaitable[bool]]
"""Tell whether a person must allow a call: always, never, or as a function of its input says."""

_log: Final = logging.getLogger(__name__)


async def is_approval_needed(word: NeedsApproval, given: dict[str, Any], tool: str, run: Runner) -> bool:
    """The answer for an input; of one that the tool cannot judge, yes.

    Args:
        word: the tool's.
        given: the input, which the tool may change.
        tool: its name.
        run: a thread for a function that is not async.
    """
    if isinstance(word, bool):
        return word
    try:
        said: object = word(given) if iscoroutinefunction(word) else await run(partial(word, given))
        if isinstance(said, Awaitable):
            said = await cast("Awaitable[object]", said)
        return as_flag(said, f"what needs_approval of tool {tool!a} gave")
    except BaseException as error:
        if passes(error):
            raise
        _log.error("a person is asked whether tool %a may run; it cannot tell: %s", tool, in_log(error))
        return True
