"""A list of sessions, in columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from argentos.gateway.output import cell, count, elapsed, percent
from argentos.gateway.printing.pairings import linked
from argentos.gateway.printing.tables import Flexible, fitted

if TYPE_CHECKING:
    from argentos.actors import SessionInfo, SessionPairing

__all__ = ["listed"]

_HEADINGS: Final = ("SESSION", "STATE", "AGE", "MESSAGES", "TOKENS", "%", "TITLE", "LINKED", "AGENT")
_SESSION, _STATE, _MESSAGES, _TOKENS, _PERCENT, _TITLE, _LINKED, _AGENT = 0, 1, 3, 4, 5, 6, 7, 8
_NARROW: Final = 80  # columns of a terminal below which the window is not told beside the tokens


def listed(
    infos: Sequence["SessionInfo"],
    now: datetime,
    width: int | None,
    *,
    with_agents: bool = False,
    pairings: Mapping[str, "SessionPairing"] | None = None,
) -> str:
    """The sessions, each in a row.

    Args:
        infos: of the sessions.
        now: the time.
        width: the columns of the terminal; None for as wide as it likes.
        with_agents: tell also whose each is.
        pairings: of sessions, by their ids.
    """
    is_narrow = width is not None and width < _NARROW
    links = [linked((pairings or {}).get(info.id), info.id) for info in infos]
    rows = [_HEADINGS, *(_row(info, link, now, is_narrow=is_narrow) for info, link in zip(infos, links, strict=True))]
    with_titles = any(info.title for info in infos) and not (with_agents and is_narrow)
    shown = {_TITLE: with_titles, _LINKED: any(links), _AGENT: with_agents}
    left_out = {column for column, is_shown in shown.items() if not is_shown}
    kept = [at for at in range(len(_HEADINGS)) if at not in left_out]
    flexible = [
        Flexible(kept.index(at), least)
        for at, least in ((_TITLE, 5), (_LINKED, 6), (_SESSION, 12), (_STATE, 6))
        if at in kept
    ]
    right = {kept.index(at) for at in (_MESSAGES, _TOKENS, _PERCENT)}
    return fitted([[row[at] for at in kept] for row in rows], width, flexible, right=right)


def _row(info: "SessionInfo", link: str, now: datetime, *, is_narrow: bool) -> tuple[str, ...]:
    work = _work(info, now)
    return (
        cell(info.id),
        f"{info.state}, {work}" if work else info.state,
        elapsed(info.last_activity, now),
        str(info.messages),
        count(info.tokens) if is_narrow else f"{count(info.tokens)}/{count(info.window)}",
        percent(info.percent),
        cell(info.title),
        cell(link),
        cell(info.agent),
    )


def _work(info: "SessionInfo", now: datetime) -> str:
    """The work of a session, its wait, or its failures, in words; empty where there is nothing to tell."""
    if info.status == "parked":
        return "parked"
    if info.approvals:
        return "waits for approval"
    if info.retry_at is not None:
        return f"tries again in {max(1, round((info.retry_at - now).total_seconds()))} s"
    if info.waiting:
        return "answers"
    return f"{info.failed} failed" if info.failed else ""
