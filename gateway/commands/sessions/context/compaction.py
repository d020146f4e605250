"""`argent sessions compact` and `argent sessions compactions`."""

import click

from argentos.actors import CompactionPreview, SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.output import counted, messages, one_line, print_json, printable
from argentos.gateway.owner import chosen_model, with_sessions
from argentos.gateway.parameters import SESSION, WholeNumber
from argentos.gateway.printing.describing import described_attempt
from argentos.gateway.printing.tables import shortened, table
from argentos.gateway.settings import Settings, command_options, model_option
from argentos.storage import CompactionAttempt

__all__ = ["compact_command", "compactions_command"]


@click.command("compact")
@click.argument("session_id", metavar="ID", type=SESSION)
@click.option("--focus", default="", metavar="TEXT", help="The subject that the summary should keep above all.")
@click.option("--keep", type=WholeNumber(0), metavar="N", help="Keep the last N messages word for word, at least.")
@click.option("--preview", is_flag=True, help="Show what would be replaced, and the summary, and change nothing.")
@model_option
@command_options
@click.pass_obj
def compact_command(
    settings: Settings, session_id: str, *, focus: str, keep: int | None, preview: bool, model: str | None
) -> None:
    """Replace the older messages of a session's context with a summary, now."""

    async def compact(sessions: SupervisorInterface) -> SessionInfo:
        return await sessions.session(session_id).compact(focus, keep=keep)

    async def look(sessions: SupervisorInterface) -> CompactionPreview:
        return await sessions.session(session_id).preview_compaction(focus, keep=keep)

    if preview:
        _print_preview(settings, with_sessions(settings, look, model=chosen_model(model)))
        return
    info = with_sessions(settings, compact, model=chosen_model(model))
    if settings.json:
        print_json(info)
    else:
        what = f": {described_attempt(info.compaction)}" if info.compaction else ""
        click.echo(f"Session {printable(info.id)} was compacted; its state is {info.state}{what}.")


def _print_preview(settings: Settings, found: CompactionPreview) -> None:
    if settings.json:
        print_json(found)
        return
    why = f" ({printable(one_line(found.reason))})" if found.reason else ""
    click.echo(
        f"{counted(found.replaced, 'message')} would be replaced, {counted(found.kept, 'message')} kept:"
        f" {found.before} → {found.after} tokens, by {found.method}{why}. Nothing was changed."
    )
    click.echo(f"\nThe summary of {messages(found.first, found.last)}:\n\n{printable(found.text)}")


@click.command("compactions")
@click.argument("session_id", metavar="ID", type=SESSION)
@command_options
@click.pass_obj
def compactions_command(settings: Settings, session_id: str) -> None:
    """Show the latest compactions that were tried, and what came of each."""

    async def look(sessions: SupervisorInterface) -> tuple[CompactionAttempt, ...]:
        return await sessions.session(session_id).compactions()

    found = with_sessions(settings, look, read_only=True)
    if settings.json:
        print_json(found)
    elif not found:
        click.echo("No compaction was tried.")
    else:
        rows = [("TIME (UTC)", "STATUS", "TOKENS", "METHOD", "SECONDS", "REASON")]
        rows += [
            (
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                each.status.replace("_", " "),
                f"{each.before} → {each.after}",
                each.method or "-",
                f"{each.seconds:.1f}",
                shortened(printable(one_line(each.reason))),
            )
            for each in found
        ]
        click.echo(table(rows))
