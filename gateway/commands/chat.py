"""`argent chat`."""

import sys
from typing import Final

import anyio
import click

from argentos.gateway.chat.conversation import Conversation
from argentos.gateway.owner import await_owner, chosen_model, open_sessions, tell_if_offline
from argentos.gateway.parameters import SESSION
from argentos.gateway.settings import Settings, command_options, model_option

__all__ = ["command"]

_PATIENCE: Final = 5.0  # seconds, for a gateway that is begun anew; then the chat runs the sessions itself


@click.command("chat")
@click.argument("session_id", metavar="[SESSION]", default="chat", type=SESSION)
@model_option
@command_options
@click.pass_obj
def command(settings: Settings, session_id: str, model: str | None) -> int:
    """Talk to the agent in a session, 'chat' by default; it continues where it was left.

    Where a process runs the agent's sessions already, that one answers. Through a pipe each line is a message, and the
    status is 1 if one of them had no reply; with --json each reply is an object on a line of its own.
    """
    return anyio.run(_chat, settings, session_id, model)


async def _chat(settings: Settings, session_id: str, model_name: str | None) -> int:
    model = chosen_model(model_name)
    conversation = Conversation(session_id, as_json=settings.json)
    while True:
        async with open_sessions(settings, talks=True, model=model) as sessions:
            tell_if_offline(sessions, model)
            if await conversation.hold(sessions):
                break
        await await_owner(settings, _PATIENCE)
    return 1 if conversation.has_failed and not sys.stdin.isatty() else 0
