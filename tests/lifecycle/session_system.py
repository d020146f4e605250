"""A real supervisor, driven from outside any event loop: each call returns once everything has come to rest."""

import contextlib
from asyncio import Task
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final

import anyio

from argentos import Address, Supervisor, Turn
from argentos.storage import Message as StoredMessage
from argentos.storage import Replied, Role, Transitioned
from tests.lifecycle.calls import CANCELLING, ENDING, Call, Command, Make, Message, Read, Retry
from tests.lifecycle.checks import KEY, Checks
from tests.lifecycle.ledger import CONFIG, OUTBOX, Sent, count_words
from tests.lifecycle.parts import Outcome, Side
from tests.lifecycle.virtual_loop import NeverAtRestError

__all__ = ["SessionSystem"]

_TICK: Final = 0.001  # seconds: a delay ends between two microseconds


class SessionSystem(Checks):
    """A session in a supervisor, to be lived with."""

    def __init__(self) -> None:
        super().__init__()
        self._open()

    # Lives --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._leave = anyio.Event()
        self.begin_anew()
        self._host = self.loop.begin(self._live())
        self._rest()

    async def _live(self) -> None:
        await self.loop.watch_threads()
        supervisor = Supervisor(
            self.store,
            self.model,
            config=CONFIG,
            clock=self.clock,
            count=count_words,
            count_inline=10**6,
            grace=0,
            outbox=[OUTBOX],
        )
        async with supervisor, supervisor.events(limit=100_000) as events:
            self.supervisor, self.events = supervisor, events
            self.session = supervisor.session(KEY.id)
            await self._leave.wait()

    def kill(self) -> None:
        """End the process at this moment, and begin another one on what is durable."""
        self.store.cut_off()
        for task in self._waiting():
            task.cancel()
        self._end()
        self.store.is_cut_off = False
        self._open()

    def close_and_open(self) -> None:
        """End the supervisor in order, and begin another one."""
        self._end()
        self._open()

    def _end(self) -> None:
        self._leave.set()
        self.loop.rest()
        require = self.account.require
        require("a supervisor ends", that=self._host.done(), problem=self._host)
        self._host.result()
        require("whoever waits is told of the end", that=not any(self._waiting()), problem=self.calls)
        self.courier.check_end()
        require("a request is given up at the end", that=not self.model.asked, problem=self.model.asked)
        for call in self.asking:
            if call.asker and not call.asker.cancelled():
                call.asker.exception()
        self.check_stored()

    def _waiting(self) -> list[Task[Any]]:
        tasks = [*(call.task for call in self.calls), *(call.asker for call in self.asking if call.asker)]
        tasks += self.courier.waiting
        return [task for task in tasks if not task.done()]

    def close(self) -> None:
        """End everything."""
        self.store.cut_off()
        self._leave.set()
        with contextlib.suppress(NeverAtRestError):
            self.loop.rest()
        self.loop.close()

    # What comes in ------------------------------------------------------------------------------------------

    def do(self, *commands: Command) -> None:
        """Give commands, at once, and wait for what comes of them."""
        was_compacting, spoken = self.account.state == "Compacted", self.account.spoken
        behind = len(self.account.records)
        self._give(commands)
        self._rest()
        is_alone = len(commands) == 1 and self.store.holds is None  # else it goes before messages of the same moment
        if is_alone and commands[0] in ENDING and self.account.exists:
            self._check_ended(commands[0], was_compacting=was_compacting)
            kept = [each.text for each in self.account.records[behind:] if isinstance(each, Replied)]
            self.account.require("what was said is kept", that=kept == [spoken] * bool(spoken), problem=(spoken, kept))

    def _check_ended(self, command: Command, *, was_compacting: bool) -> None:
        """Nothing goes on behind a stop or a clear."""
        account = self.account
        is_over = account.is_settled and not (was_compacting and account.state == "Compacted")
        is_over = is_over and not (command == Make("clear") and account.context)
        account.require("a stop leaves nothing to answer", that=is_over, problem=(account.state, account.waiting))

    def do_while_held(self, side: Side, first: Command, *others: Command) -> None:
        """Give commands while the append that the first one brings about does not come back."""
        self.store.holds = side
        self.do(first)
        self.do(*others)
        self.store.go_on()
        self._rest()

    def die_in(self, side: Side, *commands: Command) -> None:
        """Give commands, and kill the process in the append that they bring about."""
        self.store.holds = side
        self.do(*commands)
        self.kill()

    def die_when_idle(self, side: Side) -> None:
        """Let time pass until the session should idle, and kill the process in the append that this brings about."""
        self.store.holds = side
        self.advance_to_idle(0)
        self.kill()

    def tell_model(self, outcome: Outcome) -> None:
        """The model does that with what it has been asked."""
        self.model.asked[0].tell(outcome)
        self._rest()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self._rest()

    def advance_to_idle(self, before: float) -> None:
        """Let time pass until the session should idle, or so many seconds less."""
        if self.account.exists:
            deadline = self.account.quiet_since + timedelta(seconds=CONFIG.idle_after - before)
            self.clock.advance_to(deadline)
            self._rest()

    def advance_to_attempt(self, before: float) -> None:
        """Let time pass until the turn that was put off is to be tried again, or so many seconds less."""
        if self.account.delayed_until is not None:
            self.clock.advance_to(self.account.delayed_until + timedelta(seconds=_TICK - before))
            self._rest()

    def _give(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Message):
                self._send(command)
            elif isinstance(command, Retry):
                self._retry(command)
            elif isinstance(command, Read):
                self.courier.do(command, self.supervisor)
            elif command in CANCELLING:
                self._give_cancel(command)
            else:
                self._begin(command, self._make(command))

    def _give_cancel(self, command: Make) -> None:
        """Cancel a turn; where there is none, nobody has to be asked."""
        if not self.account.is_settled:
            self.account.is_cancelling = True
            self._begin(command, self._cancel(command))

    def _make(self, command: Make) -> Coroutine[Any, Any, Any]:
        method: Callable[[], Coroutine[Any, Any, Any]] = getattr(self.session, command.what)
        return method()

    async def _cancel(self, command: Make) -> None:
        waiting = self.account.waiting
        if command == Make("cancel the last") and waiting:
            turn = await self.session.turn(self.account.messages[waiting[-1] - 1].id)
        else:
            turn = await self.session.current_turn()
        if turn is not None:
            await turn.cancel()

    def _send(self, message: Message) -> None:
        sent = self._to_send(message)
        self.account.sent.setdefault(sent.id, sent)
        self.account.sendings.append(sent)
        send = self.session.send if sent.role == "user" else self.session.say
        sending = send(sent.text, message_id=sent.id, address=Address(sent.channel, "maren"))
        self._begin(message, self._acknowledged(sent.id, sending), sent.id, sent)

    def _to_send(self, message: Message) -> Sent:
        """A new message, or one that was sent before, maybe with something changed."""
        before = self._sent_before(message.role, message.again)
        if before is None:
            message_id = f"m-{len(self.account.sent) + 1}"
            return Sent(message_id, message.role, f"{message_id}," + " word" * (message.words - 1), message.channel)
        match message.changed:
            case "text":
                return before._replace(text=f"{before.text} changed")
            case "address":
                return before._replace(channel="matrix")
            case "side":
                return before._replace(role="user" if before.role == "assistant" else "assistant")
            case _:
                return before

    def _sent_before(self, role: Role, again: int | None) -> Sent | None:
        sent = [each for each in self.account.sent.values() if each.role == role]
        return None if again is None or not sent else sent[-1 - again % len(sent)]

    def _retry(self, retry: Retry) -> None:
        before = self._sent_before("user", retry.again)
        message_id = before.id if before else ""
        self._begin(retry, self.session.retry(message_id or None), message_id)

    async def _acknowledged(self, message_id: str, send: Awaitable[Turn | StoredMessage]) -> Turn | StoredMessage:
        answer = await send
        self.account.require("acknowledged is durable", that=message_id in self.account.accepted, problem=message_id)
        return answer

    def _begin(
        self, command: Command, work: Coroutine[Any, Any, Any], message_id: str = "", sent: Sent | None = None
    ) -> None:
        account = self.account
        ahead = sum(_takes(call.command) for call in self.calls)
        self.calls.append(
            Call(
                command,
                self.loop.begin(work),
                existed=account.exists,
                room=CONFIG.mailbox_limit - len(account.waiting) - ahead if self.store.holds is None else 0,
                sent=sent,
                message_id=message_id,
                was_known=message_id in account.accepted,
                had_ended=message_id in account.ended,
                may_retry=account.may_retry(message_id),
                is_behind=any(isinstance(call.command, Retry) or call.command in ENDING for call in self.calls),
            )
        )

    # At rest ------------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Wait until nothing moves any more, and see that all is as it must be."""
        self._run()
        self.check_events()
        while done := [call for call in self.calls if call.task.done()]:
            self.calls = [call for call in self.calls if not call.task.done()]
            for call in done:
                self.answered(call)
            self._run()
        self.check_events()
        if self.store.holds is None:
            self.account.is_cancelling = False
            self.check_rest()

    def _run(self) -> None:
        try:
            self.loop.rest()
        except NeverAtRestError as error:
            self.account.require("it comes to rest", that=False, problem=error)
        if self.account.broken:
            raise self.account.broken
        if self._host.done():
            self._host.result()

    def look(self) -> None:
        """See what the session tells of itself."""
        if not self.account.exists:
            return
        info, history = self.loop.begin(self.session.info()), self.loop.begin(self.session.history())
        self._rest()
        account = self.account
        account.require("every command is answered", that=info.done() and history.done(), problem="looking")
        shown = info.result()
        is_it = (shown.state, shown.retry_at) == (self.shown_state(), account.delayed_until)
        account.require("shown as it is", that=is_it, problem=shown)
        failed = sum(len(each.messages) for each in account.failed)
        account.require("shown as failed what failed", that=shown.failed == failed, problem=(shown, account.failed))
        numbers = [message.number for message in history.result()]
        account.require("shown whole", that=numbers == sorted(account.context + account.waiting), problem=numbers)
        told = self.loop.begin(self.session.transitions())
        stored = self.loop.begin(self.store.transitions(KEY))  # asked once the first ones have left
        self._rest()
        taken = tuple(record for record in account.records if isinstance(record, Transitioned))
        for edges in (told.result(), stored.result()):
            account.require("every edge is told", that=edges == taken, problem=(edges, taken))
        self.check_stored()

    def finish(self) -> None:
        """Let everything that is open come to its end, and see that it does."""
        self._end_open()
        self.account.require("everything comes to its end", that=self.account.is_settled, problem=self.account.waiting)
        self._deliver_all()
        self.look()
        for seconds in (CONFIG.idle_after, CONFIG.passivate_after):
            self.advance(seconds)
        self.look()
        self.kill()
        self.look()

    def _end_open(self) -> None:
        for _ in range(20):
            rest = self.model.rests_until - self.clock.monotonic()
            if self.model.asked:
                self.tell_model("reply")
            elif self.account.state == "Compacted" and rest >= 0:
                self.advance(rest + _TICK)
            elif self.account.delayed_until is not None:
                self.advance_to_attempt(0)
            else:
                return

    def _deliver_all(self) -> None:
        self.do(Read("open"))
        for _ in self.account.undelivered[:]:
            self.do(Read("done"))
        undelivered = self.account.undelivered
        self.account.require("everything owed is delivered", that=not undelivered, problem=undelivered)


def _takes(command: Command) -> int:
    """How many messages it may have wait."""
    if isinstance(command, Message):
        return 1
    return CONFIG.mailbox_limit if isinstance(command, Retry) else 0
