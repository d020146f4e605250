"""`argent sessions update`."""

import click

from argentos.actors.info import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import InputError
from argentos.gateway.output import print_json, printable
from argentos.gateway.owner import with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.settings import Settings, command_options

__all__ = ["update_command"]


@click.command("update")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.option("--title", metavar="TEXT", help="A name to show.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag to find it by; may be given several times.")
@click.option("--owner", metavar="USER", help="Whose session it is.")
@click.option("--system", metavar="TEXT", help="A system prompt in the place of the agent's.")
@click.option("--pin/--unpin", "pinned", default=None, help="Whether lists show it in front of the others.")
@click.option("--archive/--unarchive", "archived", default=None, help="Whether lists leave it out.")
@click.option("--read", type=WholeNumber(0), metavar="NUMBER", help="The last message that was read.")
@command_options
@click.pass_obj
def update_command(
    settings: Settings,
    session_id: str,
    *,
    title: str | None,
    tags: tuple[str, ...],
    owner: str | None,
    system: str | None,
    pinned: bool | None,
    archived: bool | None,
    read: int | None,
) -> None:
    """Change the title, the tags, the owner or the system prompt of a session; an empty text removes one.

    A session may also be pinned, archived, and read up to a message.
    """
    if not tags and all(each is None for each in (title, owner, system, pinned, archived, read)):
        raise InputError(
            "nothing says what to change; give --title, --tag, --owner, --system, --pin, --archive or --read"
        )
    given = None if not tags else tuple(tag for tag in tags if tag)

    async def update(sessions: SupervisorInterface) -> SessionInfo:
        return await sessions.session(session_id).update(
            title=title, tags=given, owner=owner, system=system, pinned=pinned, archived=archived, read=read
        )

    info = with_sessions(settings, update)
    if settings.json:
        print_json(info)
    else:
        click.echo(f"Session {printable(info.id)} was updated.")
