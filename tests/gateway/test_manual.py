"""The manual: help, man page and docs/cli.md say the same, and each example is a command line that would run."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from argentos.gateway.cli import root
from argentos.gateway.manual.entries import Entry, entries
from argentos.gateway.manual.examples import EXAMPLES
from argentos.gateway.manual.markdown import page
from tests.gateway.shared import Argent

PAGE = Path(__file__).parent.parent.parent / "docs" / "cli.md"
ENTRIES = {each.path: each for each in entries(root, "argent")}
GROUPS = {"argent", "argent channels", "argent gateway token", "argent pairing", "argent sessions"}
LINES = [(path, line) for path, examples in EXAMPLES.items() for line, _ in examples]
OPERATORS = {"|", ">", "<"}


def test_the_page_is_what_the_program_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(root), "write it anew with `make cli`"


def test_every_command_has_an_example_that_the_page_and_its_help_show(argent: Argent) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert set(EXAMPLES) == set(ENTRIES) - GROUPS
    for path in ENTRIES.keys() - GROUPS:
        assert f"### {path}\n" in text
        shown = " ".join(argent(*path.split()[1:], "--help")[1].split())
        assert f"Examples: {EXAMPLES[path][0][0]}" in shown or path.startswith("argent diagram "), path


def parsed(arguments: Sequence[str]) -> str:
    """The path of the command that these call; an error of click where they call none."""
    context = root.make_context("argent", list(arguments))
    while isinstance(command := context.command, click.Group) and (words := _words(context)):
        name, found, rest = command.resolve_command(context, words)
        assert found is not None
        context = found.make_context(name, rest, parent=context)
    return context.command_path


def _words(context: click.Context) -> list[str]:
    """The words that a group leaves to its commands; click has no other way to ask for the first of them."""
    return [*context.__dict__["_protected_args"], *context.args]


@pytest.mark.parametrize(("path", "line"), LINES)
def test_an_example_would_run(path: str, line: str) -> None:
    words = shlex.split(re.sub(r"[<>]\(", "", line))
    for part in _commands(words):
        assert parsed(part) == path


def _commands(words: Sequence[str]) -> Iterator[list[str]]:
    """What stands behind `argent`, up to the next operator of the shell."""
    for at, word in enumerate(words):
        if word == "argent":
            end = next((i for i in range(at, len(words)) if words[i] in OPERATORS), len(words))
            yield [each.rstrip(")") for each in words[at + 1 : end]]


def test_the_man_page_has_every_command_and_lets_no_text_pass_for_a_request(argent: Argent) -> None:
    status, out, err = argent("man")
    assert (status, err) == (0, "")
    headings = [line.removeprefix(".SS ").replace("\\-", "-") for line in out.splitlines() if line.startswith(".SS")]
    assert [each.partition(" [")[0] for each in headings] == [path for path in ENTRIES if path != "argent"]
    requests = {line.split()[0] for line in out.splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".nf", ".fi", ".RE", ".B"}
    assert json.loads(argent("--json", "man")[1]) == {"manPage": out}


def test_an_entry_has_all_options_that_are_its_own() -> None:
    entry: Entry = ENTRIES["argent sessions history"]
    assert [each.written for each in entry.options] == ["--full", "--limit N", "--follow"]
    assert entry.usage == "[OPTIONS] ID"
