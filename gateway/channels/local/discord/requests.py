"""Bodies of requests to Discord, held against what version 10 of its API publishes: fields, types and limits."""

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert

from argentos.gateway.channels.local.discord.errors import ApiError, invalid_form

__all__ = [
    "ActionRow",
    "AllowedMentions",
    "CreateDM",
    "CreateMessage",
    "EditMessage",
    "File",
    "InteractionResponse",
    "read_body",
]

_LONGEST: Final = 2000  # characters of a message
_FILE_BYTES: Final = 10 * 1024**2
_MOST_FILES: Final = 10
_LINK: Final = 5  # a style of buttons

Snowflake: TypeAlias = Annotated[str, Meta(pattern=r"^\d{15,20}$")]
Nonce: TypeAlias = Annotated[str, Meta(max_length=25)] | int


class Button(Struct, forbid_unknown_fields=True):
    """A button."""

    type: Literal[2]
    style: Annotated[int, Meta(ge=1, le=6)]
    label: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET
    custom_id: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    url: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET
    emoji: dict[str, Any] | UnsetType = UNSET
    disabled: bool = False
    id: int | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.style == _LINK) != (self.custom_id is UNSET) or (self.style == _LINK) != (self.url is not UNSET):
            raise ValueError("a button has either a custom_id, or the style of a link and a url")


class ActionRow(Struct, forbid_unknown_fields=True):
    """A row of buttons."""

    type: Literal[1]
    components: Annotated[list[Button], Meta(min_length=1, max_length=5)]
    id: int | UnsetType = UNSET


class AllowedMentions(Struct, forbid_unknown_fields=True):
    """The users who are told of a message."""

    parse: list[Literal["roles", "users", "everyone"]] | UnsetType = UNSET
    roles: Annotated[list[Snowflake], Meta(max_length=100)] | UnsetType = UNSET
    users: Annotated[list[Snowflake], Meta(max_length=100)] | UnsetType = UNSET
    replied_user: bool = False


class MessageReference(Struct, forbid_unknown_fields=True):
    """The message that is answered."""

    message_id: Snowflake
    type: Literal[0] = 0
    channel_id: Snowflake | UnsetType = UNSET
    guild_id: Snowflake | UnsetType = UNSET
    fail_if_not_exists: bool = True


class PartialAttachment(Struct, forbid_unknown_fields=True):
    """A file that comes with the request, or that the message has already."""

    id: int | str
    filename: Annotated[str, Meta(min_length=1, max_length=1024)] | UnsetType = UNSET
    title: str | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=1024)] | UnsetType | None = UNSET


class _Written(Struct, forbid_unknown_fields=True):
    """The part that messages, edits and answers of interactions have in common."""

    content: str | None = None
    embeds: Annotated[list[dict[str, Any]], Meta(max_length=10)] | None = None
    allowed_mentions: AllowedMentions | None = None
    components: Annotated[list[ActionRow], Meta(max_length=5)] | UnsetType | None = UNSET
    attachments: Annotated[list[PartialAttachment], Meta(max_length=_MOST_FILES)] | UnsetType | None = UNSET
    flags: int | None = None

    def __post_init__(self) -> None:
        # The platform does not say in which units: the unit in which texts are longest, two for an emoji.
        if len((self.content or "").encode("utf-16-le")) // 2 > _LONGEST:
            raise ValueError(f"Must be {_LONGEST} or fewer in length.")
        ids = [each.custom_id for row in self.components or () for each in row.components if each.custom_id]
        if len(set(ids)) < len(ids):
            raise ValueError("Component custom id cannot be duplicated")


class CreateMessage(_Written, forbid_unknown_fields=True):
    """A new message."""

    nonce: Nonce | UnsetType = UNSET
    enforce_nonce: bool = False
    tts: bool = False
    message_reference: MessageReference | UnsetType = UNSET


class EditMessage(_Written, forbid_unknown_fields=True):
    """A change of a message."""


class CreateDM(Struct, forbid_unknown_fields=True):
    """The person whose direct messages are asked for."""

    recipient_id: Snowflake


class ResponseData(_Written, forbid_unknown_fields=True):
    """The text that the answer to a click shows."""

    tts: bool = False


class InteractionResponse(Struct, forbid_unknown_fields=True):
    """The answer to a click: a message (4), more time (5, 6), or another form of the message clicked at (7)."""

    type: Literal[4, 5, 6, 7]
    data: ResponseData | UnsetType = UNSET


class File(Struct):
    """A file that came with a request."""

    name: str
    data: bytes
    content_type: str


Body = TypeVar("Body", bound=Struct)


async def read_body(request: web.Request, kind: type[Body]) -> tuple[Body, list[File]]:
    """The body of a request and the files with it.

    Raises:
        ApiError: it is against the published types or limits.
    """
    content_type = request.headers.get("Content-Type", "")
    data = await request.read()
    files: list[File] = []
    if content_type.startswith("multipart/form-data"):
        data, files = _parts(content_type, data)
    elif content_type != "application/json":
        raise ApiError(400, 50035, 'Expected "Content-Type" header to be application/json or multipart/form-data.')
    try:
        return convert(json.loads(data), kind), files
    except ValidationError as error:
        raise invalid_form(error) from error
    except ValueError as error:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from error


def _parts(content_type: str, data: bytes) -> tuple[bytes, list[File]]:
    """The JSON of a form, and its files."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    payload, files = b"{}", list[File]()
    for part in message_from_bytes(head + data, policy=HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        if name == "payload_json" and isinstance(content, bytes):
            payload = content
        elif name.startswith("files[") and isinstance(content, bytes):
            files.append(File(part.get_filename() or "unnamed", content, part.get_content_type()))
    if any(len(each.data) > _FILE_BYTES for each in files):
        raise ApiError(413, 40005, "Request entity too large")
    return payload, files
