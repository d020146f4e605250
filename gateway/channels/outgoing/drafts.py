"""Drafts: the messages of platforms in which replies are shown while they are made, and which become the replies.

That a draft is being sent is durable before it is; so a restart knows of each, and looks where its message is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from argentos.errors import ArgentError, UnknownOutcomeError
from argentos.gateway.channels.account import Account
from argentos.gateway.channels.channel import Part
from argentos.gateway.channels.outgoing.ledger import Draft, Ledger, platform_key
from argentos.storage import Address

__all__ = ["Drafts"]


class Drafts:
    """The drafts of replies, by the keys of the messages that these answer.

    Args:
        ledger: knows them after a restart.
        now: the time.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now

    async def send(self, account: Account, place: Address, key: str, text: str) -> str:
        """Send a draft, or go on with that of an earlier run; gives the platform's id of its message.

        Raises:
            ChannelError: it cannot be sent now, or its fate is not known; see `Channel.send`.
            StoreError: it cannot be noted.
        """
        if (note := self._ledger.find(Draft, key)) is not None:
            if (found := await self.find(account, place, note)) is not None:
                return found
            if self.is_lost(account, key):
                raise UnknownOutcomeError("whether an earlier draft arrived is not known, and one is enough")
        note = Draft(key=key, at=self._now(), text=text)
        await self._ledger.write(note)
        try:
            return await self._sent(account, place, note)
        except UnknownOutcomeError:
            raise
        except ArgentError:  # the platform has refused it
            await self._ledger.drop(Draft, key)
            raise

    async def find(self, account: Account, place: Address, note: Draft) -> str | None:
        """The platform's id of a draft's message; None where there is none, or that cannot be known.

        Raises:
            ChannelError: that cannot be asked for now; see `Channel.send`.
            StoreError: it cannot be noted.
        """
        if note.message_id is not None:
            return note.message_id
        if self._is_recognised(account, note):
            return await self._sent(account, place, note)  # which gives the message that is there
        is_shown = account.channel.traits.shows_own
        found = await account.channel.find(place, note.text, note.at) if is_shown else None
        if found is not None:
            await self._note(note, found)
        return found

    def is_lost(self, account: Account, key: str) -> bool:
        """Tell whether there may be a draft that nobody can find."""
        note = self._ledger.find(Draft, key)
        if note is None or note.message_id is not None:
            return False
        return not (account.channel.traits.shows_own or self._is_recognised(account, note))

    async def drop(self, key: str) -> None:
        """Forget a draft, if there is one."""
        await self._ledger.drop(Draft, key)

    def _is_recognised(self, account: Account, note: Draft) -> bool:
        """Tell whether the platform recognises the draft where it is sent again."""
        return self._now() - note.at < timedelta(seconds=account.channel.traits.dedupe_seconds)

    async def _sent(self, account: Account, place: Address, note: Draft) -> str:
        message_id = await account.channel.send(place, Part(text=note.text), key=platform_key("draft", note.key))
        await self._note(note, message_id)
        return message_id

    async def _note(self, note: Draft, message_id: str) -> None:
        await self._ledger.write(Draft(key=note.key, at=note.at, text=note.text, message_id=message_id))
