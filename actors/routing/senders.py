"""Senders: users of the platforms, as one account of ours knows them."""

from typing import Self

from msgspec import Struct

from argentos.actors.routing.session_ids import joined_id, quoted, unquoted
from argentos.errors import InputError
from argentos.inputs import as_id
from argentos.storage import Address

__all__ = ["Sender"]


class Sender(Struct, frozen=True, order=True, omit_defaults=True):
    """A user of a platform who writes to one account of ours; as text `telegram:123`, or `telegram@sales:123`."""

    channel: str
    user: str
    account: str | None = None

    @classmethod
    def of(cls, address: Address) -> Self:
        """The sender of what came from an address."""
        return cls(address.channel, address.user, address.account)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The sender of whom this is the text.

        Raises:
            InputError: it is none's.
        """
        place, colon, user = as_id(text, "the sender").partition(":")
        channel, at, account = place.partition("@")
        if not (channel and colon and user and (account or not at)) or ":" in user:
            raise InputError(f"{text!a:.80} is no sender; write one as telegram:123, or telegram@ACCOUNT:123")
        return cls(unquoted(channel), unquoted(user), unquoted(account) if at else None)

    @property
    def place(self) -> str:
        """The channel with the account: `telegram@sales`."""
        return quoted(self.channel) if self.account is None else f"{quoted(self.channel)}@{quoted(self.account)}"

    def __str__(self) -> str:
        return f"{self.place}:{quoted(self.user)}"

    @property
    def own_session(self) -> str:
        """The id of the session of what this sender writes directly, while linked with nobody."""
        return joined_id(self.place, quoted(self.user))
