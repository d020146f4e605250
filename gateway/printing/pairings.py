"""The part of sessions in pairings: who writes to them, and to which others they were joined."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from argentos.gateway.output import printable

if TYPE_CHECKING:
    from argentos.actors import SessionInfo, SessionPairing

__all__ = ["linked", "senders_of", "with_pairing"]


def linked(pairing: "SessionPairing | None", session_id: str) -> str:
    """The session to which this one was joined, or those who share it; empty where it is that of one sender alone."""
    if pairing is None or pairing.senders == (session_id,):
        return ""
    return f"joined to {printable(pairing.joined_to)}" if pairing.joined_to else senders_of(pairing)


def senders_of(pairing: "SessionPairing") -> str:
    """The senders who write to a session directly."""
    return ", ".join(map(printable, pairing.senders))


def with_pairing(info: "SessionInfo", pairings: Mapping[str, "SessionPairing"]) -> Any:
    """The session as JSON has it, with `senders` and `joinedTo` where there is something to tell of them."""
    pairing = pairings.get(info.id)
    if pairing is None:
        return info
    import msgspec  # noqa: PLC0415 - most sessions need it not

    return {**msgspec.to_builtins(info), **msgspec.to_builtins(pairing)}
