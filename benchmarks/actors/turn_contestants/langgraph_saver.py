# pyright: basic, reportMissingImports=false
"""LangGraph: `AsyncSqliteSaver`, whose checkpoints hold the messages of a thread, read once and put twice a turn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from benchmarks.actors.turn_contestants.conversation import ANSWER, QUESTION, Conversations, Turn

__all__ = ["opened"]


async def _put(saver: AsyncSqliteSaver, config: Any, messages: list[BaseMessage]) -> Any:
    version = len(messages)
    checkpoint = {
        **empty_checkpoint(),
        "channel_values": {"messages": messages},
        "channel_versions": {"messages": version},
    }
    metadata = {"source": "loop", "step": version, "parents": {}}
    return await saver.aput(config, checkpoint, metadata, {"messages": version})


@asynccontextmanager
async def opened(folder: Path, sessions: int) -> AsyncGenerator[Turn]:
    """Threads in one database, on one connection."""

    def begin(name: str) -> Any:
        return {"configurable": {"thread_id": name, "checkpoint_ns": ""}}

    async with AsyncSqliteSaver.from_conn_string(str(folder / "sessions.db")) as saver:
        conversations = [Conversations(begin, number) for number in range(sessions)]

        async def turn(session: int) -> None:
            thread = conversations[session].next()
            found = await saver.aget_tuple(thread)
            messages = [*found.checkpoint["channel_values"]["messages"]] if found else []
            messages.append(HumanMessage(QUESTION, id=f"m-{len(messages)}"))
            config = await _put(saver, found.config if found else thread, messages)
            messages.append(AIMessage(ANSWER, id=f"m-{len(messages)}"))
            await _put(saver, config, messages)

        yield turn
