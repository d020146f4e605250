"""What a model is to a session: something that streams a reply to a request."""

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from argentos.storage import Message, Summary, Usage

__all__ = ["Closeable", "Loadable", "Model", "Reply", "Request"]


class Request(Struct, frozen=True, kw_only=True):
    """What a model is asked.

    Between two requests of a session everything but the end stays the same, byte for byte, until a
    compaction: providers cache the prefix.

    Attributes:
        session: the id of the session.
        system: the system prompt.
        summary: of the messages before `messages`.
        messages: in the order of the conversation; those to be answered come last.
        instruction: asked after all messages, as a compaction does.
        window: the most tokens that request and reply may have together.
        max_tokens: the most that the reply may have; None leaves it to the model.
    """

    session: str
    system: str = ""
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    instruction: str = ""
    window: int
    max_tokens: int | None = None


class Reply(Struct, frozen=True):
    """The end of a stream: the whole reply.

    Attributes:
        text: empty where the model has nothing to say.
        usage: what the model reported, if it reports.
        id: for the message, where the model knows a better one than could be made up.
        sender: a name to show.
        stop_reason: why the text is not whole, in the provider's word, as `max_tokens` or `refusal`; None where it is.
    """

    text: str
    usage: Usage | None = None
    id: str | None = None
    sender: str | None = None
    stop_reason: str | None = None


@runtime_checkable
class Closeable(Protocol):
    """A model that has connections to give back."""

    async def aclose(self) -> None:
        """Give connections back. The supervisor calls it at its end; the model may be used again all the same."""
        ...


@runtime_checkable
class Loadable(Protocol):
    """A model that has something heavy to load."""

    async def load(self) -> None:
        """Load what is heavy, in a thread. The supervisor has it done when it opens, so that no turn waits for it."""
        ...


class Model(Protocol):
    """A model, or what stands for one."""

    @property
    def name(self) -> str:
        """Whose token counts these are."""
        ...

    @property
    def token_ratio(self) -> float:
        """How many of its tokens a local one is worth, before it has reported any."""
        ...

    @property
    def can_summarise(self) -> bool:
        """Whether it follows an instruction to summarise. If not, summaries are extracted."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        """Pieces of the reply's text as they come, and at last the reply; an empty piece is but a sign of life.

        The text of the last pieces and the reply's are the same. Ending without a `Reply` counts as
        interrupted. Cancellation ends it at any time.

        Raises:
            ModelError: there will be no reply; the kind says whether trying again may help.
        """
        ...
