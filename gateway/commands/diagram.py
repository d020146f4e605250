"""`argent diagram`."""

import click

from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings, command_options
from argentos.machines import SESSION, Transition

__all__ = ["command"]


@click.command("diagram")
@command_options
@click.pass_obj
def command(settings: Settings) -> None:
    """Print the lifecycle of a session: the mermaid text that the program runs."""
    if not settings.json:
        click.echo(SESSION.draw(), nl=False)
        return
    edges = [
        {
            "source": edge.source,
            "target": edge.target,
            "label": edge.label,
            "event": edge.event,
            "guards": _guards(edge),
            "timer": next((each.duration for each in SESSION.timers(edge.source) if each.event == edge.event), None),
            "effects": edge.effects,
        }
        for edge in SESSION.transitions
    ]
    print_json({"states": SESSION.states, "edges": edges})


def _guards(edge: Transition) -> list[str]:
    return [str(guard) for guards, each in SESSION.ways(edge.source, edge.event) if each == edge for guard in guards]
