"""What programs learn of an error: its code, and whether and when to try again."""

import re
from pathlib import Path

import pytest

from argentos import errors
from argentos.errors import ArgentError, MailboxFullError, ModelUnavailableError, NoReplyError, SessionNotFoundError

KINDS: list[type[ArgentError]] = [getattr(errors, name) for name in errors.__all__]


def test_each_kind_has_a_code_of_its_own() -> None:
    codes = [kind.__dict__["code"] for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(_[a-z]+)*", code)] == []


def test_the_docs_list_every_code_and_whether_trying_again_may_help() -> None:
    text = (Path(__file__).parent.parent / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (yes|no) \|", text, re.MULTILINE)
    told = {(kind.code, kind.__name__, "yes" if kind.is_transient else "no") for kind in KINDS}
    assert (set(rows), len(rows)) == (told, len(KINDS))


def test_a_kind_says_whether_trying_again_may_help() -> None:
    assert MailboxFullError("full").is_transient
    assert not SessionNotFoundError("nobody").is_transient
    assert MailboxFullError("full").retry_after is None


@pytest.mark.parametrize("kind", [MailboxFullError, SessionNotFoundError, ModelUnavailableError])
def test_an_error_may_differ_from_its_kind(kind: type[ArgentError]) -> None:
    error = kind("later", is_transient=not kind.is_transient, retry_after=2.5)
    assert (error.is_transient, error.retry_after) == (not kind.is_transient, 2.5)
    assert (error.copy().is_transient, error.copy().retry_after) == (not kind.is_transient, 2.5)


def test_an_error_of_another_shape_has_them_too() -> None:
    error = NoReplyError("the turn was stopped", "stopped")
    assert (error.code, error.is_transient, error.retry_after, error.outcome) == ("no_reply", False, None, "stopped")
