"""`argent diagram`."""

import click

from argentos.gateway.output import print_json
from argentos.gateway.settings import Settings, command_options
from argentos.machines import SESSION

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
            "guards": SESSION.bindings[edge.label].guards,
            "timer": SESSION.bindings[edge.label].timer,
            "effects": edge.effects,
        }
        for edge in SESSION.transitions
    ]
    print_json({"states": SESSION.states, "edges": edges})
