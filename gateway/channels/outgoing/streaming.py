"""Replies that are shown while they are made: typing, and a message of the platform that is edited."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio.abc import TaskGroup

from argentos.actors import Turn
from argentos.concurrency.foreign_code import in_log, passes
from argentos.errors import ArgentError, ModelError
from argentos.gateway.channels.account import Account
from argentos.gateway.channels.channel import Part
from argentos.gateway.channels.outgoing.drafts import Drafts
from argentos.gateway.channels.outgoing.splitting import split_text
from argentos.llm import ApprovalWanted, TextDelta
from argentos.storage import Address

__all__ = ["Streams"]

_log: Final = logging.getLogger(__name__)
_MOST: Final = 64  # replies that are shown at once; others come whole
_LONGEST_STEP: Final = 30.0  # seconds for the platform to show a draft
_QUICK: Final = 0.3  # seconds in which a reply comes without any typing
_MORE: Final = " …"


class _Stream:
    """A reply that is shown while it is made.

    Attributes:
        key: of the message that it answers.
        is_over: nothing is shown of it any more.
        lock: held while the platform is asked to show something of it.
    """

    def __init__(self, account: Account, place: Address, key: str) -> None:
        self.account = account
        self.place = place
        self.key = key
        self.is_over = False
        self.lock = anyio.Lock()
        self.message_id: str | None = None
        self.text = ""
        self.shown = ""


class Streams:
    """The replies that are shown while they are made, at most one at a place.

    Args:
        group: runs them.
        drafts: in which they are shown.
    """

    def __init__(self, group: TaskGroup, drafts: Drafts) -> None:
        self._group = group
        self.drafts: Drafts = drafts
        self._streams: dict[str, _Stream] = {}
        self._busy: dict[Address, list[tuple[_Stream, Turn]]] = {}

    def begin(self, account: Account, place: Address, key: str, turn: Turn) -> None:
        """Show a reply while it is made, behind the one that is shown at this place."""
        if key in self._streams or len(self._streams) >= _MOST:
            return
        stream = self._streams[key] = _Stream(account, place, key)
        if place in self._busy:
            self._busy[place].append((stream, turn))
            return
        self._busy[place] = [(stream, turn)]
        self._group.start_soon(self._show_all, place, name=f"argentos stream to {account.status.place}")

    async def settle(self, key: str) -> None:
        """Show no more of a reply, for it is durable now."""
        if (stream := self._streams.get(key)) is not None:
            stream.is_over = True
            async with stream.lock:  # what is being shown of it has its time
                pass

    # Showing ----------------------------------------------------------------------------------------------------

    async def _show_all(self, place: Address) -> None:
        waiting = self._busy[place]
        try:
            while waiting:
                stream, turn = waiting[0]
                try:
                    await self._show(stream, turn)
                finally:
                    waiting.pop(0)
                    del self._streams[stream.key]
        finally:
            for stream, _ in waiting:
                del self._streams[stream.key]
            del self._busy[place]

    async def _show(self, stream: _Stream, turn: Turn) -> None:
        """Show one reply; whatever goes wrong with that, the reply itself is delivered."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._type, stream)
                if stream.account.connection.streams:
                    group.start_soon(self._edit, stream)
                await self._read(stream, turn)
                stream.is_over = True
                group.cancel_scope.cancel()
        except BaseException as error:
            if passes(error):
                raise
            _log.warning("a reply to %s is not shown while it is made: %s", stream.account.status.place, in_log(error))

    async def _read(self, stream: _Stream, turn: Turn) -> None:
        attempt = 0
        try:
            async for begun, pieces in turn.together():
                if begun != attempt:
                    attempt, stream.text = begun, ""
                stream.text += "".join(each.text for each in pieces if isinstance(each, TextDelta))
                if any(isinstance(each, ApprovalWanted) for each in pieces):  # it may wait for days
                    await self._withdraw(stream)
                    return
            await turn.reply()
        except ModelError:
            sentence = "Something went wrong, and there is no reply. Send your message again later."
            await stream.account.tell(stream.place, sentence, f"failed-{turn.number}"[:25])
        except ArgentError:  # it was stopped, or the gateway ends: what was shown stays
            return

    async def _withdraw(self, stream: _Stream) -> None:
        """Show no more of what is said before a question, for it is sent with the question."""
        stream.is_over = True
        async with stream.lock:
            if stream.message_id is not None:
                await stream.account.channel.delete(stream.place, stream.message_id)
                await self.drafts.drop(stream.key)

    async def _type(self, stream: _Stream) -> None:
        channel = stream.account.channel
        await anyio.sleep(_QUICK)
        while not stream.is_over and stream.message_id is None:
            if not await self._tried(stream, lambda: channel.type(stream.place)):
                return
            await anyio.sleep(channel.traits.typing_seconds)

    async def _edit(self, stream: _Stream) -> None:
        channel = stream.account.channel
        pause = channel.edit_pause(stream.place)
        while not stream.is_over:
            await anyio.sleep(pause)
            async with stream.lock:
                if stream.is_over or not stream.text.strip():
                    continue
                if not await self._tried(stream, lambda: self._show_text(stream)):
                    return

    async def _show_text(self, stream: _Stream) -> None:
        channel = stream.account.channel
        text = split_text(stream.text, channel.traits.text_units - len(_MORE))[0] + _MORE
        if text == stream.shown:
            return
        stream.shown = text
        if stream.message_id is not None:
            await channel.edit(stream.place, stream.message_id, Part(text=text))
            return
        with anyio.move_on_after(_LONGEST_STEP, shield=True):  # once it is sent, a restart has to know of it
            stream.message_id = await self.drafts.send(stream.account, stream.place, stream.key, text)
        if stream.message_id is None:
            raise TimeoutError

    @staticmethod
    async def _tried(stream: _Stream, step: Callable[[], Awaitable[None]]) -> bool:
        """Tell whether the platform goes on showing the reply; where it does not now, nothing more of it is shown."""
        try:
            with anyio.fail_after(_LONGEST_STEP):
                await step()
        except (TimeoutError, ArgentError) as error:
            _log.info("a reply to %s is not shown while it is made: %s", stream.account.status.place, error)
            return False
        return True
