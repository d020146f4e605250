"""Delivering: what is owed to a platform is sent by our accounts there, each part once as far as can be known."""

import logging
import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import anyio
from msgspec import structs

from argentos.actors import Delivery, Supervisor
from argentos.actors.routing.route import is_direct
from argentos.actors.routing.session_ids import unquoted
from argentos.concurrency.foreign_code import in_log, passes, sentence_of
from argentos.errors import (
    ArgentError,
    ChannelError,
    SessionNotFoundError,
    TargetGoneError,
    UnknownOutcomeError,
)
from argentos.gateway.channels.account import Account
from argentos.gateway.channels.approvals import asked_for
from argentos.gateway.channels.channel import Part
from argentos.gateway.channels.outgoing.ledger import Attempt, Draft, Late, Ledger, key_of, platform_key
from argentos.gateway.channels.outgoing.parts import marked, parts_of
from argentos.gateway.channels.outgoing.streaming import Streams
from argentos.gateway.channels.status import Statuses

__all__ = ["Courier"]

_log: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 64  # deliveries, of different sessions
_LONGEST_STEP: Final = 120.0  # seconds for the platform to take a part
_FIRST_PAUSE: Final = 2.0  # seconds before a delivery that failed is tried again, twice as long each time
_LONGEST_PAUSE: Final = 300.0
_CONNECTING: Final = 10.0  # seconds for a connection that is just being made
_DISCONNECTED: Final = 15.0  # seconds between two looks whether it is connected again
_NO_ACCOUNT: Final = 600.0  # seconds, until the settings may be other ones
_LONGEST_ASKED: Final = 86_400.0  # that a platform may ask for
_MOST_REFUSALS: Final = 8  # where trying again will hardly help

_AGAIN: Final = "(Sent again: whether it arrived before is not known.)"
_BEGUN: Final = "(Sent anew: a beginning of it may stand above.)"


class Courier:
    """Delivers what is owed to one platform.

    Args:
        supervisor: owes it.
        accounts: of ours there, by their names.
        statuses: of all accounts.
        streams: show replies while they are made.
        ledger: knows what was begun before a restart.
        now: the time.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        accounts: Mapping[str | None, Account],
        statuses: Statuses,
        streams: Streams,
        ledger: Ledger,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._supervisor = supervisor
        self._accounts = accounts
        self._statuses = statuses
        self._streams = streams
        self._drafts = streams.drafts
        self._ledger = ledger
        self._now = now
        self._room = anyio.Semaphore(_AT_ONCE)
        self._refusals: Counter[str] = Counter()  # of deliveries that it will hardly help to try again
        self._giving: anyio.CancelScope | None = None

    async def run(self, channel: str) -> None:
        """Deliver until the supervisor ends or, once it has drained, until nothing can be delivered now."""
        async with self._supervisor.outbox(channel) as deliveries, anyio.create_task_group() as group:
            with anyio.CancelScope() as self._giving:
                async for delivery in deliveries:
                    await self._room.acquire()
                    group.start_soon(self._attempt, delivery, name=f"argentos delivery to {channel}")

    def stop(self, seconds: float) -> None:
        """Begin nothing more after so many seconds; what is being delivered has its time."""
        if self._giving is not None:
            self._giving.deadline = anyio.current_time() + seconds

    async def _attempt(self, delivery: Delivery) -> None:
        """Deliver one message, or have it given again; whatever is wrong with it, others go on."""
        try:
            account = self._accounts.get(delivery.address.account)
            if account is None:
                await delivery.retry(_NO_ACCOUNT, "argent.json has no such account")
                return
            with anyio.move_on_after(_CONNECTING):
                await account.tried.wait()
            if not account.is_connected:
                pause = min(_pause(delivery), _DISCONNECTED)  # so that little time passes once it is connected
                await delivery.retry(pause, account.status.trouble or "not connected yet")
            else:
                await self._try(account, delivery)
        except BaseException as error:
            if passes(error):
                raise
            _log.error("a delivery to %s is given again: %s", delivery.address.channel, in_log(error))
            await delivery.retry(_pause(delivery), sentence_of(error))
        finally:
            self._room.release()
            self._statuses.tell()  # of the attempt

    async def _try(self, account: Account, delivery: Delivery) -> None:
        try:
            await self._send(account, delivery)
        except TargetGoneError as error:
            await self._drop(account, delivery, str(error))
        except (ChannelError, TimeoutError) as error:
            reason = sentence_of(error) or "the platform did not answer in time"
            asked = error.retry_after if isinstance(error, ArgentError) else None
            if isinstance(error, ArgentError) and not error.is_transient:
                self._refusals[delivery.id] += 1
                if self._refusals[delivery.id] >= _MOST_REFUSALS:
                    await self._drop(account, delivery, reason)
                    return
            await delivery.retry(_pause(delivery) if asked is None else min(asked, _LONGEST_ASKED), reason)
        except SessionNotFoundError:  # it was deleted, and owes nothing any more
            await delivery.done()
        else:
            account.note_delivered()

    async def _drop(self, account: Account, delivery: Delivery, reason: str) -> None:
        """Give up a delivery, and tell the owner: in the log, in the status, and in `Supervisor.owed`.

        The ledger keeps what was sent of it, for the owner may have it tried again.
        """
        await delivery.fail(reason)
        self._refusals.pop(delivery.id, None)
        account.note_dropped(reason)
        _log.warning(
            "a reply of session %s to %s is given up: %s; to have it tried again: %s",
            delivery.session,
            f"{account.status.place}:{delivery.address.user}",
            reason,
            _retry_command(delivery),
        )

    # One delivery -----------------------------------------------------------------------------------------------

    async def _send(self, account: Account, delivery: Delivery) -> None:
        session = self._supervisor.session(delivery.session, agent=delivery.agent)
        asked = await asked_for(session, delivery.message)
        parts = await parts_of(session, delivery.message, asked, account.channel.traits)
        if parts:
            parts[0] = marked(parts[0], self._lateness(delivery), await self._doubt(account, delivery))
            note = self._ledger.find(Attempt, delivery.id) or Attempt(key=delivery.id, at=self._now())
            if not note.sent and not note.is_open:
                note = await self._finish_draft(account, delivery, parts[0], note)
            for number in range(len(note.sent), len(parts)):
                note = await self._send_part(account, delivery, parts[number], note)
                if number + 1 < len(parts):
                    await self._ledger.write(note)
            await self._finish(delivery, note)
        else:
            await delivery.done()
        await self._forget(delivery)

    async def _finish(self, delivery: Delivery, note: Attempt) -> None:
        try:
            await delivery.done()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._ledger.write(note)  # nothing is sent again when it is given again
            raise

    async def _finish_draft(self, account: Account, delivery: Delivery, part: Part, note: Attempt) -> Attempt:
        """Make the reply of what was shown of it while it was made; drafts of other messages it answers go."""
        for key in self._keys(delivery):
            draft = self._ledger.find(Draft, key)
            if draft is None:
                continue
            with anyio.fail_after(_LONGEST_STEP):
                message_id = await self._drafts.find(account, delivery.address, draft)
                if message_id is None:
                    continue
                if note.sent or part.attachment is not None:
                    await account.channel.delete(delivery.address, message_id)
                    continue
                try:
                    await account.channel.edit(delivery.address, message_id, part)
                except TargetGoneError:
                    continue  # somebody has removed it; then the reply is sent
                note = structs.replace(note, sent=(message_id,))
        if note.sent:
            await self._ledger.write(note)
        return note

    async def _send_part(self, account: Account, delivery: Delivery, part: Part, note: Attempt) -> Attempt:
        """Send a part; before that it is noted that its fate is not known."""
        if note.is_open and not self._is_known_there(account, note):
            part = marked(part, _AGAIN)
        key = platform_key(delivery.id, str(len(note.sent)))
        was_open = note.is_open
        if not (was_open and self._is_known_there(account, note)):
            note = structs.replace(note, at=self._now(), is_open=True)
            await self._ledger.write(note)
        try:
            with anyio.fail_after(_LONGEST_STEP):
                sent = await account.channel.send(
                    delivery.address, part, key=key, answers=None if note.sent else self._answered(delivery)
                )
        except UnknownOutcomeError:
            raise
        except ArgentError:  # the platform has refused it, so that it was not sent now
            await self._ledger.write(structs.replace(note, is_open=was_open))
            raise
        return structs.replace(note, sent=(*note.sent, sent), is_open=False)

    def _is_known_there(self, account: Account, note: Attempt) -> bool:
        """Tell whether the platform recognises a part that was begun before."""
        return self._now() - note.at < timedelta(seconds=account.channel.traits.dedupe_seconds)

    @staticmethod
    def _answered(delivery: Delivery) -> str | None:
        """The platform's id of the message that is answered, to be shown where others write, too."""
        if is_direct(delivery.address) or not delivery.message.reply_to:
            return None
        return unquoted(delivery.message.reply_to[-1].rpartition(":")[2])

    def _lateness(self, delivery: Delivery) -> str:
        """The mark of a reply to what was sent while nobody received it."""
        late = [found for key in self._keys(delivery) if (found := self._ledger.find(Late, key)) is not None]
        return f"(To your message of {late[0].at:%Y-%m-%d %H:%M} UTC, which came late.)" if late else ""

    async def _doubt(self, account: Account, delivery: Delivery) -> str:
        """The mark of a reply whose draft may be there, where nobody can look; nothing is shown of it any more."""
        for key in self._keys(delivery):
            await self._streams.settle(key)
        return _BEGUN if any(self._drafts.is_lost(account, key) for key in self._keys(delivery)) else ""

    @staticmethod
    def _keys(delivery: Delivery) -> list[str]:
        return [key_of(delivery.agent, delivery.session, each) for each in delivery.message.reply_to]

    async def _forget(self, delivery: Delivery) -> None:
        self._refusals.pop(delivery.id, None)
        await self._ledger.drop(Attempt, delivery.id)
        for key in self._keys(delivery):
            await self._drafts.drop(key)
            await self._ledger.drop(Late, key)


def _retry_command(delivery: Delivery) -> str:
    agent = "" if delivery.agent == "main" else f"--agent {shlex.quote(delivery.agent)} "
    return f"argent {agent}channels retry {shlex.quote(delivery.session)} {delivery.message.number}"


def _pause(delivery: Delivery) -> float:
    """The seconds until a delivery is tried again."""
    return min(_FIRST_PAUSE * 2.0 ** min(delivery.attempt - 1, 30), _LONGEST_PAUSE)
