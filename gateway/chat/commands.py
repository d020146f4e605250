"""The commands of a chat: what a line that begins with a slash does."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, NamedTuple

from argentos.errors import InputError
from argentos.gateway.chat.approving import shown_call
from argentos.gateway.chat.talk import Talk
from argentos.gateway.output import cell
from argentos.gateway.printing.describing import described
from argentos.gateway.printing.listing import listed
from argentos.gateway.printing.messages import print_message
from argentos.gateway.printing.tables import terminal_width

__all__ = ["COMMANDS", "ChatCommand", "Leaving", "chosen"]

_SHOWN: Final = 10  # messages
_LISTED: Final = 20  # sessions
_NO_CALL: Final = "No call waits for approval."
_OTHER_NAMES: Final = {"/exit": "/quit", "/reset": "/new"}


class Leaving(Exception):  # noqa: N818 - no error
    """The wish to leave the chat."""


class ChatCommand(NamedTuple):
    """A command of the chat.

    Attributes:
        argument: what may stand behind its name, as the help shows it; empty where nothing may.
        help: what it does, in a few words.
        run: does it, with the whole line and what stood behind the name.
    """

    argument: str
    help: str
    run: Callable[[Talk, str, str], Awaitable[None]]


def chosen(line: str) -> tuple[ChatCommand, str] | None:
    """The command of a line, and what stands behind its name; None where the line is a message, as a path is.

    Raises:
        InputError: there is no such command, or it stands alone.
    """
    name, _, rest = line.strip().partition(" ")
    if not line.startswith("/") or not name[1:].isalpha() or not name.isascii():
        return None
    name = _OTHER_NAMES.get(name, name)
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else "/help lists them."
        raise InputError(f"there is no command {name}; {hint} A blank before it sends it as a message")
    command = COMMANDS[name]
    if rest.strip() and not command.argument:
        raise InputError(f"{name} stands alone; a blank before it sends it as a message")
    return command, rest.strip()


async def _obey(talk: Talk, line: str, _: str) -> None:
    await talk.obey(line)


async def _help(talk: Talk, _: str, __: str) -> None:
    names = {name: f"{name} {each.argument}".strip() for name, each in COMMANDS.items()}
    width = max(map(len, names.values()))
    lines = [f"{names[name]:{width}}  {each.help}" for name, each in COMMANDS.items()]
    talk.say({"help": {names[name]: each.help for name, each in COMMANDS.items()}}, "\n".join(lines))


async def _info(talk: Talk, _: str, __: str) -> None:
    info = await talk.session.info()
    talk.say(info, described(info, datetime.now(UTC)))


async def _history(talk: Talk, _: str, rest: str) -> None:
    if rest and not (rest.isascii() and rest.isdecimal() and int(rest)):
        raise InputError(f"{rest} is not a number of messages")
    found = (await talk.session.history())[-int(rest or _SHOWN) :]
    talk.say(found, "")
    for each in () if talk.as_json else found:
        print_message(each)


async def _clear(talk: Talk, _: str, __: str) -> None:
    info = await talk.session.clear()
    talk.say(info, "The context is empty; the messages are in the archive, and /undo brings them back.")


async def _title(talk: Talk, _: str, rest: str) -> None:
    info = await talk.session.update(title=rest)
    talk.say(info, f"The title is {cell(info.title)}." if info.title else "The title is removed.")


async def _retry(talk: Talk, _: str, __: str) -> None:
    await talk.show(await talk.session.retry())


async def _regenerate(talk: Talk, _: str, __: str) -> None:
    await talk.show(await talk.session.regenerate())


async def _approvals(talk: Talk, _: str, __: str) -> None:
    wanted = await talk.session.approvals()
    if talk.as_json or not talk.prompt.is_shown:
        talk.say(wanted, "\n".join(f"? {shown_call(each)}" for each in wanted) or _NO_CALL)
        return
    if not wanted:
        talk.say(wanted, _NO_CALL)
    elif turn := await talk.session.current_turn():
        await talk.show(turn)  # which asks


async def _sessions(talk: Talk, _: str, __: str) -> None:
    infos = await talk.sessions.list(limit=_LISTED)
    talk.say(infos, listed(infos, datetime.now(UTC), terminal_width()))


async def _session(talk: Talk, _: str, rest: str) -> None:
    if not rest:
        raise InputError("/session wants the id of a session")
    talk.go_on_in(rest)
    await talk.note_summary()


async def _quit(_: Talk, __: str, ___: str) -> None:
    raise Leaving


COMMANDS: Final = {
    "/help": ChatCommand("", "shows this list", _help),
    "/status": ChatCommand("", "tells the state and the tokens", _obey),
    "/info": ChatCommand("", "tells all that is known of the session", _info),
    "/history": ChatCommand("[N]", f"shows the last N messages, or {_SHOWN}", _history),
    "/compact": ChatCommand("[what to keep]", "makes a summary of older messages", _obey),
    "/new": ChatCommand("[message]", "begins a new conversation", _obey),
    "/resume": ChatCommand("", "goes on with the conversation before it", _obey),
    "/undo": ChatCommand("", "takes the last summary, /new, /clear or rewind back", _obey),
    "/clear": ChatCommand("", "empties the context", _clear),
    "/retry": ChatCommand("", "runs the turn again that failed", _retry),
    "/regenerate": ChatCommand("", "has another reply made in place of the last one", _regenerate),
    "/approvals": ChatCommand("", "asks you about the calls that wait for approval", _approvals),
    "/stop": ChatCommand("", "ends the turn that runs", _obey),
    "/title": ChatCommand("[text]", "names the session", _title),
    "/sessions": ChatCommand("", "lists the latest sessions", _sessions),
    "/session": ChatCommand("ID", "goes on in another session", _session),
    "/quit": ChatCommand("", "leaves, as Ctrl-D does", _quit),
}
