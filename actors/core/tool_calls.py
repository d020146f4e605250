"""Calls of tools: run beside the session, bounded in time and size, whatever the tools do.

A tool is not ours, and runs where models do: see `argentos.actors.scheduling.bulkhead`. Whatever it raises, the model
sees as an error.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast

import anyio
from msgspec import to_builtins

from argentos.actors.core.reports import CallDone
from argentos.actors.core.runtime import Runtime
from argentos.actors.scheduling.slots import BackgroundTask
from argentos.concurrency.foreign_code import in_log, passes, sentence_of
from argentos.errors import ArgentError, CallbackError
from argentos.inputs import in_words
from argentos.llm.tools import Tool, ToolContext, ToolTraits, as_tool_result, entered, error_content
from argentos.storage import Content, Snapshot, ToolUse
from argentos.storage.folding.messages import latest_calls

__all__ = ["open_calls", "run_calls"]

_log: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 32  # calls of one response
_WINDOW_SHARE: Final = 0.25  # of the window, that all results of a response have together
_CHARACTERS_A_TOKEN: Final = 3
_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}


class _Result(NamedTuple):
    content: Content
    is_error: bool = False
    attachments: Mapping[str, bytes] = _NO_ATTACHMENTS
    error: str | None = None  # its kind, for telemetry

    @property
    def outcome(self) -> str:
        return "failed" if self.is_error else "done"


class _Called(NamedTuple):
    call: ToolUse
    tool: Tool
    traits: ToolTraits


def open_calls(snapshot: Snapshot) -> tuple[ToolUse, ...]:
    """The calls of the open turn that are ready to run, with their inputs."""
    turn = snapshot.metadata.turn
    ready = {each.id for each in turn.calls if each.state == "ready"} if turn else set[str]()
    return tuple(each for each in latest_calls(reversed(snapshot.context.messages)) if each.id in ready)


async def run_calls(
    runtime: Runtime,
    snapshot: Snapshot,
    task: BackgroundTask,
    report: Callable[[CallDone], None],
    begin: Callable[[str], Awaitable[bool]],
) -> None:
    """Run the calls of the open turn that are ready: all at once, but for those that must be alone.

    Args:
        runtime: has the tools, and their time.
        snapshot: of the session.
        task: which this is; where it is cancelled, there are no more reports.
        report: is told of each call as it ends.
        begin: notes durably that a call begins that must not be repeated; False where it is not to be run any more.
    """
    calls = open_calls(snapshot)
    run = _Run(runtime, snapshot, task, report, begin, count=len(calls))
    with task.scope:
        for group in _groups(runtime, calls):
            if len(group) == 1:
                await run.one(group[0])
                continue
            limiter = anyio.Semaphore(_AT_ONCE, fast_acquire=True)
            async with anyio.create_task_group() as tasks:
                for call in group:
                    await limiter.acquire()
                    tasks.start_soon(run.limited, call, limiter)


def _groups(runtime: Runtime, calls: Iterable[ToolUse]) -> list[list[ToolUse]]:
    """The calls in their order, those together that may run at once."""
    groups: list[list[ToolUse]] = [[]]
    for call in calls:
        found = runtime.tools.get(call.name)
        if found is not None and found[1].alone:
            groups += [[call], []]
        else:
            groups[-1].append(call)
    return [group for group in groups if group]


class _Run:
    """The calls of one response that are run."""

    def __init__(
        self,
        runtime: Runtime,
        snapshot: Snapshot,
        task: BackgroundTask,
        report: Callable[[CallDone], None],
        begin: Callable[[str], Awaitable[bool]],
        *,
        count: int,
    ) -> None:
        self._runtime = runtime
        self._snapshot = snapshot
        self._task = task
        self._report = report
        self._begin = begin
        self._left = count
        room = int(runtime.gauge.window * _WINDOW_SHARE * _CHARACTERS_A_TOKEN / max(1, count))
        self._limit = min(runtime.config.result_limit, room)

    async def limited(self, call: ToolUse, limiter: anyio.Semaphore) -> None:
        """Run a call for which the limiter was acquired, and report its result."""
        try:
            await self.one(call)
        finally:
            limiter.release()

    async def one(self, call: ToolUse) -> None:
        """Run a call, and report its result."""
        result = await self._result_of(call)
        if result is not None and not isinstance(result.content, str):
            result = await self._detached(call, result)
        tokens = 0 if result is None else await self._tokens(result)
        self._left -= 1
        self._report(
            CallDone(
                self._runtime.clock.now(),
                tag=self._task.tag,
                call_id=call.id,
                content=None if result is None else result.content,
                is_error=result is not None and result.is_error,
                tokens=tokens,
                is_last=self._left == 0,
                attachments=_NO_ATTACHMENTS if result is None else result.attachments,
            )
        )

    async def _detached(self, call: ToolUse, result: _Result) -> _Result:
        """The result, with the bytes in it beside it."""
        attachments, key = self._runtime.attachments, self._snapshot.metadata.key
        try:
            content, found = await attachments.detached(key, result.content, f"the result of {call.name!a}")
        except ArgentError as error:
            return _Result(f"failed: its result cannot be kept: {error}", is_error=True)
        return result._replace(content=content, attachments=found)

    async def _tokens(self, result: _Result) -> int:
        try:
            return await self._runtime.count.content(result.content)
        except CallbackError as error:  # that of the user's counter costs no result
            _log.error("session %s: a result is not counted: %s", self._snapshot.metadata.key, error)
            return self._limit // _CHARACTERS_A_TOKEN

    async def _result_of(self, call: ToolUse) -> _Result | None:
        """The result of a call; None where it is not waited for any more."""
        found = self._runtime.tools.get(call.name)
        if found is None:  # any more
            return _Result(f"not run: there is no tool {call.name!a}", is_error=True)
        called = _Called(call, *found)
        if not called.traits.repeatable and not await self._begin(call.id):
            return None
        seconds = called.traits.timeout or self._runtime.config.call_timeout
        key = self._snapshot.metadata.key
        with self._runtime.telemetry.calling(key, called.traits.name, call.id) as working:
            with anyio.move_on_after(seconds):
                result = await self._run(called)
                working.outcome, working.error = result.outcome, result.error
                return result
            working.outcome, working.error = "timed out", "timeout"
        doubt = "" if called.traits.repeatable else "; it is not known whether it was done"
        return _Result(f"cancelled: the call took longer than {seconds:g} s{doubt}", is_error=True)

    async def _run(self, called: _Called) -> _Result:
        key = self._snapshot.metadata.key
        name, context = f"tool {called.traits.name} of session {key}", self._context(called)
        try:
            result = await self._runtime.bulkhead.run(partial(_call, called, context), name, scope=context.scope)
        except ArgentError as error:  # the tool cancelled the task that it ran in
            said = "cancelled: the tool ended the call by itself" if context.scope.cancel_called else f"failed: {error}"
            return _Result(said, is_error=True, error="cancelled")
        return _cut(result, self._limit)

    def _context(self, called: _Called) -> ToolContext:
        metadata, context = self._snapshot
        answered = metadata.turn.messages[-1] if metadata.turn else 0
        message_id = next((each.id for each in reversed(context.messages) if each.number == answered), "")
        about = {"session": str(metadata.key), "call": called.call.id}
        return ToolContext(
            session=metadata.session,
            agent=metadata.agent,
            message_id=message_id,
            call_id=called.call.id,
            scope=anyio.CancelScope(),
            log=logging.LoggerAdapter(logging.getLogger(f"argentos.tools.{called.traits.name}"), about),
        )


async def _call(called: _Called, context: ToolContext) -> _Result:
    name = called.traits.name
    try:
        with entered(context):
            given: Any = called.tool.call(to_builtins(called.call.input))  # which it may change
            if not isinstance(given, Awaitable):
                return _Result(
                    f"failed: the tool gave {in_words(given)} at once; make its `call` async",
                    is_error=True,
                    error="TypeError",
                )
            return _Result(as_tool_result(await cast("Awaitable[object]", given), name))
    except BaseException as error:
        if passes(error):
            raise
        _log.info("tool %s raised %s", name, in_log(error))
        content = error_content(error, name)
        return _Result(_said(error) if content is None else content, is_error=True, error=type(error).__qualname__)


def _said(error: BaseException) -> str:
    """An error for the model."""
    if isinstance(error, ArgentError):
        return f"failed: {sentence_of(error)}"
    sentence = sentence_of(error)
    return f"failed: {type(error).__name__}: {sentence}" if sentence else f"failed: {type(error).__name__}"


def _cut(result: _Result, limit: int) -> _Result:
    """A result of at most so many characters of text; where some are missing it says so."""
    content = result.content
    if isinstance(content, str):
        return result if len(content) <= limit else result._replace(content=_shortened(content, limit))
    left, kept = limit, list(content)
    for at, block in enumerate(content):
        text = block.get("text")
        if isinstance(text, str):
            if len(text) > left:
                kept[at] = {**block, "text": _shortened(text, max(0, left))}
            left -= len(text)
    return result._replace(content=tuple(kept))


def _shortened(text: str, limit: int) -> str:
    return f"{text[:limit]}\n[cut: the first {limit} of {len(text)} characters]"
