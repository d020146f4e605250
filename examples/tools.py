"""An agent with two tools, one of which asks a person first; no key is needed.

    python examples/tools.py FOLDER

The offline model calls the tool that a message names. What it may not do alone waits for a word, for days if need be:
press Ctrl-C at the question, and it is asked again next time; or use `argent sessions approve`.
"""

import sys

import anyio
import anyio.to_thread

from argentos import Agent, Approval, ApprovalWanted, FileStore, OfflineModel, Supervisor, TextDelta, ToolContext, tool

BOOKED: dict[str, str] = {}  # by the id of the call, so that one that is run again books nothing twice


@tool
async def tides(harbour: str) -> str:
    """Tell when the tide is high at a harbour."""
    return f"high tide at {harbour}: 06:12 and 18:40"


@tool(needs_approval=True)
async def book(berth: str, context: ToolContext) -> str:
    """Book a berth."""
    return BOOKED.setdefault(context.call_id, f"{berth} is booked")


async def decide(supervisor: Supervisor, wanted: Approval) -> None:
    """Have the person at the terminal decide."""
    session, question = supervisor.session(wanted.session), f"May it run {wanted.name}({wanted.input})? [y/n] "
    if (await anyio.to_thread.run_sync(input, question, abandon_on_cancel=True)).startswith("y"):
        await session.approve(wanted.call_id)
    else:
        await session.deny(wanted.call_id, "the person said no")


async def main(folder: str) -> None:
    """Ask for both tools, unless a call still waits."""
    agent = Agent(OfflineModel(), system="You keep a harbour.", tools=[tides, book])
    async with Supervisor(FileStore(folder), agent) as supervisor:
        session = supervisor.session("maren")
        left = await supervisor.approvals()
        turns = [turn] if left and (turn := await session.current_turn()) else []
        for wanted in left:
            await decide(supervisor, wanted)
        for turn in turns or [await session.send("tides Husum"), await session.send("book berth 7")]:
            async for piece in turn:
                if isinstance(piece, ApprovalWanted):
                    await decide(supervisor, (await supervisor.approvals())[0])
                print(piece.text if isinstance(piece, TextDelta) else f"\n{piece}\n", end="", flush=True)


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("name a folder for its sessions: python examples/tools.py FOLDER")
    anyio.run(main, sys.argv[1])
