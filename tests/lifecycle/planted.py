"""Bugs to plant: each is a small change to the source of a shipped module, and the checks that may find it first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["BUGS", "ROOT", "Bug"]

ROOT: Final = Path(__file__).parents[2]


class Bug(NamedTuple):
    """A change to a module.

    Attributes:
        breaks: what is wrong then.
        module: its file.
        old: stands once in its source.
        new: is put in its place.
        checks: one of them fails first; which one, is for the lives to say.
    """

    breaks: str
    module: str
    old: str
    new: str
    checks: tuple[str, ...]

    def __str__(self) -> str:
        return self.breaks

    def planted(self) -> str:
        """The source with the bug.

        Raises:
            LookupError: the source has changed.
        """
        source = (ROOT / self.module).read_text(encoding="utf-8")
        times = source.count(self.old)
        if times != 1:
            raise LookupError(
                f"{self.module} has {self.old!r} {times} times, not once: renew the planted bug “{self.breaks}”"
            )
        return source.replace(self.old, self.new)


BUGS: Final[Sequence[Bug]] = (
    # The machine -----------------------------------------------------------------------------------------------
    Bug(
        "a session made by hand is Active without a message",
        "machines/lifecycles/session.py",
        'Binding("processing_messages", guards=("has_message",))',
        'Binding("processing_messages")',
        ("guard: has_message",),
    ),
    Bug(
        "a session idles during a turn",
        "machines/lifecycles/session.py",
        '"no_recent_activity", guards=("is_quiet",), timer',
        '"no_recent_activity", timer',
        ("guard: is_quiet", "shown as it is"),
    ),
    Bug(
        "a session waits for a summary of nothing",
        "machines/lifecycles/session.py",
        'guards=("compaction_is_due", "has_older_messages")',
        'guards=("compaction_is_due",)',
        ("guard: has_older_messages",),
    ),
    Bug(
        "a session is compacted all the time",
        "machines/lifecycles/session.py",
        'guards=("compaction_is_due", "has_older_messages")',
        'guards=("has_older_messages",)',
        ("guard: compaction_is_due",),
    ),
    Bug(
        "a session goes on before its summary is durable",
        "machines/lifecycles/session.py",
        'guards=("summary_is_durable", "context_fits")',
        'guards=("context_fits",)',
        ("guard: summary_is_durable", "it comes to rest"),
    ),
    Bug(
        "a session goes on with more than its window holds",
        "machines/lifecycles/session.py",
        'guards=("summary_is_durable", "context_fits")',
        'guards=("summary_is_durable",)',
        ("guard: context_fits",),
    ),
    Bug(
        "nobody makes the summary",
        "machines/lifecycles/session.py",
        'has_older_messages"), effects=("summarise",)',
        'has_older_messages")',
        ("the model is asked for what is open",),
    ),
    Bug(
        "an idle session never idles",
        "machines/lifecycles/session.py",
        'guards=("is_quiet",), timer="idle_after"',
        'guards=("is_quiet",)',
        ("a quiet session idles", "only what is quiet leaves memory"),
    ),
    Bug(
        "a turn begins in Compacted",
        "machines/lifecycles/session.py",
        'frozenset({SESSION.state("Active")})',
        'frozenset({"Active", "Compacted"})',
        ("turns run in Active",),
    ),
    Bug(
        "decisions take the first way, whatever its guards say",
        "machines/machine.py",
        "                    refusal = guard\n                    break\n",
        "                    refusal = guard\n",
        ("it comes to rest", "no actor fails"),
    ),
    Bug(
        "the effects of a transition are forgotten",
        "machines/machine.py",
        "return self._effects.get(label, ())",
        "return ()",
        ("an effect follows",),
    ),
    # Steps -----------------------------------------------------------------------------------------------------
    Bug(
        "an idle session keeps its message waiting",
        "actors/core/decisions/messages.py",
        "    draft.offer(NEW_MESSAGE)\n    return number",
        "    return number",
        ("Idle has nothing to answer",),
    ),
    Bug(
        "activity does not put idling off",
        "storage/snapshot.py",
        "return max(self.last_activity, self.since)",
        "return self.since",
        ("guard: is_quiet", "only what is quiet leaves memory"),
    ),
    Bug(
        "idling is dated when it was noticed",
        "actors/core/decisions/draft.py",
        "self.now, self.moment = now - timedelta(seconds=moment - due), due",
        "self.now, self.moment = now, due",
        ("idle from its own time on",),
    ),
    Bug(
        "a stop leaves the queue to itself while no turn runs",
        "actors/core/decisions/turn_ends.py",
        "        _end_early(draft, ENDS[ended.target], draft.waiting)\n",
        "        _end_early(draft, ENDS[ended.target], draft.waiting if draft.metadata.turn else ())\n",
        ("a stop leaves nothing to answer", "a turn ends with its own messages"),
    ),
    Bug(
        "what was said of a turn that is stopped is lost",
        "actors/core/decisions/turn_ends.py",
        "        _keep_text(draft, turn)\n",
        "        pass\n",
        ("what was said is kept",),
    ),
    Bug(
        "what was said of a turn that is stopped is owed",
        "actors/core/decisions/turn_ends.py",
        "            stop_reason=STOPPED,\n",
        "            stop_reason=STOPPED,\n            is_owed=is_owed(draft, answered[-1].address),\n",
        ("owed where it was said",),
    ),
    Bug(
        "the cancelling of a message that waits ends the turn that goes on",
        "storage/fold.py",
        "turn=None if record.turn else old.turn,",
        "turn=None,",
        ("stored as acknowledged", "the model is asked for what is open"),
    ),
    Bug(
        "what is cancelled while it waits is counted nowhere",
        "storage/fold.py",
        "tokens=old.tokens - record.tokens if is_refused else old.tokens + record.tokens",
        "tokens=old.tokens",
        ("stored as acknowledged",),
    ),
    Bug(
        "a stop does not end a compaction",
        "actors/core/decisions/turn_ends.py",
        "    stop_compaction(draft)\n",
        "",
        ("a stop leaves nothing to answer", "the model is asked for what is open"),
    ),
    Bug(
        "a compaction that was stopped begins again at once",
        "actors/core/decisions/draft.py",
        "return step.gauge.is_full(step.metadata) and step.metadata.kept_at < step.metadata.messages",
        "return step.gauge.is_full(step.metadata)",
        ("guard: compaction_is_due",),
    ),
    Bug(
        "what a clear found running goes on",
        "actors/core/decisions/messages.py",
        "    stop(draft, CLEAR)\n",
        "",
        ("the model sees the conversation", "a stop leaves nothing to answer"),
    ),
    Bug(
        "a reply is recorded twice",
        "actors/core/decisions/turn_ends.py",
        "        _reply(draft, turn.turn, turn.messages, reply, report.tokens)\n",
        "        _reply(draft, turn.turn, turn.messages, reply, report.tokens)\n" * 2,
        ("one reply for each message",),
    ),
    Bug(
        "an interrupted turn is left lying",
        "actors/core/live_session.py",
        "        look_after_turn(draft)\n",
        "",
        ("a request fits the window", "the model is asked for what is open"),
    ),
    Bug(
        "a turn of an earlier life is run again without saying so",
        "actors/core/decisions/turns.py",
        "attempt=turn.attempt + 1,",
        "attempt=turn.attempt,",
        ("a turn is begun again as it was",),
    ),
    Bug(
        "a turn takes the latest of the queue first",
        "actors/core/decisions/turns.py",
        "messages=tuple(message.number for message in taken),",
        "messages=tuple(message.number for message in reversed(taken)),",
        ("the queue is answered in order",),
    ),
    Bug(
        "messages of different addresses are answered together",
        "actors/core/decisions/turns.py",
        "lambda message: message.address == waiting[0].address",
        "lambda _: True",
        ("a turn answers one address",),
    ),
    Bug(
        "a reply goes nowhere",
        "actors/core/decisions/turn_ends.py",
        "            address=address,\n            usage=",
        "            address=None,\n            usage=",
        ("a reply goes where its message came from",),
    ),
    # The actor -------------------------------------------------------------------------------------------------
    Bug(
        "effects are run before the append",
        "actors/core/live_session.py",
        "            wants_files = await",
        "            self.metadata, self._context = draft.metadata, draft.open_context\n"
        "            for effect in draft.effects:\n"
        "                await _EFFECTS[effect](self)\n"
        "            wants_files = await",
        ("an effect follows its append",),
    ),
    Bug(
        "a turn is started before the append",
        "actors/core/live_session.py",
        "            wants_files = await",
        "            self.metadata, self._context = draft.metadata, draft.open_context\n"
        '            if draft.turn == "Running":\n'
        "                await self.ask_model()\n"
        "            while self._runtime.workers._following:\n"
        "                self._runtime.workers.submit(self._runtime.workers._following.pop())\n"
        "            wants_files = await",
        ("a turn is durable before it runs",),
    ),
    Bug(
        "what happens is published before it is durable",
        "actors/core/live_session.py",
        "            wants_files = await self._runtime.store",
        "            self._runtime.events.publish(self._key, draft.records)\n"
        "            wants_files = await self._runtime.store",
        ("published is durable",),
    ),
    Bug(
        "a message is acknowledged before it is durable",
        "actors/core/decisions/decider.py",
        "        return partial(self._receive, command, number, turn)",
        "        command.answer(Receipt(number, turn, draft.metadata, draft.open_context))\n"
        "        return partial(self._receive, command, number, turn)",
        ("acknowledged is durable",),
    ),
    Bug(
        "a summary that became durable is not looked at",
        "actors/core/live_session.py",
        "            if not draft.records or not is_compacting(draft.metadata):\n",
        "            if True:\n",
        ("the model is asked for what is open",),
    ),
    Bug(
        "a session that is not quiet for long leaves memory",
        "actors/core/deadlines.py",
        "return _rests_at(metadata, marks, config) <= moment",
        "return True",
        ("only what is quiet leaves memory",),
    ),
    Bug(
        "what comes in during a step is not looked at",
        "actors/core/actor.py",
        "        if self._mailbox or self._control:\n            self._runtime.workers.again(self._run)",
        "        if False:\n            self._runtime.workers.again(self._run)",
        ("every command is answered",),
    ),
    Bug(
        "effects are not derived again on revival",
        "actors/core/live_session.py",
        "effects = SESSION.after(self.metadata.label) if self.metadata else ()",
        "effects = ()",
        ("an effect follows",),
    ),
    Bug(
        "a new owner takes the old one's epoch",
        "actors/core/live_session.py",
        "snapshot.metadata.epoch + 1 if snapshot",
        "snapshot.metadata.epoch if snapshot",
        ("an owner has an epoch of its own",),
    ),
    Bug(
        "a message sent again is accepted again",
        "actors/core/decisions/decider.py",
        "number = self._message_ids.number_of(command.message_id, draft.open_context)",
        "number = None",
        ("accepted once",),
    ),
    Bug(
        "a message sent twice at once is accepted twice",
        "actors/core/decisions/decider.py",
        "            self._message_ids.add(command.message_id, number)\n",
        "",
        ("accepted once", "refused for a reason"),
    ),
    Bug(
        "a message sent again after a revival is accepted again",
        "actors/core/decisions/message_ids.py",
        "self._numbers = _numbers_in(context.context)",
        "self._numbers = {}",
        ("accepted once", "refused for a reason"),
    ),
    Bug(
        "a message sent again after a compaction is accepted again",
        "storage/open_context.py",
        "self._archived_ids = (*self._archived_ids, *reversed(latest))[-REMEMBERED_IDS:]",
        "self._archived_ids = tuple(self._archived_ids)[-REMEMBERED_IDS:]",
        ("accepted once",),
    ),
    Bug(
        "the queue takes one message too many",
        "actors/core/decisions/decider.py",
        "        waiting = len(draft.metadata.waiting) if draft.exists else 0\n        if waiting >=",
        "        waiting = len(draft.metadata.waiting) if draft.exists else 0\n        if waiting >",
        ("the queue is bounded",),
    ),
    Bug(
        "a message of any size is accepted",
        "actors/core/decisions/decider.py",
        "if command.tokens > gauge.largest_message:",
        "if command.tokens > gauge.window:",
        ("the size is bounded",),
    ),
    Bug(
        "the mailbox is emptied from behind",
        "actors/core/actor.py",
        "commands.append(self._mailbox.pop(0) if",
        "commands.append(self._mailbox.pop() if",
        ("accepted in order",),
    ),
    Bug(
        "a stop does not end the work",
        "machines/lifecycles/turn.py",
        'Binding("stop", effects=("cancel_task",))',
        'Binding("stop")',
        ("the model is asked for what is open",),
    ),
    Bug(
        "a task that is cancelled goes on",
        "actors/scheduling/slots.py",
        "            self._task.cancel()\n",
        "",
        ("the model is asked for what is open",),
    ),
    Bug(
        "a session without a message never leaves memory",
        "actors/core/deadlines.py",
        "if timer_in(metadata.state) is not None or not metadata.is_resting:",
        'if metadata.state != "Idle" or not metadata.is_resting:',
        ("what is quiet leaves memory",),
    ),
    Bug(
        "a timer is armed with the wall clock",
        "actors/core/live_session.py",
        "runtime.timers.arm(self._key, due)",
        "runtime.timers.arm(self._key, due + runtime.clock.now().timestamp())",
        ("a quiet session idles", "what is quiet leaves memory", "the model is asked for what is open"),
    ),
    Bug(
        "a timer is armed once and never again",
        "concurrency/timers.py",
        "                del self._armed[key]\n",
        "",
        ("what is quiet leaves memory", "a quiet session idles", "the model is asked for what is open"),
    ),
    Bug(
        "a timer is not waited for before another one ends",
        "concurrency/timers.py",
        "            self._earlier.set()\n",
        "            pass\n",
        ("a quiet session idles", "what is quiet leaves memory", "the model is asked for what is open"),
    ),
    Bug(
        "a timer fires only after its time",
        "concurrency/timers.py",
        "self._heap[0][0] > now",
        "self._heap[0][0] >= now",
        ("it comes to rest",),
    ),
    Bug(
        "what was left unanswered is not taken up after a restart",
        "actors/resume.py",
        "            await registry.resume(metadata.key)\n",
        "            pass\n",
        ("the model is asked for what is open",),
    ),
    Bug(
        "a worker that is free is not woken",
        "actors/scheduling/worker_pool.py",
        "            self._idle.pop().set()\n",
        "            self._idle.pop()\n",
        (
            "every command is answered",
            "the model is asked for what is open",
            "a supervisor ends",
            "what is quiet leaves memory",
        ),
    ),
    Bug(
        "whoever waits for a reply is not woken",
        "actors/core/turn_progress.py",
        "        self._reply = reply\n        self._end()\n",
        "        self._reply = reply\n",
        ("whoever asked hears",),
    ),
    Bug(
        "the first reply of a batch only is heard",
        "actors/core/pending_turns.py",
        "            turn.finish(reply)\n            self._forget(turn)\n",
        "            turn.finish(reply)\n            self._forget(turn)\n            break\n",
        ("whoever asked hears",),
    ),
    # Sent again, tried again --------------------------------------------------------------------------------------
    Bug(
        "another text is taken for what was sent before",
        "actors/sessions/duplicates.py",
        "if message.raw != sent.content:",
        "if False:",
        ("acknowledged as it was sent",),
    ),
    Bug(
        "another address is taken for that of what was sent before",
        "actors/sessions/duplicates.py",
        "if message.address != sent.address:",
        "if False:",
        ("acknowledged as it was sent",),
    ),
    Bug(
        "what the user sent is taken for what the agent said",
        "actors/sessions/duplicates.py",
        "if message.role != role:",
        "if False:",
        ("acknowledged as it was sent",),
    ),
    Bug(
        "what was sent before is refused where the queue is full",
        "actors/core/registry.py",
        " and not (message_id and actor.knows(message_id))",
        "",
        ("refused for a reason",),
    ),
    Bug(
        "what is tried again stands in the context twice",
        "storage/folding/moves.py",
        "return [each for each in messages if each.number not in numbers], waiting + again",
        "return messages, waiting + again",
        ("the model sees the conversation", "stored as acknowledged", "shown whole"),
    ),
    Bug(
        "what is tried again counts twice",
        "storage/fold.py",
        "tokens=old.tokens - record.tokens,\n",
        "tokens=old.tokens,\n",
        ("guard: compaction_is_due", "stored as acknowledged"),
    ),
    Bug(
        "what was tried again can be tried again",
        "storage/fold.py",
        "failed=tuple(each for each in old.failed if each.turn != record.turn),",
        "failed=old.failed,",
        ("shown as failed what failed", "stored as acknowledged", "what failed is tried again"),
    ),
    Bug(
        "what was summarised can be tried again",
        "storage/folding/compactions.py",
        "failed=without_failed(old.failed, record.failed),",
        "failed=old.failed,",
        ("shown as failed what failed", "stored as acknowledged", "what failed is tried again"),
    ),
    Bug(
        "a summary takes what it does not speak for",
        "actors/core/decisions/compactions.py",
        "tuple(takewhile(lambda message: message.number in spoken_for, messages))",
        "oldest",
        ("a summary speaks for what it replaces",),
    ),
    Bug(
        "a retry does not wake an idle session",
        "actors/core/decisions/turns.py",
        "            tokens=sum(each.tokens for each in messages),\n        )\n    )\n    draft.offer(NEW_MESSAGE)\n",
        "            tokens=sum(each.tokens for each in messages),\n        )\n    )\n",
        ("Idle has nothing to answer",),
    ),
    Bug(
        "a retry does not put idling off",
        "actors/core/deadlines.py",
        "Responded, Retried, Rewound,",
        "Responded, Rewound,",
        ("guard: is_quiet",),
    ),
    Bug(
        "a fault that passes is tried for ever",
        "actors/core/decisions/turn_facts.py",
        "turn.delays < config.retry_attempts and ",
        "",
        ("not tried for ever",),
    ),
    Bug(
        "a fault that passes is tried for as long as it takes",
        "actors/core/decisions/turn_facts.py",
        " and turn.delayed + seconds <= config.retry_for",
        "",
        ("not tried for ever",),
    ),
    Bug(
        "a fault that stays is tried again",
        "actors/core/decisions/turn_ends.py",
        "if isinstance(error, ModelError) and error.is_transient:",
        "if isinstance(error, ModelError):",
        ("put off for a fault that passes",),
    ),
    Bug(
        "a fault that passes ends the turn",
        "actors/core/decisions/turn_ends.py",
        "if isinstance(error, ModelError) and error.is_transient:",
        "if False:",
        ("a fault that passes is tried again",),
    ),
    Bug(
        "a provider that wants to be left alone is asked",
        "actors/core/decisions/turn_facts.py",
        "return max(seconds, asked)",
        "return seconds",
        ("put off for long enough",),
    ),
    Bug(
        "how often a turn was put off is forgotten",
        "storage/folding/turns.py",
        "        delays=before.delays,\n        delayed=before.delayed,\n",
        "",
        ("not tried for ever",),
    ),
    Bug(
        "a turn that was put off is forgotten over a restart",
        "actors/resume.py",
        "            await registry.resume(metadata.key)\n",
        "            if metadata.turn is None or metadata.turn.delay is None:\n"
        "                await registry.resume(metadata.key)\n",
        ("the model is asked for what is open",),
    ),
    Bug(
        "a turn that was put off begins at once after a restart",
        "actors/core/deadlines.py",
        "moment + _delay_left(metadata, at),",
        "moment,",
        ("not tried again before its time",),
    ),
    Bug(
        "a turn that was put off is not woken for",
        "actors/core/deadlines.py",
        "return marks.delayed_until if turn.delay else None",
        "return None",
        ("the model is asked for what is open",),
    ),
    # The outbox ------------------------------------------------------------------------------------------------
    Bug(
        "a reply is not owed",
        "actors/core/decisions/turn_ends.py",
        "            is_owed=is_owed(draft, address),\n",
        "",
        ("what the agent says is owed",),
    ),
    Bug(
        "every channel is owed to",
        "actors/core/decisions/ids.py",
        "return address is not None and address.channel in draft.channels",
        "return address is not None",
        ("owed where it was said",),
    ),
    Bug(
        "what was delivered is not noted",
        "actors/core/decisions/messages.py",
        "        draft.emit(Delivered(**draft.head(), number=number, failure=failure))\n",
        "        pass\n",
        ("done is durable",),
    ),
    Bug(
        "what was delivered is noted twice",
        "actors/core/decisions/messages.py",
        "    if any(number in numbers for numbers in draft.metadata.undelivered.values()):\n",
        "    if True:\n",
        ("delivered once",),
    ),
    Bug(
        "what was delivered is still owed",
        "storage/folding/debts.py",
        "tuple(n for n in numbers if n not in gone)",
        "numbers",
        ("not given again once delivered", "stored as acknowledged"),
    ),
    Bug(
        "the latest of what is owed is given first",
        "actors/outbox/deliveries.py",
        "in metadata.undelivered.get(channel, ()):",
        "in metadata.undelivered.get(channel, ())[::-1]:",
        ("what is owed is given in order",),
    ),
    Bug(
        "what is owed since before the reader came is not given",
        "actors/outbox/outbox.py",
        "                    queue.note(metadata.key)\n",
        "                    pass\n",
        ("what is owed is given",),
    ),
    Bug(
        "what follows a delivery is not given",
        "actors/outbox/delivery_queue.py",
        "            del self._attempts[key]\n            self._resume(key)\n",
        "            del self._attempts[key]\n",
        ("what is owed is given",),
    ),
    Bug(
        "what left the context is taken for lost",
        "actors/outbox/deliveries.py",
        "return next(iter(await self._registry.runtime.store.read(snapshot.metadata.key, number, number + 1)), None)",
        "return None",
        ("only what is done counts as delivered",),
    ),
    Bug(
        "a clear forgets what is owed",
        "storage/folding/compactions.py",
        "        last_activity=record.at,\n        tokens=0,\n",
        "        last_activity=record.at,\n        undelivered={},\n        tokens=0,\n",
        ("what is owed is given", "stored as acknowledged", "done is durable"),
    ),
    Bug(
        "a delivery has another id for each reader",
        "actors/outbox/deliveries.py",
        '        self.id: str = f"{_escaped(debt.key)}/',
        '        self.id: str = f"{id(self)}/',
        ("an id of its own, each time",),
    ),
    Bug(
        "all deliveries of a session have the same id",
        "actors/outbox/deliveries.py",
        ":%Y%m%dT%H%M%S.%fZ}/{debt.number}",
        ":%Y%m%dT%H%M%S.%fZ}",
        ("an id of its own, each time",),
    ),
    Bug(
        "done is said before it is durable",
        "actors/core/decisions/decider.py",
        "            deliver(draft, command.number, command.failure)\n",
        "            deliver(draft, command.number, command.failure)\n            command.answer(draft.metadata)\n",
        ("done is durable",),
    ),
    # The model's side ------------------------------------------------------------------------------------------
    Bug(
        "a compaction replaces the newest messages too",
        "llm/compaction.py",
        "replaced = context.messages[:older]",
        "replaced = context.messages",
        ("the newest messages stay",),
    ),
    Bug(
        "a compaction loses the newest messages",
        "storage/open_context.py",
        "self._replace(messages[count:], self._waiting)",
        "self._replace(messages[: len(messages) - count], self._waiting)",
        ("guard: has_older_messages", "stored as acknowledged", "the model sees the conversation"),
    ),
    Bug(
        "a compaction throws messages away",
        "storage/open_context.py",
        "        return self._remember(messages[:count])\n",
        "        return self._remember(messages[1:count])\n",
        ("nothing is lost",),
    ),
    Bug(
        "a compaction makes no room",
        "storage/folding/compactions.py",
        "tokens=old.tokens - record.freed - old.summary_tokens + record.tokens,",
        "tokens=old.tokens - old.summary_tokens + record.tokens,",
        ("guard: compaction_is_due", "stored as acknowledged"),
    ),
    Bug(
        "a compaction replaces the messages of the turn",
        "llm/gauge.py",
        "            begin = at\n    return begin",
        "            begin = at\n    return len(messages)",
        ("guard: has_older_messages",),
    ),
    Bug(
        "a turn takes more than its window holds",
        "llm/gauge.py",
        "        return max(1, len(metadata.waiting) - count)",
        "        return max(1, len(metadata.waiting))",
        ("a request fits the window",),
    ),
    Bug(
        "what waits behind a stopped turn leaves the context",
        "storage/folding/moves.py",
        "    return messages + given_up,",
        "    return messages,",
        (
            "nothing is lost",
            "a full window is compacted",
            "stored as acknowledged",
            "the model sees the conversation",
            "shown whole",
        ),
    ),
    Bug(
        "a clear keeps the summary",
        "storage/open_context.py",
        "        archived = self._archive(self._count)\n        self._summary = None\n",
        "        archived = self._archive(self._count)\n",
        ("the model sees the summary",),
    ),
    Bug(
        "the model is not shown what it is to answer last",
        "llm/context.py",
        "messages=as_request(_with_last(context.messages, answered, metadata.turn.turn if metadata.turn else 0)),",
        "messages=context.messages[::-1],",
        ("the model sees the conversation",),
    ),
    Bug(
        "a summary that hangs is waited for",
        "llm/compaction.py",
        "        with anyio.move_on_after(seconds) as scope:\n",
        "        with anyio.move_on_after(1e9) as scope:\n",
        ("a model that hangs is given up",),
    ),
    Bug(
        "a turn that hangs is waited for",
        "actors/core/models/model_calls.py",
        "self._deadline = scope.deadline = min(now + self._timeout, self._end)",
        "self._deadline = scope.deadline = math.inf",
        ("a model that hangs is given up",),
    ),
    Bug(
        "a summary is asked of a model though the process died of it again and again",
        "actors/core/models/summaries.py",
        "if resumed is not None and resumed.alone > runtime.config.max_crashes:",
        "if resumed is not None and resumed.alone > 10**9:",
        ("a summary that kills is made without the model",),
    ),
    Bug(
        "of the edges that are taken together only the first is remembered",
        "storage/memory_store.py",
        "        session.transitions += edges\n",
        "        session.transitions += edges[:1]\n",
        ("every edge is told",),
    ),
)
