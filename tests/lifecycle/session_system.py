"""A real supervisor, driven from outside any event loop: each call returns once everything has come to rest."""

import contextlib
from asyncio import Task
from collections.abc import Awaitable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import anyio

from argentos import Address, Supervisor, Turn
from argentos.storage import Message as StoredMessage
from tests.lifecycle.calls import ENDING, Call, Command, Make, Message, Read
from tests.lifecycle.checks import KEY, Checks
from tests.lifecycle.ledger import CONFIG, OUTBOX, count_words
from tests.lifecycle.parts import Outcome, Side
from tests.lifecycle.virtual_loop import NeverAtRestError

__all__ = ["SessionSystem"]


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
        was_compacting = self.account.state == "Compacted"
        self._give(commands)
        self._rest()
        is_alone = len(commands) == 1 and self.store.holds is None  # else it goes before messages of the same moment
        if is_alone and commands[0] in ENDING and self.account.exists:
            self._check_ended(commands[0], was_compacting=was_compacting)

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

    def _give(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Message):
                self._send(command)
            elif isinstance(command, Read):
                self.courier.do(command, self.supervisor)
            else:
                if command.what == "compact":
                    self.account.asked_by_hand += 1
                self._begin(command, getattr(self.session, command.what)())

    def _send(self, message: Message) -> None:
        sent = [each for each, (role, _) in self.account.sent.items() if role == message.role]
        again = message.again is not None and bool(sent)
        message_id = sent[-1 - (message.again or 0) % len(sent)] if again else f"m-{len(self.account.sent) + 1}"
        text = f"{message_id}," + " word" * (message.words - 1)
        _, text = self.account.sent.setdefault(message_id, (message.role, text))
        self.account.sendings.append(message_id)
        address = Address(message.channel, "maren")
        send = self.session.send if message.role == "user" else self.session.say
        self._begin(
            message, self._acknowledged(message_id, send(text, message_id=message_id, address=address)), message_id
        )

    async def _acknowledged(self, message_id: str, send: Awaitable[Turn | StoredMessage]) -> Turn | StoredMessage:
        answer = await send
        self.account.require("acknowledged is durable", that=message_id in self.account.accepted, problem=message_id)
        return answer

    def _begin(self, command: Command, work: Coroutine[Any, Any, Any], message_id: str = "") -> None:
        ahead = sum(isinstance(call.command, Message) for call in self.calls)
        room = CONFIG.mailbox_limit - len(self.account.waiting) - ahead if self.store.holds is None else 0
        tokens = self.account.tokens_of(self.account.sent[message_id][1]) if message_id else 0
        self.calls.append(Call(command, self.loop.begin(work), self.account.exists, room, tokens, message_id))

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
        account.require("shown as it is", that=shown.state == self.shown_state(), problem=shown)
        numbers = [message.number for message in history.result()]
        account.require("shown whole", that=numbers == sorted(account.context + account.waiting), problem=numbers)
        self.check_stored()

    def finish(self) -> None:
        """Let everything that is open come to its end, and see that it does."""
        for _ in range(10):
            if not self.model.asked:
                break
            self.tell_model("reply")
        self.account.require("everything comes to its end", that=self.account.is_settled, problem=self.account.waiting)
        self._deliver_all()
        self.look()
        for seconds in (CONFIG.idle_after, CONFIG.passivate_after):
            self.advance(seconds)
        self.look()
        self.kill()
        self.look()

    def _deliver_all(self) -> None:
        self.do(Read("open"))
        for _ in self.account.undelivered[:]:
            self.do(Read("done"))
        undelivered = self.account.undelivered
        self.account.require("everything owed is delivered", that=not undelivered, problem=undelivered)
