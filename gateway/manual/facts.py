"""Statuses, variables of the environment, and files: the same for all commands."""

from typing import Final

__all__ = ["FILES", "STATUSES", "VARIABLES"]

STATUSES: Final = (
    ("0", "It was done. The commands that go on until Ctrl-C (`tail`, `--follow`, `--watch`) end so, too."),
    ("1", "It failed; standard error has the reason in a sentence. For some commands also what they found: see there."),
    ("2", "The command line is wrong; the sentence names the help to read."),
    ("130", "It was interrupted by Ctrl-C, or a question was answered with no."),
)
"""Exit statuses."""

VARIABLES: Final = (
    ("ARGENTOS_HOME", "The state directory, where `--state-dir` names none."),
    ("ANTHROPIC_API_KEY", "Without it the offline model answers, unless another one is named."),
    ("ANTHROPIC_MODEL", "The model of the Messages API, where `--model` names none."),
    ("ANTHROPIC_BASE_URL", "The address of the Messages API."),
    ("NO_COLOR", "Where it is set to anything, nothing is printed in colour."),
    ("FORCE_COLOR", "Where it is set to anything, colours are printed into pipes, too."),
    ("COLUMNS, LINES", "The size of the terminal, in the place of its own."),
    ("TERM", "Where it is dumb, nothing is drawn, and nothing is in colour."),
)
"""Variables that commands obey."""

FILES: Final = (
    ("~/.argentos/", "The state directory; docs/files.md says what stands where."),
    ("~/.argentos/argent.json", "The settings of agents and their sessions."),
)
"""Files that commands read and write."""
