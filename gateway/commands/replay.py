"""`argent replay`."""

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final

import anyio
import click
from msgspec import Struct, structs

from argentos.actors import Config, ManualClock, RecordAppended, SessionInfo, Supervisor
from argentos.errors import ConfigError
from argentos.gateway.output import counted, messages, print_json, printable
from argentos.gateway.parameters import DURATION
from argentos.gateway.printing.progress import progress
from argentos.gateway.replaying import Numbered, Replay, read_recording
from argentos.gateway.settings import Settings, command_options
from argentos.llm import ReplayModel
from argentos.storage import FileStore, Summarised, Transitioned, TurnEnded

__all__ = ["command"]

_ONE_YEAR: Final = 365 * 86400.0


class _Compaction(Struct, frozen=True, rename="camel"):
    session: str
    at: datetime
    messages: tuple[int, int]
    before: int
    after: int


class _Outcome(Struct, rename="camel"):
    """The outcome of this run; `sessions` tells their whole life, earlier runs included."""

    lines: int
    passed_over: int
    transitions: dict[str, int]
    turns: dict[str, int]
    compactions: list[_Compaction]
    sessions: list[SessionInfo]


def _check_speed(_: click.Context, __: click.Parameter, value: float) -> float:
    if math.isnan(value) or value < 0:
        raise click.BadParameter(f"{value} is not a factor; 1 is as recorded, 0 as fast as possible")
    return value


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--max-context-tokens", type=int, metavar="N", help="The context window.")
@click.option("--compaction-threshold", type=float, metavar="PART", help="The part of the window that counts as full.")
@click.option(
    "--idle-after",
    type=DURATION,
    metavar="DURATION",
    help="The time without activity until a session is idle: 90s, 30m, 2h.",
)
@click.option(
    "--speed",
    type=float,
    default=0.0,
    callback=_check_speed,
    metavar="FACTOR",
    help="1 is as recorded, 0 as fast as possible.",
)
@click.option("--trace", is_flag=True, help="Show the lifecycle as it happens.")
@command_options
@click.pass_obj
def command(
    settings: Settings,
    file: Path,
    *,
    max_context_tokens: int | None,
    compaction_threshold: float | None,
    idle_after: float | None,
    speed: float,
    trace: bool,
) -> None:
    """Replay a recorded conversation, as fast as possible.

    FILE has a JSON object on each line: session, role, sender, channel, at and text. An interrupted replay goes on
    where it stopped.
    """
    changes = {
        "max_context_tokens": max_context_tokens,
        "compaction_threshold": compaction_threshold,
        "idle_after": idle_after,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    # The model waits for the recording, so a real model's deadlines do not apply; and an old recording deletes nothing.
    usual = structs.replace(
        settings.config(), turn_timeout=_ONE_YEAR, turn_limit=_ONE_YEAR, retain_for=None, retain_bytes=None
    )
    config = _with_options(usual, given)
    outcome = anyio.run(_replay, settings, config, file, speed, trace)
    if settings.json:
        print_json(outcome)
    else:
        _print(outcome)


def _with_options(config: Config, given: dict[str, Any]) -> Config:
    try:
        return structs.replace(config, **given)
    except ConfigError as error:
        name, _, problem = str(error).partition(" ")
        raise ConfigError(f"--{name.replace('_', '-')} {problem}") from error


async def _replay(settings: Settings, config: Config, file: Path, speed: float, trace: bool) -> _Outcome:  # noqa: FBT001 - a flag of the command line
    lines = read_recording(file)
    first = next(lines, None)
    if first is None:
        return _Outcome(0, 0, {}, {}, [], [])
    clock = ManualClock(first.line.at.astimezone(UTC))
    model = ReplayModel(live=True)
    outcome = _Outcome(0, 0, {}, {}, [], [])
    store = FileStore(settings.state_dir)
    async with (
        Supervisor(store, model, config=config, agent=settings.agent, clock=clock, grace=0) as supervisor,
        supervisor.events() as events,
    ):
        observe = _observer(outcome, trace=trace)
        replay = Replay(supervisor, model, clock, events, idle_after=config.idle_after, observe=observe)
        with progress(settings, "Replaying", _size_of(file), hidden=trace) as bar:
            for numbered in chain([first], lines):
                await replay.live(numbered, speed=speed)
                outcome.lines += 1
                bar.reach(numbered.bytes_read, _place(numbered))
            await replay.finish()
        outcome.passed_over = replay.passed_over
        outcome.sessions = [await supervisor.session(each).info() for each in replay.sessions]
    return outcome


def _observer(outcome: _Outcome, *, trace: bool) -> Callable[[RecordAppended], None]:
    transitions: Counter[str] = Counter()
    turns: Counter[str] = Counter()

    def observe(event: RecordAppended) -> None:
        record = event.record
        if isinstance(record, Transitioned):
            transitions[f"{record.source} --> {record.target}: {record.label}"] += 1
            outcome.transitions = dict(transitions)
        elif isinstance(record, TurnEnded):
            turns[record.outcome] += 1
            outcome.turns = dict(turns)
        elif isinstance(record, Summarised):
            span = (record.first, record.last)
            outcome.compactions.append(_Compaction(event.session.id, record.at, span, record.before, record.after))
        if trace:
            _trace(event)

    return observe


def _trace(event: RecordAppended) -> None:
    record = event.record
    if isinstance(record, Transitioned):
        what = f"{record.source:>9} → {record.target:<9}  {record.label}"
    elif isinstance(record, Summarised):
        what = f"{'':>9}   {messages(record.first, record.last)} summarised: {record.before} → {record.after} tokens"
    elif isinstance(record, TurnEnded) and record.outcome != "replied":
        what = f"{'':>9}   a turn ended without a reply"
    else:
        return
    click.echo(f"{record.at:%Y-%m-%d %H:%M:%S}  {printable(event.session.id)}  {what}")


def _size_of(file: Path) -> int:
    return file.stat().st_size


def _place(numbered: Numbered) -> str:
    return f"{numbered.line.at:%Y-%m-%d %H:%M}  line {numbered.number}"


def _print(outcome: _Outcome) -> None:
    if outcome.passed_over:
        click.echo(f"{outcome.passed_over} of {outcome.lines} lines had been accepted by an earlier run.\n")
    for info in outcome.sessions:
        _print_session(info)
    if outcome.compactions:
        click.echo("\nCompactions of this run, tokens before → after:")
        for each in outcome.compactions:
            first, last = each.messages
            click.echo(
                f"  {each.at:%Y-%m-%d %H:%M}  {each.before:6} → {each.after:<6}  {messages(first, last)}"
                f" of {printable(each.session)} became a summary"
            )


def _print_session(info: SessionInfo) -> None:
    click.echo(
        f"Session {printable(info.id)}: {counted(info.messages, 'message')}, {counted(info.turns, 'turn')},"
        f" {counted(info.compactions, 'compaction')}."
        f" It is {info.state}, with {info.tokens} of {info.window} tokens ({info.percent:.0f}%)."
    )
    click.echo("Transitions:")
    for edge, taken in info.edges.items():
        click.echo(f"{taken.count:6}  {edge}")
