"""Groups of commands, each of which is imported when it is run."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from argentos.gateway.manual.examples import epilog

__all__ = ["HELP_NAMES", "Group", "Member"]

HELP_NAMES: Final = ["-h", "--help"]
"""The options that print the help."""


class Member(NamedTuple):
    """A command of a group.

    Attributes:
        module: that has it.
        name: of the command in its module.
        help: the first sentence of its docstring, so that a list of commands imports none of them.
    """

    module: str
    name: str
    help: str


class Group(click.Group):
    """A group that finds a command by its name, so that each starts with its own imports only.

    Args:
        members: the commands by their names.
        settings: of click.
    """

    def __init__(self, *, members: Mapping[str, Member], **settings: Any) -> None:
        super().__init__(**settings)
        self.members = members

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the commands."""
        return sorted(self.members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        member = self.members.get(cmd_name)
        if member is None:
            return None
        command = getattr(import_module(member.module), member.name)
        assert isinstance(command, click.Command)  # noqa: S101 - a test looks at all of them
        command.epilog = epilog(f"{ctx.command_path} {cmd_name}")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """The commands, none of which is imported for that, and the options."""
        members = [CompletionItem(name, help=each.help) for name, each in sorted(self.members.items())]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(each for each in members if str(each.value).startswith(incomplete)), *options]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; where there is none, the error names the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

            nearest = get_close_matches(args[0], self.members, n=1)
            if not nearest:
                raise
            raise click.UsageError(f"{error.message} Did you mean {nearest[0]!r}?", error.ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write the commands, as click does, but cut nothing off."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.members[name].help) for name in sorted(self.members)])
