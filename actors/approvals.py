"""Calls of tools that wait for a person's word."""

from collections.abc import Collection
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from typing import Any

from msgspec import Struct

from argentos.actors.core.registry import Registry
from argentos.concurrency.foreign_code import reading_a_store
from argentos.errors import NotAnApproverError, SessionNotFoundError, StoreError
from argentos.storage import Address, SessionKey, Snapshot, calls_in

__all__ = ["Approval", "all_approvals", "approvals_in", "check_approver"]


class Approval(Struct, frozen=True, kw_only=True, rename="camel"):
    """A call of a tool that waits for a person's word.

    Attributes:
        session: the id of its session.
        call_id: by which it is approved or denied.
        name: of the tool.
        input: its arguments.
        asked_at: since when it waits.
        expires_at: then it is given up.
        address: where the message came from that the agent answers.
    """

    agent: str
    session: str
    call_id: str
    name: str
    input: dict[str, Any]
    asked_at: datetime
    expires_at: datetime
    address: Address | None = None


def approvals_in(snapshot: Snapshot) -> tuple[Approval, ...]:
    """The calls of a session that wait for a person's word, in their order."""
    metadata, context = snapshot
    asked = metadata.turn.asked if metadata.turn else ()
    if not asked:
        return ()
    known = {each.id: (message, each) for message in context.messages for each in calls_in(message.blocks)}
    found: list[Approval] = []
    for each in asked:
        if each.id in known and each.asked_at is not None and each.expires_at is not None:
            message, call = known[each.id]
            found.append(
                Approval(
                    agent=metadata.agent,
                    session=metadata.session,
                    call_id=each.id,
                    name=each.name,
                    input=deepcopy(call.input),
                    asked_at=each.asked_at,
                    expires_at=each.expires_at,
                    address=message.address,
                )
            )
    return tuple(found)


def check_approver(key: SessionKey, approvers: Collection[str] | None, by: str | None) -> None:
    """Refuse the word of somebody whose does not count.

    Raises:
        NotAnApproverError: the agent names others.
    """
    if approvers is None or by in approvers:
        return
    known = ", ".join(sorted(approvers)) or "nobody"
    wrong = f"{by!a:.100} is none of these" if by else "say who decides, as by `by` or `--by`"
    raise NotAnApproverError(f"the calls of session {key} are decided by {known}; {wrong}")


async def all_approvals(registry: Registry) -> tuple[Approval, ...]:
    """The calls of all sessions that wait for a person's word, the oldest first."""
    store = registry.runtime.store
    with reading_a_store():
        unfinished = [each for agent in registry.runtimes for each in await store.unfinished(agent, ())]
    found: list[Approval] = []
    for metadata in unfinished:
        if metadata.turn is not None and metadata.turn.asked:
            with suppress(SessionNotFoundError, StoreError):
                found += approvals_in(await registry.look(metadata.key))
        await registry.runtime.workers.give_way()
    return tuple(sorted(found, key=lambda each: (each.asked_at, each.session, each.call_id)))
