"""Validation of what a host gives: messages, addresses, and the parts of a supervisor."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast

from anyio.lowlevel import checkpoint
from msgspec import structs

from argentos.actors.core.commands import Changes
from argentos.actors.info import SessionFilter
from argentos.concurrency.foreign_code import described, is_interrupt
from argentos.errors import InputError
from argentos.inputs import as_choice, as_flag, as_id, as_name, as_number, as_text, as_time, as_whole_number, in_words
from argentos.storage import Address, Content, Role, as_content

__all__ = [
    "NewMessage",
    "as_address",
    "as_changes",
    "as_channels",
    "as_filter",
    "as_focus",
    "as_keep",
    "as_new_message",
    "as_part",
    "as_patience",
    "as_people",
    "as_reason",
    "as_role",
    "new_message",
]

T = TypeVar("T")

_MOST_KEPT: Final = 10_000_000
_LONGEST_FOCUS: Final = 800  # characters
_LONGEST_REASON: Final = 500  # characters
_LONGEST_DENIAL: Final = 2000  # characters
_LONGEST_SYSTEM: Final = 100_000  # characters
_MOST_TAGS: Final = 64
_OF_A_TURN: Final = frozenset({"redacted_thinking", "thinking", "tool_result", "tool_use"})
_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}
_ADDRESS_FIELDS: Final = structs.fields(Address)


class NewMessage(NamedTuple):
    """A message as it is sent.

    Attributes:
        owner: whose session it has to be; None where it may be anybody's, or is made.
        attachments: the bytes that its content refers to, once they were taken out.
    """

    content: Content
    message_id: str | None
    address: Address | None
    sender: str | None
    owner: str | None = None
    attachments: Mapping[str, bytes] = _NO_ATTACHMENTS


def as_new_message(content: object, message_id: object, address: object, sender: object) -> NewMessage:
    """A message that can be stored; numbers are taken for the texts of ids.

    Raises:
        InputError: it cannot be stored.
    """
    return NewMessage(
        as_content(content, "the message"),
        None if message_id is None else as_id(message_id, "the message id"),
        None if address is None else as_address(address),
        None if sender is None else as_name(sender, "the sender of the message"),
    )


async def new_message(
    content: object, message_id: object, address: object, sender: object, owner: object = None
) -> NewMessage:
    """A message that can be sent; who is refused lets others run first.

    Raises:
        InputError: it cannot be stored, or is empty.
    """
    try:
        sent = _not_empty(as_new_message(content, message_id, address, sender))
        return sent if owner is None else sent._replace(owner=as_id(owner, "the owner"))
    except InputError:
        await checkpoint()
        raise


def _not_empty(sent: NewMessage) -> NewMessage:
    if isinstance(sent.content, str):
        if not sent.content.strip():
            raise InputError("the message is empty; send some text")
        return sent
    if not sent.content:
        raise InputError("the message has no content blocks; send at least one")
    wrong = next((each["type"] for each in sent.content if each["type"] in _OF_A_TURN), None)
    if wrong is not None:
        raise InputError(f"a message cannot be sent with a block of the type {wrong!a}, which only a turn makes")
    return sent


def as_address(value: object) -> Address:
    """An address that can be stored; numbers are taken for the texts of ids.

    Raises:
        InputError: it is none.
    """
    if not issubclass(type(value), Address):
        raise InputError(f"the address is {in_words(value)}; give an Address")
    parts: dict[str, Any] = {each.name: _part_of_address(value, each) for each in _ADDRESS_FIELDS}
    return Address(**parts)


def _part_of_address(address: object, field: structs.FieldInfo) -> str | None:
    part: object = getattr(address, field.name)
    return None if part is None and not field.required else as_id(part, f"the {field.name} of the address")


def as_changes(
    title: object,
    tags: object,
    owner: object,
    system: object,
    *,
    pinned: object = None,
    archived: object = None,
    read: object = None,
) -> Changes:
    """The changes of a session that can be stored; None leaves a part as it is, and an empty one removes it.

    Raises:
        InputError: one cannot be stored.
    """
    return Changes(
        None if title is None else as_name(title, "the title"),
        None if tags is None else _as_tags(tags),
        None if owner is None else "" if owner == "" else as_id(owner, "the owner"),
        None if system is None else _as_system(system),
        None if pinned is None else as_flag(pinned, "pinned"),
        None if archived is None else as_flag(archived, "archived"),
        None if read is None else as_whole_number(read, "the number of the last message that was read", 0, 2**53),
    )


async def as_patience(value: object) -> float:
    """The seconds for which room is waited for; who gives any, or what is none, lets others run first.

    Raises:
        InputError: it is no number of seconds.
    """
    if value == 0.0:
        return 0.0
    await checkpoint()
    return as_number(value, "the patience")


def as_role(value: object) -> Role:
    """The side of a message.

    Raises:
        InputError: it is none.
    """
    return "user" if as_choice(value, ("user", "assistant"), "the role") == "user" else "assistant"


def as_filter(
    prefix: object = None, owner: object = None, tag: object = None, active_since: object = None
) -> SessionFilter:
    """A choice of sessions.

    Raises:
        InputError: a part of it can be no one's.
    """
    return SessionFilter(
        None if prefix is None else as_name(prefix, "the prefix"),
        None if owner is None else as_id(owner, "the owner"),
        None if tag is None else as_id(tag, "the tag"),
        None if active_since is None else as_time(active_since, "active_since"),
    )


def _as_tags(value: object) -> tuple[str, ...]:
    """Tags, each once.

    Raises:
        InputError: they are no collection of names, or too many.
    """
    if isinstance(value, str) or not isinstance(value, Collection):
        raise InputError(f"the tags are {in_words(value)}; give several, as ('billing',)")
    tags = tuple(dict.fromkeys(as_id(each, "the tag") for each in cast("Collection[object]", value)))
    if len(tags) > _MOST_TAGS:
        raise InputError(f"these are {len(tags)} tags; {_MOST_TAGS} is the most")
    return tags


def _as_system(value: object) -> str:
    system = as_text(value, "the system prompt")
    if len(system) > _LONGEST_SYSTEM:
        raise InputError(f"the system prompt has {len(system)} characters; {_LONGEST_SYSTEM} is the most")
    return system


def as_reason(value: object, *, may_be_empty: bool = True) -> str:
    """The first part of a sentence that says why something failed.

    Raises:
        InputError: it is no text that can be stored, or it is empty.
    """
    reason = as_text(value, "the reason").strip()[:_LONGEST_REASON]
    if not reason and not may_be_empty:
        raise InputError("the reason is empty; say in a sentence why it cannot be done")
    return reason


def as_people(value: object, who: str) -> frozenset[str]:
    """The names of people whose word counts, as `approver`.

    Raises:
        InputError: it is no list of names.
    """
    if isinstance(value, str) or not isinstance(value, Collection):
        raise InputError(f"the {who}s are {in_words(value)}; give a list of their names, as ['jason']")
    named = f"the name of {'an' if who[0] in 'aeiou' else 'a'} {who}"
    return frozenset(as_id(each, named) for each in cast("Collection[object]", value))


def as_denial(value: object) -> str:
    """The reason for which a call is denied, perhaps none.

    Raises:
        InputError: it is no text, or has more than 2,000 characters.
    """
    reason = as_text(value, "the reason").strip()
    if len(reason) > _LONGEST_DENIAL:
        raise InputError(f"the reason has {len(reason)} characters; {_LONGEST_DENIAL} is the most")
    return reason


def as_focus(value: object) -> str:
    """A focus for a compaction: what it is to keep above all.

    Raises:
        InputError: it is no text that can be stored, or has more than 800 characters.
    """
    focus = as_text(value, "the focus")
    if len(focus) > _LONGEST_FOCUS:
        raise InputError(f"the focus has {len(focus)} characters; {_LONGEST_FOCUS} is the most")
    return focus


def as_keep(value: object) -> int | None:
    """The number of latest messages that a compaction keeps; None where that is left to the settings.

    Raises:
        InputError: it is no number from 0.
    """
    return None if value is None else as_whole_number(value, "keep", 0, _MOST_KEPT)


# The parts of a supervisor ----------------------------------------------------------------------------------


def as_part(value: T, what: str, use: str, *methods: str) -> T:
    """A part of a supervisor that has the methods by which it is known.

    Raises:
        InputError: it lacks one, or raises.
    """
    part: Any = value
    try:
        has_all = not isinstance(part, type) and all(callable(getattr(part, name, None)) for name in methods)
    except BaseException as error:  # its own
        if is_interrupt(error):
            raise
        raise InputError(f"{what} cannot be looked at: it raised {described(error)}; {use}") from error
    if not has_all:
        raise InputError(f"{what} is {in_words(part)}; {use}")
    return value


def as_channels(value: object) -> frozenset[str]:
    """The names of channels.

    Raises:
        InputError: they are no collection of names.
    """
    if isinstance(value, str):
        raise InputError(f"the outbox is {in_words(value)}; give several names, as ({value!a:.60},)")
    if not isinstance(value, Collection):
        raise InputError(f"the outbox is {in_words(value)}; give the names of channels, as ('telegram',)")
    return frozenset(as_id(each, "the channel") for each in cast("Collection[object]", value))
