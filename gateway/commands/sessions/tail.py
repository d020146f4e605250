"""`argent sessions tail`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import click

from argentos.actors import Event, RecordAppended, SessionDeleted, SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import SessionNotFoundError
from argentos.gateway.api.streams.told import told
from argentos.gateway.following import Follower, keep_following
from argentos.gateway.output import cell, print_json_line
from argentos.gateway.parameters import SESSION
from argentos.gateway.printing.happenings import happened, happened_to, message_line
from argentos.gateway.printing.tables import cut, terminal_width
from argentos.gateway.settings import Settings, command_options
from argentos.storage import Message, SessionKey, Transitioned

__all__ = ["tail_command"]


@click.command("tail")
@click.argument("session_id", metavar="[ID]", required=False, type=SESSION)
@click.option("--all-agents", is_flag=True, help="What happens in the sessions of all agents.")
@command_options
@click.pass_obj
def tail_command(settings: Settings, session_id: str | None, *, all_agents: bool) -> None:
    """Follow what happens in all sessions or in one, line by line, until Ctrl-C.

    The process that runs the sessions tells of it. Where there is none, the files are looked at every second, and new
    messages and transitions are told. With --json each event is an object on a line.
    """
    keep_following(settings, _Tail(settings, session_id, all_agents=all_agents))


class _Seen(NamedTuple):
    """The latest record and the latest message of a session that were told of."""

    sequence: int
    messages: int


class _Tail(Follower):
    """Tells of events and, where events were missed, of the messages and transitions that are new."""

    def __init__(self, settings: Settings, session_id: str | None, *, all_agents: bool) -> None:
        self.session = session_id
        self.agent = None if all_agents else settings.agent
        self._settings = settings
        self._seen: dict[SessionKey, _Seen] | None = None  # None before the first look

    async def look(self, sessions: SupervisorInterface) -> None:
        """See `Follower.look`."""
        infos = {SessionKey(each.agent, each.id): each for each in await self._infos(sessions)}
        before, self._seen = self._seen, {key: _Seen(each.sequence, each.messages) for key, each in infos.items()}
        if before is None:
            return
        for key, info in infos.items():
            if info.sequence > before.get(key, _Seen(0, 0)).sequence:
                await self._tell_new(sessions, key, before.get(key, _Seen(0, 0)))
        for key in before.keys() - infos.keys():
            self._print(key, datetime.now(UTC), "was deleted")

    def begin(self, *, is_told: bool) -> None:
        """See `Follower.begin`."""
        how = "told by the process that runs them" if is_told else "whose files are looked at every second"
        what = f"session {cell(self.session)}" if self.session else "all sessions"
        click.secho(f"(following {what}, {how}; Ctrl-C ends)", dim=True, err=True)

    def hear(self, events: Sequence[Event]) -> bool:
        """See `Follower.hear`."""
        for event in events:
            self._hear(event)
        return False

    async def _infos(self, sessions: SupervisorInterface) -> list[SessionInfo]:
        if self.session is None:
            return await sessions.list(on_problem=_pass_over)
        try:
            return [await sessions.session(self.session).info()]
        except SessionNotFoundError:
            if self._seen is None:
                raise
            return []

    def _hear(self, event: Event) -> None:
        if self._settings.json:
            for each in told(event):
                print_json_line(each)
        if isinstance(event, RecordAppended):
            self._note(event)
            self._print(event.session, event.record.at, happened_to(event.record))
            return
        key = getattr(event, "session", None)
        if isinstance(event, SessionDeleted) and self._seen is not None:
            self._seen.pop(event.session, None)
        self._print(key, getattr(event, "at", datetime.now(UTC)), happened(event))

    def _note(self, event: RecordAppended) -> None:
        if self._seen is not None:
            number = max(getattr(event.record, "number", 0), self._seen.get(event.session, _Seen(0, 0)).messages)
            self._seen[event.session] = _Seen(event.record.sequence, number)

    async def _tell_new(self, sessions: SupervisorInterface, key: SessionKey, seen: _Seen) -> None:
        session = sessions.session(key.id, agent=key.agent)
        new: list[Message | Transitioned] = [*await session.messages(seen.messages + 1)]
        new += [each for each in await session.transitions() if each.sequence > seen.sequence]
        for each in sorted(new, key=lambda one: one.at):
            if self._settings.json:
                print_json_line(_object(key, each))
            self._print(key, each.at, message_line(each) if isinstance(each, Message) else happened_to(each))

    def _print(self, key: SessionKey | None, at: datetime, what: str) -> None:
        if self._settings.json or not what:
            return
        name = "" if key is None else f"{cell(key.id)}  "
        if key is not None and self.agent is None:
            name = f"{cell(key.agent)}/{name}"
        line = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {name}{what}"
        width = terminal_width()
        click.echo(line if width is None else cut(line, width))


def _object(key: SessionKey, new: Message | Transitioned) -> object:
    """The object of something that was seen in the files: of a transition, that by which an owner tells of it."""
    if isinstance(new, Message):
        return {"type": "Message", "agent": key.agent, "session": key.id, "message": new}
    return next(told(RecordAppended(session=key, record=new)))


def _pass_over(_: str) -> None:
    """A session that cannot be read is told of by `list`."""
