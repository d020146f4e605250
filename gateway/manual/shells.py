"""Completion of command lines in shells: click's own in zsh, mended in fish, and ours in bash."""

import os
import re
from typing import Any, ClassVar, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

__all__ = ["SHELLS", "VARIABLE", "script"]

SHELLS: Final = ("bash", "fish", "zsh")
"""Shells for which there is a script."""

VARIABLE: Final = "_ARGENT_COMPLETE"
"""The variable by which a script asks for completions."""

_SAFE: Final = re.compile(r"[\w@%+=:,./-]+")

_BASH: Final = """\
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS=$line %(complete_var)s=bash_complete "$1")
    # Where bash breaks words at colons, what stands in front of the last one is on the line already.
    local word=${line##*[[:space:]]} at
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        for at in "${!COMPREPLY[@]}"; do
            COMPREPLY[at]=${COMPREPLY[at]#"${word%%"${word##*:}"}"}
        done
    fi
}

complete -o nosort -F %(complete_func)s %(prog_name)s"""


@add_completion_class
class _Bash(BashComplete):
    """Completion in bash: ids with colons are completed, and nothing that the shell would take for more than a text.

    Ids come from whoever writes to an agent, and bash puts what is chosen into the command line as it is.
    """

    source_template: ClassVar[str] = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words of the line before the cursor, and the one at it."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        incomplete = words.pop() if words and not line[-1].isspace() else ""
        return words[1:], incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """The completions that are safe in a command line."""
        found = super().get_completions(args, incomplete)
        return [each for each in found if each.type != "plain" or _SAFE.fullmatch(str(each.value))]


@add_completion_class
class _Fish(FishComplete):
    """Completion in fish, which cuts no id and no explanation off at a comma."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split "," $completion', 'string split --max 1 "," $completion'
    )


def script(root: click.Command, shell: str) -> str:
    """The script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of SHELLS
    return kind(root, {}, "argent", VARIABLE).source().strip()
