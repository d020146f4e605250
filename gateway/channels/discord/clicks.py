"""Clicks at buttons of ours."""

import logging
from typing import Final

import anyio
import hikari
from hikari.api import RESTClient

from argentos.errors import ArgentError, ChannelError
from argentos.gateway.channels.channel import Click, ClickAnswer, Inbox
from argentos.gateway.channels.discord.failures import asking_discord
from argentos.gateway.channels.discord.places import Place, address_at

__all__ = ["answer_click"]

_log: Final = logging.getLogger(__name__)
_SECONDS: Final = 2.0  # of the three in which a click has to be answered
_LONGEST: Final = 2000  # characters of an answer


async def answer_click(
    interaction: hikari.ComponentInteraction, rest: RESTClient, inbox: Inbox, account: str | None
) -> None:
    """Have a click obeyed, and tell the one who clicked what came of it; buttons that have no use any more go."""
    channel = interaction.channel
    parent = channel.parent_id if channel.thread_metadata is not None else None
    address = address_at(Place(interaction.guild_id, parent), channel.id, interaction.user.id, account)
    answer = ClickAnswer("That takes a while; click again.", is_settled=False)
    with anyio.move_on_after(_SECONDS):
        try:
            answer = await inbox.click(Click(address=address, data=interaction.custom_id))
        except ArgentError as error:
            answer = ClickAnswer(f"That cannot be done now: {error}.", is_settled=False)
    try:
        with asking_discord():
            await rest.create_interaction_response(
                interaction,
                interaction.token,
                hikari.ResponseType.MESSAGE_CREATE,
                answer.text[:_LONGEST],
                flags=hikari.MessageFlag.EPHEMERAL,
            )
            if answer.is_settled:
                await rest.edit_message(channel.id, interaction.message.id, components=[])
    except ChannelError as error:
        _log.warning("a click at Discord could not be answered: %s", error)
