"""Attachments of messages: bytes are taken out of what comes in, and put back into what goes out.

In between, in records, histories and events, a message refers to them by their hashes.
"""

import logging
from collections.abc import Mapping
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Final

from msgspec import structs

from argentos.actors.settings.config import Config
from argentos.concurrency.foreign_code import reading_a_store
from argentos.concurrency.threads import threads
from argentos.errors import ArgentError, AttachmentNotFoundError, InputError, StoreDamagedError, StoreError
from argentos.llm import measured_media
from argentos.storage import (
    AttachmentLimits,
    Content,
    Detached,
    Message,
    SessionKey,
    Store,
    attach_inline,
    blocks_of,
    check_references,
    detach,
    has_bytes,
    hashes_in,
    text_of,
)
from argentos.storage.attachments import has_sources

__all__ = ["Attachments"]

_log: Final = logging.getLogger(__name__)
_NONE: Final[Mapping[str, bytes]] = {}
_MOST_MISSING: Final = 100  # told of in `missing`
_blocks: Final = attrgetter("blocks")  # of a hundred thousand messages, now and then


class Attachments:
    """The bytes of pictures and documents in the sessions of an agent.

    Args:
        store: keeps them.
        config: limits them.

    Attributes:
        limits: of the attachments of a message.
        missing: a sentence for each that could not be read when a model was to see it, the latest hundred.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self.missing: dict[tuple[SessionKey, str], str] = {}
        self._store = store
        self._run = threads()  # of its own: whatever a host does in anyio's default ones holds up no message
        self.limits: AttachmentLimits = AttachmentLimits(
            config.attachment_bytes, config.message_attachment_bytes, config.message_attachments
        )

    async def detached(
        self, key: SessionKey, content: Content, what: str = "the message", error: type[ArgentError] = InputError
    ) -> Detached:
        """Take the bytes out of content; they are not kept yet.

        Args:
            key: the session; what the content refers to already has to be there.
            content: a text, or raw blocks.
            what: names the content, as in `the message`.
            error: what to raise.

        Raises:
            AttachmentTooLargeError: they are too large, or too many.
            AttachmentNotFoundError: it refers to what the session does not have.
            ArgentError: a source is no base64, or refers to nothing; the class is `error`.
        """
        check_references(content, what, error)
        if hashes := hashes_in(content):
            known = {each: await self.read(key, each) for each in hashes}
            content = await self._run(partial(attach_inline, content, known))
        if not has_bytes(content):
            return Detached(content, _NONE)
        return await self._run(partial(detach, content, self.limits, what, error, measured_media))

    async def keep(self, key: SessionKey, attachments: Mapping[str, bytes]) -> None:
        """Make bytes durable, before the record that refers to them.

        Raises:
            StoreError: see `Store.attach`.
        """
        for data in attachments.values():
            await self._store.attach(key, data)

    async def link(self, key: SessionKey, links: Mapping[str, SessionKey]) -> None:
        """Have a session keep bytes that other sessions have; what those lack is missing here as well.

        Raises:
            StoreError: see `Store.link`.
        """
        for sha256, source in links.items():
            try:
                await self._store.link(source, key, sha256)
            except (AttachmentNotFoundError, StoreDamagedError) as error:
                _log.error("session %s begins without an attachment: %s", key, error)

    async def read(self, key: SessionKey, sha256: str) -> bytes:
        """The bytes of a session that have this hash.

        Raises:
            StoreError: see `Store.attachment`.
        """
        with reading_a_store():
            return await self._store.attachment(key, sha256)

    async def put_back(self, key: SessionKey, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Messages with the bytes that they refer to; what cannot be read gives a text in its place, and is told of."""
        if not has_sources(chain.from_iterable(map(_blocks, messages))):
            return messages
        known: dict[str, bytes] = {}
        found = [*messages]
        for at, message in enumerate(messages):
            if message.blocks and (content := await self.whole(key, message.raw, known)) is not message.raw:
                found[at] = structs.replace(message, blocks=blocks_of(content), text=text_of(content))
        return tuple(found)

    async def whole(self, key: SessionKey, content: Content, known: dict[str, bytes] | None = None) -> Content:
        """Content with the bytes that it refers to, likewise; the same object where it refers to none.

        Args:
            key: the session.
            content: a text, or raw blocks.
            known: bytes that were read already; gets those that are.
        """
        hashes = hashes_in(content) if not isinstance(content, str) else ()
        if not hashes:
            return content
        known = {} if known is None else known
        for sha256 in hashes:
            if sha256 not in known:
                await self._read_into(known, key, sha256)
        return await self._run(partial(attach_inline, content, known))

    async def _read_into(self, known: dict[str, bytes], key: SessionKey, sha256: str) -> None:
        try:
            known[sha256] = await self.read(key, sha256)
            self.missing.pop((key, sha256), None)
        except (StoreError, InputError) as error:
            if (key, sha256) not in self.missing:
                _log.error("session %s goes on without an attachment: %s", key, error)
                if len(self.missing) >= _MOST_MISSING:
                    self.missing.pop(next(iter(self.missing)))
            self.missing[key, sha256] = str(error)
