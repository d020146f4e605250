# pyright: basic, reportMissingImports=false
"""LangGraph: `AsyncSqliteSaver.aput` of a checkpoint with the messages of a thread, as a graph does at each step."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from benchmarks.storage.contestants.closed_loop import TEXT, Append

__all__ = ["opened"]

_CONVERSATION: Final = 100  # messages; a checkpoint holds all of them, so an endless one would slow it without end


class _Thread:
    """The messages of a thread so far, and the checkpoint that holds them."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.conversations = 0
        self.begin()

    def begin(self) -> None:
        thread = f"user-{self.number}-{self.conversations}"
        self.config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
        self.messages: list[HumanMessage] = []
        self.conversations += 1

    async def put(self, saver: AsyncSqliteSaver) -> None:
        if len(self.messages) == _CONVERSATION:
            self.begin()
        self.messages.append(HumanMessage(TEXT, id=f"m-{len(self.messages)}"))
        version = len(self.messages)
        checkpoint = {
            **empty_checkpoint(),
            "channel_values": {"messages": self.messages},
            "channel_versions": {"messages": version},
        }
        metadata = {"source": "input", "step": version, "parents": {}}
        self.config = await saver.aput(self.config, checkpoint, metadata, {"messages": version})


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Append]:
    """Threads in one database, on one connection."""
    threads = [_Thread(number) for number in range(sessions)]
    async with AsyncSqliteSaver.from_conn_string(str(folder / "sessions.db")) as saver:

        async def append(session: int) -> None:
            await threads[session].put(saver)

        yield append
