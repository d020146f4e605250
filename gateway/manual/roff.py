"""The man page."""

from collections.abc import Iterable, Iterator, Sequence

import click

from argentos.gateway.manual.entries import Entry, common_options, entries
from argentos.gateway.manual.examples import Example
from argentos.gateway.manual.facts import FILES, STATUSES, VARIABLES

__all__ = ["man_page"]


def man_page(root: click.Command, version: str) -> str:
    """The man page of the whole command line, for section 1."""
    first, *others = entries(root, "argent")
    lines = [
        f'.TH ARGENT 1 "" "argentos {_safe(version)}" "Argent Sessions"',
        ".SH NAME",
        f"argent \\- {_safe(first.paragraphs[0].rstrip('.').lower())}",
        ".SH SYNOPSIS",
        f".B argent\n{_safe(first.usage.removeprefix('argent '))}",
        ".SH DESCRIPTION",
        "Every command works beside a process that owns the state directory, and without one.",
        ".SH OPTIONS",
        "Every command takes these, before or behind its name.",
        *_terms(common_options(root, "argent")),
        *_terms(first.options),
        ".SH COMMANDS",
        *(line for entry in others for line in _entry(entry)),
        ".SH EXIT STATUS",
        *_terms(STATUSES),
        ".SH ENVIRONMENT",
        *_terms(VARIABLES),
        ".SH FILES",
        *_terms(FILES),
    ]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield f".SS {_safe(f'{entry.path} {entry.usage}')}"
    for number, paragraph in enumerate(entry.paragraphs):
        if number:
            yield ".PP"
        yield _safe(paragraph)
    yield from _terms(entry.options)
    if entry.examples:
        yield from _examples(entry.examples)


def _terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, what in pairs:
        yield ".TP"
        yield f"\\fB{_safe(term)}\\fR"
        yield _safe(what)


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    for line, what in examples:
        yield ".PP"
        yield f"Example, {_safe(what)}:"
        yield ".PP"
        yield f".RS 4\n.nf\n{_safe(line)}\n.fi\n.RE"


def _safe(text: str) -> str:
    """The text as roff prints it: hyphens that can be searched for and copied, and nothing taken for a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    escaped = escaped.replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
