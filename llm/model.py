"""The contract of a model: one method, which answers a request and streams what it says."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from argentos.llm.pieces import Emitted
from argentos.storage import Block, Message, RawBlock, Summary, Usage, blocks_of, raw_content, text_of

__all__ = ["Closeable", "Emit", "Loadable", "Model", "Reply", "Request"]


class Request(Struct, frozen=True, kw_only=True):
    """A conversation that a model is to continue.

    Between two requests of a session everything but the end stays the same, byte for byte, until a
    compaction: providers cache the prefix.

    Attributes:
        session: the id of the session.
        system: the system prompt.
        tools: the definitions of those that the model may call, as the Messages API takes them.
        summary: of the messages before `messages`.
        messages: in the order of the conversation; those to be answered come last. Their `content` is the model's own,
            their raw `blocks` are the session's, and must not be changed.
        instruction: asked after all messages, as a compaction does.
        window: the most tokens that request and reply may have together.
        max_tokens: the most that the reply may have; None leaves it to the model.
    """

    session: str
    system: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    instruction: str = ""
    window: int
    max_tokens: int | None = None


class Reply(Struct, frozen=True):
    """A whole reply.

    Attributes:
        content: a text, or content blocks; empty where the model has nothing to say.
        usage: tokens that the model reported, if it reports.
        id: for the message, where the model knows a better one than could be made up.
        sender: a name to show.
        stop_reason: why the text is not whole, in the provider's word, as `max_tokens` or `refusal`; None where it is.
    """

    content: str | Sequence[Block | RawBlock] = ""
    usage: Usage | None = None
    id: str | None = None
    sender: str | None = None
    stop_reason: str | None = None

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(raw_content(self.content))

    @property
    def blocks(self) -> tuple[RawBlock, ...]:
        """The raw blocks; none where the content is a text."""
        return blocks_of(raw_content(self.content))


class Emit(Protocol):
    """The way by which a model streams its reply, piece by piece."""

    async def __call__(self, piece: Emitted | str, /) -> None:
        """Show a piece of the reply to whoever reads along; an empty text is a sign of life and nothing more.

        Args:
            piece: a text stands for a `TextDelta`.

        Raises:
            ModelError: it is none that can be shown.
        """
        ...


class Model(Protocol):
    """A model, or a stand-in for one: any object that has the method `reply`.

    More may be told by attributes, each of which has a default:

    - `name: str`: the name under which its token counts are kept; by default that of its class.
    - `window: int`: the most tokens that a request and its reply may have together; sessions use the smaller one of
      this and `maxContextTokens`.
    - `token_ratio: float`: how many of its tokens a locally counted one is worth, before it has reported any; by
      default 1 where it, or the host, has a counter, and else 1.6, which no language exceeds.
    - `can_summarise: bool`: whether it obeys `Request.instruction`, by which a compaction asks for a summary; by
      default not, and summaries are quotes.
    - `async def summarise(self, request, emit) -> Reply`: asked for summaries in the place of `reply`.
    - `def count_tokens(self, text: str) -> int`: a counter of its own, called in threads, once for each message.
    - `async def measure(self, request) -> int`: the tokens of a request for it; asked near the limit, for 5 s.
    - `async def load(self) -> None`: loads something heavy, when the supervisor opens.
    - `async def learn(self) -> None`: asks its provider for its `window`, in the background, where no setting has one.
    - `async def aclose(self) -> None`: gives connections back, at the supervisor's end.
    """

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """Answer a request.

        What is emitted is provisional: the text of the reply counts, which has all of it. A model that cannot
        stream emits nothing. Cancellation ends it at any time.

        Raises:
            ModelError: there will be no reply; the kind says whether trying again may help.
        """
        ...


@runtime_checkable
class Loadable(Protocol):
    """A model that has something heavy to load."""

    async def load(self) -> None:
        """Load what is heavy, in a thread. The supervisor has it done when it opens, so that no turn waits for it."""
        ...


@runtime_checkable
class Closeable(Protocol):
    """A model that has connections to give back."""

    async def aclose(self) -> None:
        """Give connections back. The supervisor calls it at its end; the model may be used again all the same."""
        ...
