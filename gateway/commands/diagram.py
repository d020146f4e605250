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
            "guards": [str(guard) for guard in guards],
            "timer": next((each.duration for each in SESSION.timers(edge.source) if each.event == edge.event), None),
            "effects": edge.effects,
        }
        for state in SESSION.states
        for event in SESSION.events
        for guards, edge in SESSION.ways(state, event)
    ]
    print_json({"states": SESSION.states, "edges": edges})
