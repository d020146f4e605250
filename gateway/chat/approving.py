"""Questions to the person at the prompt about calls of tools that need approval."""

import json
from contextlib import suppress
from typing import Final, NamedTuple

import anyio
import click

from argentos.actors import Approval
from argentos.actors.sessions.session import Session
from argentos.errors import ApprovalDecidedError, ApprovalNotFoundError, ArgentError
from argentos.gateway.chat.prompt import Prompt
from argentos.gateway.output import indented, printable
from argentos.gateway.replies import beside, own_name

__all__ = ["Approver", "shown_call"]

_INTERVAL: Final = 0.5  # seconds between two looks whether somebody else has decided
_LONGEST_SHOWN: Final = 4000  # characters of the arguments
_QUESTION: Final = "      y approves, n denies (a reason may follow), Enter leaves it for later: "


class _Word(NamedTuple):
    is_approved: bool
    reason: str = ""


class Approver:
    """The person at the prompt, asked about one call after the other."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._asking: anyio.CancelScope | None = None

    async def ask(self, session: Session, wanted: Approval) -> bool:
        """Ask about a call, and pass the word on; False where it is left for later, True also if others decide."""
        click.echo(f"? {shown_call(wanted)}")
        word: _Word | None = None
        is_left = True
        with anyio.CancelScope() as self._asking:
            word = await beside(self._read_word, lambda: self._until_decided(session, wanted))
        self._asking = None
        if word is not None:
            with suppress(ApprovalDecidedError, ApprovalNotFoundError):  # others were faster
                await _pass_on(session, wanted.call_id, is_approved=word.is_approved, reason=word.reason)
            return True
        self._prompt.end_line()
        is_left = await _waits(session, wanted)
        if not is_left:
            click.secho("(this was decided elsewhere)", dim=True)
        return not is_left

    def leave(self) -> bool:
        """Leave the question open that is being asked; False where none is."""
        if self._asking is None:
            return False
        self._asking.cancel()
        return True

    async def _read_word(self) -> _Word | None:
        """The word, once it is one; None where none is given."""
        while answer := (await self._prompt.ask(_QUESTION) or "").strip():
            word, _, reason = answer.partition(" ")
            if word.lower() in {"y", "yes"} and not reason:
                return _Word(is_approved=True)
            if word.lower() in {"n", "no"}:
                return _Word(is_approved=False, reason=reason.strip())
        return None

    async def _until_decided(self, session: Session, wanted: Approval) -> None:
        while await _waits(session, wanted):  # noqa: ASYNC110 - another process may be the one that decides
            await anyio.sleep(_INTERVAL)
        self.leave()


async def _pass_on(session: Session, call_id: str, *, is_approved: bool, reason: str = "") -> None:
    if is_approved:
        await session.approve(call_id, by=own_name())
    else:
        await session.deny(call_id, reason, by=own_name())


async def _waits(session: Session, wanted: Approval) -> bool:
    """Tell whether a call still waits for a person's word; where that cannot be seen now it is taken to do so."""
    with suppress(ArgentError):
        return any(each.call_id == wanted.call_id for each in await session.approvals())
    return True


def shown_call(wanted: Approval) -> str:
    """A call with its arguments, as it is to be approved: whole, unless they are very long."""
    given = json.dumps(wanted.input, indent=2, ensure_ascii=False) if wanted.input else ""
    rest = f"\n… {len(given) - _LONGEST_SHOWN} more characters" if len(given) > _LONGEST_SHOWN else ""
    return f"{printable(wanted.name)}({indented(given[:_LONGEST_SHOWN] + rest)})"
