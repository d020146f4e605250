"""The commands with their options, as click knows them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import click

from argentos.gateway.groups import HELP_NAMES
from argentos.gateway.manual.examples import EXAMPLES, Example

__all__ = ["Entry", "Option", "common_options", "entries"]

_COMMON: Final = {"state_dir", "agent", "json", "help"}


class Option(NamedTuple):
    """An option: how it is written, and what it does."""

    written: str
    help: str


class Entry(NamedTuple):
    """A command.

    Attributes:
        path: its name, with those of the groups that it is in.
        usage: its options and arguments.
        paragraphs: what it does.
        options: those that not every command has.
        examples: of its use.
    """

    path: str
    usage: str
    paragraphs: Sequence[str]
    options: Sequence[Option]
    examples: Sequence[Example]


def entries(command: click.Command, path: str) -> Iterator[Entry]:
    """A command and, of a group, all that are in it, in the order of their names."""
    context = _context(command, path)
    yield Entry(
        path=path,
        usage=" ".join(each for each in command.collect_usage_pieces(context) if each),
        paragraphs=[" ".join(each.split()) for each in (command.help or "").split("\n\n")],
        options=[
            each
            for parameter in command.params
            if parameter.name not in _COMMON
            for each in _options(parameter, context)
        ],
        examples=EXAMPLES.get(path, ()),
    )
    for name, other in sorted(_members(command, context).items()):
        yield from entries(other, f"{path} {name}")


def common_options(command: click.Command, path: str) -> list[Option]:
    """The options that every command has."""
    context = _context(command, path)
    common = [each for each in command.get_params(context) if each.name in _COMMON]
    return [option for each in common for option in _options(each, context)]


def _context(command: click.Command, path: str) -> click.Context:
    return click.Context(command, info_name=path, help_option_names=HELP_NAMES)  # which click keeps with the command


def _options(parameter: click.Parameter, context: click.Context) -> Iterator[Option]:
    if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)):
        yield Option(*record)


def _members(command: click.Command, context: click.Context) -> Mapping[str, click.Command]:
    if isinstance(command, click.Group):
        found = {name: command.get_command(context, name) for name in command.list_commands(context)}
        return {name: each for name, each in found.items() if each is not None}
    others: Mapping[str, click.Command] = getattr(command, "others", {})
    return others
