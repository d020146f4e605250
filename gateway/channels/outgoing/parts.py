"""The parts of a delivery: the messages of a platform in which it is sent, the same each time."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from argentos.actors import Approval
from argentos.actors.sessions.session import Session
from argentos.errors import StoreError
from argentos.gateway.channels.approvals import buttons_of, question_of
from argentos.gateway.channels.channel import Attachment, Part, Traits
from argentos.gateway.channels.outgoing.splitting import split_text, units
from argentos.storage import Message
from argentos.storage.attachments.sources import sources_in

__all__ = ["marked", "parts_of"]

_FOR_MARKS: Final = 120  # code units of a part that are left for marks
_SUFFIX: Final = re.compile(r"[^\w.+-]")
_SUFFIXES: Final = {"image/jpeg": "jpg", "text/plain": "txt", "image/svg+xml": "svg"}


async def parts_of(session: Session, message: Message, asked: Sequence[Approval], traits: Traits) -> list[Part]:
    """The parts of a message of the agent; none where nothing of it can be shown.

    Args:
        session: has the bytes of attachments.
        message: of the agent.
        asked: the calls in it that wait for a person's word.
        traits: of the platform.
    """
    most = traits.text_units - _FOR_MARKS
    parts = [Part(text=each) for each in split_text(message.text, most)]
    sources = [each for each in sources_in(message.raw) if "sha256" in each]
    attached = [await _attached(session, number, each, traits) for number, each in enumerate(sources, 1)]
    if len(parts) == 1 and attached and _fits_beside(parts[0], attached[0], traits):
        parts = [structs.replace(attached.pop(0), text=parts[0].text)]
    parts += attached
    for approval in asked:
        parts += [Part(text=each) for each in split_text(question_of(approval), most)]
        parts[-1] = structs.replace(parts[-1], buttons=buttons_of(approval))
    return parts


def marked(part: Part, *marks: str) -> Part:
    """A part that begins with marks, each on a line."""
    shown = [each for each in marks if each]
    if not shown:
        return part
    return structs.replace(part, text="\n".join([*shown, part.text] if part.text else shown))


def _fits_beside(text: Part, attached: Part, traits: Traits) -> bool:
    return attached.attachment is not None and units(text.text) <= traits.caption_units - _FOR_MARKS


async def _attached(session: Session, number: int, source: Mapping[str, Any], traits: Traits) -> Part:
    media_type = str(source.get("media_type", "application/octet-stream"))
    ending = _SUFFIXES.get(media_type) or _SUFFIX.sub("", media_type.rpartition("/")[2]) or "bin"
    name = f"{number}.{ending}"
    try:
        data = await session.attachment(str(source["sha256"]))
    except StoreError as error:
        return Part(text=f"[{name} cannot be shown: {error}]")
    if len(data) > traits.attachment_bytes:
        return Part(text=f"[{name} has {len(data)} bytes, which are too many to be sent here]")
    return Part(attachment=Attachment(name, media_type, data))
