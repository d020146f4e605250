"""Sessions on their way into a file, some messages at a time, so that none of them has to fit into memory."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Final

import anyio.to_thread
from anyio.lowlevel import checkpoint
from msgspec import structs

from argentos.actors import Session, SessionInfo, TranscriptMessage, TranscriptSummary
from argentos.actors.transcripts.transcript import message_of, summary_of
from argentos.errors import AttachmentNotFoundError, StoreDamagedError
from argentos.gateway.formats import Form
from argentos.storage import Message, attach_inline, blocks_of, hashes_in, text_of

__all__ = ["Export", "open_export"]

_log: Final = logging.getLogger(__name__)
_PAGE: Final = 500  # messages that are read at once
_CHUNK: Final = 64 * 1024  # bytes that are written at once, roughly
_TRIES: Final = 10  # to see a session as it is at one moment, while it goes on


class Export:
    """A session as it stood when its export was opened; what comes later is left out.

    Args:
        session: is read.
        info: of that moment.
        summary: of the context.
        archived: the numbers of the messages that had left the context.

    Attributes:
        messages: how many were written so far.
    """

    def __init__(
        self, session: Session, info: SessionInfo, summary: TranscriptSummary | None, archived: frozenset[int]
    ) -> None:
        self.messages: int = 0
        self._session = session
        self._info = info
        self._summary = summary
        self._archived = archived

    async def chunks(self, form: Form) -> AsyncGenerator[bytes]:
        """All of it in a form, some bytes at a time.

        Raises:
            SessionNotFoundError: it was deleted meanwhile.
            StoreError: a part of it cannot be read.
        """
        made = bytearray(form.begin(self._info, self._summary))
        async with aclosing(self._found()) as found:
            async for message in found:
                made += form.message(message)
                self.messages += 1
                if len(made) >= _CHUNK:
                    yield bytes(made)
                    made.clear()
                    await checkpoint()
        await self._session.info()  # raises where it was deleted meanwhile
        yield bytes(made + form.end())

    async def _found(self) -> AsyncGenerator[TranscriptMessage]:
        stop = self._info.messages + 1
        for start in range(1, stop, _PAGE):
            for message in await self._session.messages(start, min(start + _PAGE, stop)):
                found = message_of(message, archived=message.number in self._archived)
                yield await self._with_bytes(message, found) if message.blocks else found

    async def _with_bytes(self, message: Message, found: TranscriptMessage) -> TranscriptMessage:
        """The message with the bytes that it refers to; what cannot be read gives a text in its place."""
        hashes = hashes_in(message.raw)
        if not hashes:
            return found
        known: dict[str, bytes] = {}
        for each in hashes:
            try:
                known[each] = await self._session.attachment(each)
            except (AttachmentNotFoundError, StoreDamagedError) as error:
                await self._session.info()  # likewise
                _log.error("session %s is exported without an attachment: %s", self._info.id, error)
        content = await anyio.to_thread.run_sync(partial(attach_inline, message.raw, known))
        return structs.replace(found, content=blocks_of(content), text=text_of(content))


async def open_export(session: Session) -> Export:
    """Look at a session that is to be written.

    Raises:
        SessionNotFoundError: there is none.
    """
    tries = 0
    while True:
        info, summary = await session.info(), await session.summary()
        archived = await session.left_context(1, info.messages + 1)
        tries += 1
        if tries == _TRIES or (await session.info()).sequence == info.sequence:
            return Export(session, info, summary_of(summary) if summary else None, frozenset(archived))
