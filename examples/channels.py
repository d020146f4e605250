"""One person on Telegram and on Discord, another beside her, and a gateway: without an account anywhere.

    $ make demo-channels

Both platforms are servers on this machine, against which the gateway's real client libraries run. Ada writes to the
bot on each, is let in and linked; Ben is let in and stays by himself. What each sees stands in the terminal and, live,
in the dashboard, for as long as the demo is not ended.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import anyio

from argentos.gateway.channels.local.discord.server import LocalDiscord
from argentos.gateway.channels.local.telegram.server import LocalTelegram

TOKEN: Final = "42:this-is-of-a-bot-that-nobody-has-1234567"  # noqa: S105 - of the Telegram below
ADA, BEN = 4471, 5120  # their numbers on Telegram
PATIENCE: Final = 30.0  # seconds for an answer
ARGENT: Final = Path(sys.executable).with_name("argent")
TOOLS: Final = Path(__file__).with_name("tools.py")


class Platforms:
    """Both platforms, with our bot and Ada on each, and Ben on one."""

    def __init__(self, telegram: LocalTelegram, discord: LocalDiscord) -> None:
        self.telegram = telegram
        self.discord = discord
        self.bot = telegram.world.new_bot(TOKEN, "harbour_bot")
        self.discord_bot, self.discord_token = discord.add_bot("harbour")
        self.ada = discord.add_person("ada")
        self.direct = discord.state.direct_channel(self.discord_bot.id, self.ada.id)

    def on_telegram(self, user: int) -> list[str]:
        """The texts that the bot has written to somebody."""
        return [each.text for each in self.telegram.chat(user).shown]

    def on_discord(self) -> list[str]:
        """The texts that the bot has written to Ada there."""
        messages = self.discord.state.messages(self.direct)
        return [each.content for each in messages if each.author.id == self.discord_bot.id]

    async def telegram_says(self, user: int, name: str, text: str) -> str:
        """Somebody writes on Telegram; gives the answer."""

        async def write() -> None:
            self.telegram.write(self.bot, user, text, name=name)

        return await answered(f"{name}, on Telegram", text, write, lambda: self.on_telegram(user))

    async def discord_says(self, text: str) -> str:
        """Ada writes on Discord; gives the answer."""

        async def write() -> None:
            await self.discord.write(self.ada, self.direct, text)

        return await answered("Ada, on Discord", text, write, self.on_discord)


async def answered(
    who: str, text: str, write: Callable[[], Awaitable[None]], shown: Callable[[], Sequence[str]]
) -> str:
    """Write, wait for the answer at the same place, and print both."""
    before = len(shown())
    await write()
    with anyio.fail_after(PATIENCE):
        while len(shown()) == before:  # noqa: ASYNC110 - what a platform shows has no event
            await anyio.sleep(0.05)
    answer = shown()[before]
    print(f"  {who}: {text}\n      {answer}")
    return answer


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n\033[1m{text}\033[0m")


async def argent(state: Path, *words: str) -> None:
    """Run a command as the owner does, and print what it prints."""
    print(f"  $ argent {' '.join(words)}")
    done = await anyio.run_process([ARGENT, *words, "--state-dir", state], check=False, stderr=subprocess.STDOUT)
    print("".join(f"      {line}\n" for line in done.stdout.decode().splitlines()), end="")


async def let_in(state: Path, answer: str) -> None:
    """Approve the one whose code this answer has."""
    for code in re.findall(r"I will answer: (\w{8})", answer):
        await argent(state, "pairing", "approve", code)


def settings(platforms: Platforms) -> Mapping[str, object]:
    """The `argent.json` of a gateway that is connected to both."""
    return {
        "agents": {"main": {"model": "offline", "tools": [f"{TOOLS}:tides"]}},
        "channels": {
            "telegram": {"tokenEnv": "DEMO_TELEGRAM", "api": platforms.telegram.url},
            "discord": {"tokenEnv": "DEMO_DISCORD", "api": platforms.discord.url},
        },
    }


@asynccontextmanager
async def gateway(state: Path, platforms: Platforms) -> AsyncGenerator[str]:
    """A gateway beside this program; gives the link that signs a browser in."""
    (state / "argent.json").write_text(json.dumps(settings(platforms), indent=2), encoding="utf-8")
    tokens = {"DEMO_TELEGRAM": TOKEN, "DEMO_DISCORD": platforms.discord_token}
    command = [ARGENT, "gateway", "--port", os.environ.get("PORT", "0"), "--json", "--state-dir", state]
    with (state.parent / "gateway.log").open("wb") as log:
        process = await anyio.open_process(command, env={**os.environ, **tokens}, stderr=log)
    try:
        with anyio.fail_after(PATIENCE):
            announced = await process.stdout.receive() if process.stdout else b""
            while not platforms.discord.gateway.identified:  # noqa: ASYNC110 - a message before that reaches nobody
                await anyio.sleep(0.05)
        yield json.loads(announced)["link"]
    finally:
        with anyio.CancelScope(shield=True):
            process.terminate()
            await process.aclose()


async def play(state: Path, platforms: Platforms) -> None:
    """All that happens."""
    say("Ada writes to the bot, on both platforms. It does not know her, and gives her a code on each:")
    codes = [await platforms.telegram_says(ADA, "Ada", "Hello!"), await platforms.discord_says("Hello!")]
    say("She shows them to the owner, who lets her in, and links the two: one person, one session.")
    for code in codes:
        await let_in(state, code)
    senders = (f"telegram:{ADA}", f"discord:{platforms.ada.id}")
    await argent(state, "pairing", "link", *senders, "--session", "user-ada")
    say("Ben is somebody else: let in, and linked with nobody.")
    await let_in(state, await platforms.telegram_says(BEN, "Ben", "Hello!"))
    await platforms.telegram_says(BEN, "Ben", "I am Ben.")
    say("Ada writes in both places in the same instant. Each message is answered where it was written:")
    async with anyio.create_task_group() as group:
        group.start_soon(platforms.telegram_says, ADA, "Ada", "tides Husum")
        group.start_soon(platforms.discord_says, "And from the desk?")
    say("It is one conversation, and Ben's is another:")
    await argent(state, "sessions", "history", "user-ada")
    await argent(state, "sessions", "history", f"telegram:{BEN}")
    await argent(state, "pairing", "list")
    await argent(state, "channels", "status")


async def main() -> None:
    """Play it, and stay for whoever looks at the dashboard."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        state = folder / "state"
        state.mkdir(mode=0o700)
        telegram = await stack.enter_async_context(LocalTelegram())
        discord = await stack.enter_async_context(LocalDiscord().serving())
        platforms = Platforms(telegram, discord)
        link = await stack.enter_async_context(gateway(state, platforms))
        say(f"A gateway, connected to a Telegram and a Discord on this machine. Its dashboard: {link}")
        await play(state, platforms)
        if sys.stdin.isatty():
            say("All of it is in the dashboard, under `g p` and `g c`. Ctrl-C ends the demo. Another link:")
            await argent(state, "gateway", "link")
            await anyio.sleep_forever()


if __name__ == "__main__":
    try:
        anyio.run(main)
    except KeyboardInterrupt:
        print()
