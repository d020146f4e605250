"""The page docs/cli.md."""

from collections.abc import Iterable, Iterator
from typing import Final

import click

from argentos.gateway.manual.entries import Entry, common_options, entries
from argentos.gateway.manual.facts import FILES, STATUSES, VARIABLES

__all__ = ["page"]

_HEAD: Final = """\
# The command line

`make cli` writes this page from the program's own help: `argent COMMAND --help` says the same, and
`argent man | man -l -` shows it as a man page.

Every command works the same beside a process that owns the state directory, as `argent gateway` or a program of yours,
and without one: it asks the owner, or opens the directory itself ([second-process.md](second-process.md)).

A failure is one sentence on standard error that says what, where, and how to mend it. With `--json`, standard output
has exactly one JSON document, after a failure `{"error": {"code": "session_not_found", "message": "…"}}`;
[errors.md](errors.md) lists the codes. Commands that go on until Ctrl-C or the end of their input, `chat`, `tail`,
`--follow` and `--watch`, print a document on each line instead.

A duration is written as `90s`, `30m`, `2h` or `7d`, a size as `64K`, `500M` or `10G`; plain numbers are seconds and
bytes.
"""

_COMPLETION: Final = """\
## Completion

Commands, options, their values, files, and the ids of sessions and agents are completed:

```console
$ argent completion bash > ~/.local/share/bash-completion/completions/argent    # bash 4.4 or newer
$ echo 'source <(argent completion zsh)' >> ~/.zshrc                            # behind compinit
$ argent completion fish > ~/.config/fish/completions/argent.fish
```

In bash, ids with characters that mean something to the shell are not offered.
"""


def page(root: click.Command) -> str:
    """The page, whole."""
    first, *others = entries(root, "argent")
    parts = [
        _HEAD,
        "## Options of every command\n",
        _table([*common_options(root, "argent"), *first.options], "option"),
        "## Statuses\n",
        _table(STATUSES, "status"),
        "## Variables\n",
        _table(VARIABLES, "variable"),
        "## Files\n",
        _table(FILES, "file"),
        _COMPLETION,
        "## Commands\n",
        *(_entry(each) for each in others),
    ]
    return "\n".join(parts)


def _entry(entry: Entry) -> str:
    lines = [f"### {entry.path}\n", f"`{entry.path} {entry.usage}`\n", *(f"{each}\n" for each in entry.paragraphs)]
    if entry.options:
        lines.append(_table(entry.options, "option"))
    if entry.examples:
        width = max(len(line) for line, _ in entry.examples)
        lines += ["```console", *(f"$ {line:{width}}  # {what}" for line, what in entry.examples), "```\n"]
    return "\n".join(lines)


def _table(rows: Iterable[tuple[str, str]], heading: str) -> str:
    return "\n".join([f"| {heading} | |", "|---|---|", *_cells(rows)]) + "\n"


def _cells(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, what in rows:
        cells = (each.replace("|", "\\|").replace("\n", " ") for each in (f"`{term}`", what))
        yield f"| {' | '.join(cells)} |"
