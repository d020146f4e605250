"""The model that writes summaries: the one that talks, or a cheaper one beside it."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import anyio
from msgspec import Struct, structs

from argentos.errors import ContextOverflowError, ModelError
from argentos.llm.counting import Counting
from argentos.llm.model import Reply, Request
from argentos.llm.summaries.checks import problem_of
from argentos.llm.summaries.instructions import again
from argentos.storage import RawBlock

__all__ = ["Summariser", "UnusableSummaryError"]

_PAUSES: Final = (0.5, 2.0)  # seconds before it is asked again
_TOO_LONG: Final = 1.5
"""By how much a summary may be longer than was asked for; so it is always shorter than what it replaces."""


class UnusableSummaryError(ModelError):
    """The answers of the model are no summary, twice."""


class Written(NamedTuple):
    """A summary and, where the provider made it, its block."""

    text: str
    block: RawBlock | None = None


class Summariser(Struct, frozen=True, kw_only=True):
    """A model that writes summaries.

    Attributes:
        ask: has it answer a request, and may raise a `ModelError`.
        window: the most tokens of a request and its reply.
        ratio: its tokens for each that is counted locally.
        is_talker: it is the one that takes part in the conversation, and has that in its provider's cache.
    """

    ask: Callable[[Request], Awaitable[Reply]]
    window: int
    ratio: float
    is_talker: bool

    async def write(self, request: Request, most: int, counting: Counting) -> Written:
        """The summary that a request asks for.

        It is asked for again twice where the model cannot answer for now, after the time that its provider wants, and
        once where what it answered is no summary.

        Args:
            request: asks for it.
            most: local tokens of the summary.
            counting: of local tokens.

        Raises:
            ContextOverflowError: the request is larger than the model takes.
            ModelError: it gave none.
        """
        problem, first = "", request
        pauses = iter(_PAUSES)
        while True:
            try:
                reply = await self.ask(request)
            except ContextOverflowError:
                raise
            except ModelError as error:
                wait = next(pauses, None)
                if not error.is_transient or wait is None:
                    raise
                wait = wait if error.retry_after is None else error.retry_after
                if anyio.current_time() + wait >= anyio.current_effective_deadline():
                    raise
                await anyio.sleep(wait)
                continue
            is_second, written = bool(problem), _written(reply)
            problem = "" if written.block else problem_of(reply)
            if not problem and await counting.tokens(written.text) <= _TOO_LONG * most:
                return written
            problem = problem or "it is too long"
            if is_second:
                raise UnusableSummaryError(f"what the model wrote cannot be taken, for {problem}")
            request = structs.replace(first, instruction=again(first.instruction, problem))


def _written(reply: Reply) -> Written:
    """The text of a summary; a block of the provider's has it as its content."""
    block = next((each for each in reply.blocks if each.get("type") == "compaction"), None)
    content = block.get("content") if block else None
    return Written(content, block) if isinstance(content, str) and content.strip() else Written(reply.text.strip())
