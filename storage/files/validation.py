"""Checks of files that no checksum vouches for, as after an edit by hand.

Every error is a `ValueError` that begins with the place of what is wrong, as `jq` would name it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, Protocol, cast

import msgspec
from msgspec import Struct, structs

from argentos.machines import SESSION
from argentos.storage.messages import Message
from argentos.storage.snapshot import SCHEMA_VERSION, CallResult, Context, Metadata, Snapshot

__all__ = ["Numbered", "check_archive", "check_fields", "check_metadata", "check_snapshot", "check_transitions"]

_COUNTS: Final = (
    "messages",
    "tokens",
    "waiting_tokens",
    "turns",
    "compactions",
    "checkpoints",
    "boundary",
    "kept_at",
    "read",
    "summary_tokens",
    "system_tokens",
)


def check_fields(data: bytes, content: Struct) -> None:
    """Check that every field is known, every number can be written, and every time has a zone."""
    msgspec.msgpack.encode(content)
    raw = msgspec.json.decode(data)
    raw.pop("checksum", None)
    _check_value(raw, content, "$")


def _check_value(raw: object, value: object, path: str) -> None:
    if isinstance(value, Struct):
        names = _names(type(value))
        for name, part in cast("dict[str, object]", raw).items():
            if name not in names:
                raise ValueError(f"{path}.{name} is no field")
            _check_value(part, getattr(value, names[name]), f"{path}.{name}")
    elif isinstance(value, tuple):
        parts = zip(cast("list[object]", raw), cast("Sequence[object]", value), strict=True)
        for number, (part, each) in enumerate(parts):
            _check_value(part, each, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, part in cast("dict[str, object]", raw).items():
            _check_value(part, cast("dict[str, object]", value)[name], f"{path}.{name}")
    elif isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{path} has no time zone: write {raw}Z for UTC")


@cache
def _names(kind: type[Struct]) -> Mapping[str, str]:
    return {field.encode_name: field.name for field in structs.fields(kind)}


def check_metadata(metadata: Metadata, path: str = "$") -> None:
    """Check that the numbers of a session's metadata can be its own, and that its state is one."""
    if metadata.version != SCHEMA_VERSION:
        raise ValueError(f"{path}.version is {metadata.version}, and this argentos writes {SCHEMA_VERSION}")
    if metadata.state not in SESSION.states:
        raise ValueError(f"{path}.state is {metadata.state!a}, which is none of {', '.join(SESSION.states)}")
    for name, number in _numbers(metadata):
        if number < 0:
            raise ValueError(f"{path}.{name} is {number}, below zero")
    for name in ("state_sequence", "boundary"):
        if getattr(metadata, name) > metadata.sequence:
            raise ValueError(f"{path}.{_camel(name)} is behind {path}.sequence")
    turn = metadata.turn.messages if metadata.turn else ()
    named = [("waiting", metadata.waiting), ("turn.messages", turn)]
    named += [(f"undelivered.{channel}", numbers) for channel, numbers in metadata.undelivered.items()]
    named += [("undeliverable", tuple(each.number for each in metadata.undeliverable))]
    for name, numbers in named:
        wrong = next((each for each in numbers if not 0 < each <= metadata.messages), None)
        if wrong is not None:
            raise ValueError(f"{path}.{name} has {wrong}, and the messages are 1 to {metadata.messages}")


def _numbers(metadata: Metadata) -> Iterator[tuple[str, int]]:
    """List the counts; a session's first record, and first owner, have 1."""
    for name in _COUNTS:
        yield _camel(name), getattr(metadata, name)
    for name in ("sequence", "epoch", "state_sequence"):
        yield _camel(name), getattr(metadata, name) - 1
    for edge, taken in metadata.edges.items():
        yield f"edges.{edge}", taken.count


def _camel(name: str) -> str:
    return next(encoded for encoded, plain in _names(Metadata).items() if plain == name)


def check_snapshot(snapshot: Snapshot) -> None:
    """Check that a session's context is the one that its metadata tell of."""
    metadata, context = snapshot
    check_metadata(metadata, "$.metadata")
    tuple(context.archived_ids)  # raises where they are none
    _check_messages((*context.messages, *context.waiting), range(1, metadata.messages + 1), _places(context))
    waiting = tuple(message.number for message in context.waiting)
    if metadata.waiting != waiting:
        raise ValueError(
            f"$.waiting has the messages {_listed(waiting)}, and $.metadata.waiting {_listed(metadata.waiting)}"
        )
    summary = context.summary
    if summary is not None and not 0 <= summary.first <= summary.last <= metadata.messages:
        raise ValueError(f"$.summary stands for {summary.first} to {summary.last} of {metadata.messages} messages")
    _check_tokens(metadata, context)
    check_transitions(context.transitions, metadata.sequence)


class Numbered(Protocol):
    """An entry that has the number of a record."""

    @property
    def sequence(self) -> int:
        """The number of the record."""
        ...


def check_transitions(transitions: Sequence[Numbered], last: int = 2**53, path: str = "$.transitions") -> None:
    """Check that edges stand in the order in which they were taken, up to the last record; or checkpoints."""
    before = 0
    for number, each in enumerate(transitions):
        if not before < each.sequence <= last:
            raise ValueError(
                f"{path}[{number}].sequence is {each.sequence}, and has to be above {before}, up to {last}"
            )
        before = each.sequence


def _places(context: Context) -> list[str]:
    """The place of each message."""
    return [
        *(f"$.messages[{number}]" for number in range(len(context.messages))),
        *(f"$.waiting[{number}]" for number in range(len(context.waiting))),
    ]


def _check_messages(messages: Sequence[Message], numbers: range, places: Sequence[str]) -> None:
    seen = Counter(message.number for message in messages)
    ids = Counter(message.id for message in messages if message.is_from_outside)
    for place, message in zip(places, messages, strict=True):
        if message.number not in numbers:
            raise ValueError(f"{place}.number is {message.number}, and there are {numbers.start} to {numbers.stop - 1}")
        if seen[message.number] > 1:
            raise ValueError(f"{place}.number is {message.number}, which another message has")
        if message.is_from_outside and ids[message.id] > 1:
            raise ValueError(f"{place}.id is {message.id!a}, which another message has")
        if message.tokens < 0:
            raise ValueError(f"{place}.tokens is {message.tokens}, below zero")


def _check_tokens(metadata: Metadata, context: Context) -> None:
    summary = context.summary.tokens if context.summary else 0
    for name, told, counted in (
        ("tokens", metadata.tokens, summary + _sum(context.messages) + _sum(context.results)),
        ("waitingTokens", metadata.waiting_tokens, _sum(context.waiting)),
        ("summaryTokens", metadata.summary_tokens, summary),
    ):
        if told != counted:
            raise ValueError(
                f"$.metadata.{name} is {told}, and what it counts has {counted}; was a message or the"
                " summary added, or removed?"
            )


def _sum(messages: Iterable[Message | CallResult]) -> int:
    return sum(message.tokens for message in messages)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def check_archive(messages: Sequence[Message], numbers: range) -> None:
    """Check that the messages of a file of the archive are those of its name."""
    _check_messages(messages, numbers, [f"$.messages[{number}]" for number in range(len(messages))])
