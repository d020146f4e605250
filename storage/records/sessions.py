"""Records of the session itself: its machine, its messages, its properties, what is owed."""

from argentos.storage.blocks import Content, text_of
from argentos.storage.messages import Address, FailedTurn, RecordBase, Role, Usage

__all__ = [
    "Accepted",
    "Charged",
    "Cleared",
    "Commanded",
    "Delivered",
    "OwedAgain",
    "Transitioned",
    "Updated",
]


class Transitioned(RecordBase, frozen=True, tag="transition", kw_only=True):
    """The machine took an edge. The one from `[*]` creates the session."""

    source: str
    target: str
    event: str
    label: str


class Accepted(RecordBase, frozen=True, tag="accepted", kw_only=True):
    """A message was accepted: from the user, or from the agent speaking first.

    Attributes:
        content: a text, or blocks.
        turn: the turn that began at once to answer it, and it alone; 0 where there is none.
        request_tokens: those of the whole request of that turn, counted locally.
        is_owed: it is to be delivered to the channel of its address.
        is_appended: it asks for no reply, though it is the user's.
    """

    id: str
    number: int
    role: Role
    content: Content
    tokens: int
    turn: int = 0
    request_tokens: int = 0
    sender: str | None = None
    address: Address | None = None
    is_owed: bool = False
    is_appended: bool = False

    @property
    def text(self) -> str:
        """The content, as far as it is text."""
        return text_of(self.content)

    @property
    def awaits_reply(self) -> bool:
        """It waits for an answer, until a turn takes it up."""
        return self.role == "user" and not self.is_appended


class Updated(RecordBase, frozen=True, tag="updated", kw_only=True):
    """The properties have changed by which people find and order sessions, or the system prompt; all stand here.

    Attributes:
        title: to show; empty where there is none.
        tags: to find it by.
        owner: whose it is; empty where that is not known.
        system: the session's own system prompt; empty for that of its agent.
        system_tokens: those of `system`, counted locally.
        pinned: it stands in front of the others in lists.
        archived: lists leave it out, unless they are asked for it.
        read: the number of the last message that was read by a person.
    """

    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    system_tokens: int = 0
    pinned: bool = False
    archived: bool = False
    read: int = 0


class Cleared(RecordBase, frozen=True, tag="cleared", kw_only=True):
    """The context was emptied; its messages went to the archive.

    Attributes:
        failed: the turns that failed with some of them, which can be tried again no more.
    """

    failed: tuple[FailedTurn, ...] = ()


class Commanded(RecordBase, frozen=True, tag="commanded", kw_only=True):
    """A text command was obeyed that stands in the message of this id, which is no other one's any more."""

    id: str


class Charged(RecordBase, frozen=True, tag="charged", kw_only=True):
    """The model answered at a price that no other record names: for a summary, or with what was not kept."""

    usage: Usage


class Delivered(RecordBase, frozen=True, tag="delivered", kw_only=True):
    """The message of this number was delivered to its channel or, with a `failure`, never can be."""

    number: int
    failure: str = ""


class OwedAgain(RecordBase, frozen=True, tag="owed_again", kw_only=True):
    """The message of this number, which could not be delivered, is owed to its channel again."""

    number: int
