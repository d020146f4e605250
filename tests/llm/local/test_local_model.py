"""A model on this machine, of real weights: `make servers` runs it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from argentos import (
    Agent,
    Config,
    FileStore,
    LocalModel,
    MemoryStore,
    ModelRefusedError,
    NoReplyError,
    Supervisor,
    TextDelta,
    ToolAnswer,
    ToolCall,
    tool,
)
from argentos.actors import Transcript, TranscriptMessage

PATIENCE: Final = 240  # seconds
pytestmark = [pytest.mark.anyio, pytest.mark.server, pytest.mark.timeout(PATIENCE)]

ENDLESS: Final[dict[str, Any]] = {"ignore_eos": True, "stop_sequences": []}
EXACT: Final[dict[str, Any]] = {"temperature": 0}
LOGBOOK: Final = "The boat left Bergen at dawn with four men and a dog, and the sea was calm until noon. "


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """One event loop for most, for the weights take long; what counts and what stops run on both."""
    return str(request.param)


both_backends: Final = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


@pytest.fixture(scope="session", autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The file is put together once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache / "argentos" / "gemma-3-270m-q4_k_m.gguf"
    (cache / "argentos" / "gemma-3-270m-q4_k_m.gguf").unlink(missing_ok=True)


def children() -> list[int]:
    """The processes that run a model for this one."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(entry.joinpath("stat").read_text().rsplit(") ", 1)[1].split()[1])
            if parent == os.getpid() and b"serve.py" in entry.joinpath("cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_it_streams_a_reply_in_pieces_and_reports_what_it_used() -> None:
    async with Supervisor(MemoryStore(), LocalModel(window=2048, max_tokens=24, extra_body=EXACT)) as supervisor:
        turn = await supervisor.session("maren").send("What is the capital of France?")
        pieces = [piece.text async for piece in turn if isinstance(piece, TextDelta)]
        reply = await turn.reply()
        assert len(pieces) > 2
        assert "".join(pieces) == reply.text != ""
        assert "User:" not in reply.text
        info = await supervisor.session("maren").info()
        assert (info.window, info.tokens > 10) == (2048, True)
    assert children() == []


TEMPLATE: Final = """
{%- for tool in tools or [] %}
{{- 'Tool: ' + tool | tojson + '\n\n' }}
{%- endfor %}
{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- 'Assistant:' }}
{%- if message.content %}{{- ' ' + message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
{{- '\n<tool_call>\n{"name": "' + call.name + '", "arguments": ' }}
{{- call.arguments | tojson }}{{- '}\n</tool_call>' }}
{%- endfor %}
{{- '\n\n' }}
{%- else %}
{{- {'tool': 'Result', 'user': 'User'}.get(message.role, 'System') + ': ' + message.content + '\n\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- 'Assistant:' }}{%- endif %}"""
"""A chat as a transcript, with a place for tools."""


@tool
async def weather(city: str) -> str:
    """Tell the weather in a city."""
    return {"Bergen": "rain"}.get(city, "sun")


async def test_it_calls_tools_and_answers_with_their_results_by_a_template_with_a_place_for_them() -> None:
    body = {**EXACT, "stop_sequences": ["\n\n", "\nUser:", "\nResult:"]}
    model = LocalModel(window=2048, max_tokens=64, extra_body=body, template=TEMPLATE)
    examples: list[TranscriptMessage] = []
    for city, said in (("Oslo", "sun"), ("Paris", "rain"), ("London", "sun")):
        call = {"type": "tool_use", "id": city, "name": "weather", "input": {"city": city}}
        result = {"type": "tool_result", "tool_use_id": city, "content": said}
        examples += [
            TranscriptMessage(role="user", text=f"What is the weather in {city}?"),
            TranscriptMessage(role="assistant", text="", content=(call,)),
            TranscriptMessage(role="user", text="", content=(result,)),
            TranscriptMessage(role="assistant", text=f"In {city} there is {said}."),
        ]
    async with Supervisor(MemoryStore(), Agent(model, tools=[weather])) as supervisor:
        session = supervisor.session("maren")
        await session.adopt(Transcript(session="maren", messages=tuple(examples)))
        turn = await session.send("What is the weather in Bergen?")
        pieces = [piece async for piece in turn]
        assert [(each.name, each.input) for each in pieces if isinstance(each, ToolCall)] == [
            ("weather", {"city": "Bergen"})
        ]
        assert [each.content for each in pieces if isinstance(each, ToolAnswer)] == ["rain"]
        assert "rain" in (await turn.reply()).text


async def test_a_reply_that_is_cut_off_is_marked() -> None:
    async with Supervisor(MemoryStore(), LocalModel(window=2048, max_tokens=4, extra_body=ENDLESS)) as supervisor:
        assert (await supervisor.session("maren").ask("Tell me of boats.")).stop_reason == "max_tokens"


async def test_it_counts_as_it_will_report() -> None:
    model = LocalModel(window=2048, max_tokens=2, extra_body=EXACT)
    async with Supervisor(MemoryStore(), model) as supervisor:
        session = supervisor.session("maren")
        await session.append(LOGBOOK * 10)
        await session.ask(LOGBOOK * 20)
        history = await session.history()
        local = sum(each.tokens for each in history)
        info = await session.info()
        assert abs(info.tokens - local) < 0.03 * local
    assert model.count_tokens("") == 0
    assert model.count_tokens("漢字") > 0
    await model.aclose()


@both_backends
async def test_a_turn_that_is_stopped_frees_the_model_for_the_next() -> None:
    model = LocalModel(window=8192, max_tokens=8000, extra_body=ENDLESS)
    async with Supervisor(MemoryStore(), model) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Tell me of boats.")
        async for piece in turn:
            if isinstance(piece, TextDelta) and piece.text.strip():
                break
        await session.stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        other = await supervisor.session("jan").send("Hi")
        with anyio.fail_after(60):
            async for piece in other:
                if isinstance(piece, TextDelta) and piece.text.strip():
                    break
        await other.cancel()


async def test_two_sessions_are_answered_at_once() -> None:
    model = LocalModel(window=2048, max_tokens=400, slots=2, extra_body=ENDLESS)
    async with Supervisor(MemoryStore(), model) as supervisor:
        turns = [await supervisor.session(name).send("Tell me of boats.") for name in ("maren", "jan")]
        begun = [anyio.Event(), anyio.Event()]

        async def watch(at: int) -> None:
            async for piece in turns[at]:
                if isinstance(piece, TextDelta) and piece.text.strip():
                    begun[at].set()
                    await begun[1 - at].wait()  # the other one speaks, too, before this one has ended
                    return

        async with anyio.create_task_group() as group:
            for at in range(2):
                group.start_soon(watch, at)
        for turn in turns:
            await turn.cancel()


async def test_a_full_window_is_compacted_and_the_conversation_goes_on() -> None:
    model = LocalModel(window=1000, max_tokens=24, extra_body=EXACT)
    async with Supervisor(MemoryStore(), model, config=Config(keep_recent_tokens=200)) as supervisor:
        session = supervisor.session("maren")
        for _ in range(5):
            await session.append(LOGBOOK * 8)
        assert (await session.ask("And then?")).text.strip()
        await session.compact()
        info = await session.info()
        assert info.compactions >= 1
        assert info.tokens < 1000
        assert (await session.ask("And now?")).text.strip()


async def test_a_model_whose_process_was_killed_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    model = LocalModel(window=2048, max_tokens=8, extra_body=EXACT)
    async with Supervisor(MemoryStore(), model) as supervisor:
        session = supervisor.session("maren")
        assert (await session.ask("Hi")).text
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        assert (await session.ask("Still there?")).text
        assert child not in children()
    assert names_in(tmp_path) == []


async def test_a_conversation_goes_on_after_a_restart(tmp_path: Path) -> None:
    for said in ("Hi", "Still there?"):
        model = LocalModel(window=2048, max_tokens=8, extra_body=EXACT)
        async with Supervisor(FileStore(tmp_path / "state"), model) as supervisor:
            assert (await supervisor.session("maren").ask(said)).text
            assert model.name == "gemma-3-270m-q4_k_m"
    async with Supervisor(FileStore(tmp_path / "state"), LocalModel(window=2048)) as supervisor:
        assert len(await supervisor.session("maren").history()) == 4


async def test_the_event_loop_is_not_held_while_the_model_is_opened() -> None:
    model = LocalModel(window=2048)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await model.load()
        group.cancel_scope.cancel()
    await model.aclose()
    assert longest < 0.5  # to open it takes seconds; the rest is left for a machine that does much else


def test_the_process_of_the_model_ends_with_one_that_is_killed() -> None:
    program = (
        "import anyio, os, signal\n"
        "from argentos import LocalModel\n"
        "model = LocalModel(window=2048)\n"
        "anyio.run(model.load)\n"
        "print(model._server._process.pid, model._server.socket, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    child, socket = ended.stdout.split()
    assert ended.returncode == -signal.SIGKILL
    stat = Path(f"/proc/{child}/stat")
    until = time.monotonic() + 30
    while stat.exists() and ") Z" not in stat.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(socket).parent.exists()


async def test_weights_that_cannot_be_run_are_an_error_that_says_why(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(b"GGUF" + b"\x03\x00\x00\x00" + bytes(200))
    async with Supervisor(MemoryStore(), LocalModel(path)) as supervisor:
        with pytest.raises(ModelRefusedError, match=r"odd\.gguf cannot be run: .*unknown model architecture"):
            await supervisor.session("maren").ask("Hi")


def test_the_command_line_talks_with_no_key_and_no_network(tmp_path: Path) -> None:
    hidden = {"ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"}
    ended = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "argentos", "--state-dir", str(tmp_path / "s"), "chat", "--model", "local", "--json"],
        input="My name is Ann.\n/info\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={name: value for name, value in os.environ.items() if name not in hidden},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    reply, info = map(json.loads, ended.stdout.splitlines())
    assert reply["role"] == "assistant"
    assert reply["text"]
    assert info["window"] == 32_768
