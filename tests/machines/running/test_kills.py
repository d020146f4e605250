"""A process that runs a machine is killed with -9, before, between and behind what it does; the next one goes on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = '''
import os, signal, sys
import anyio
from argentos.machines import Diagram, EffectCall, Machine, Runner
from argentos.storage import SnapshotFile

moment, backend = sys.argv[1:]

def reach(name):
    if name == moment:
        os.kill(os.getpid(), signal.SIGKILL)

class Killing(SnapshotFile):
    def save(self, snapshot, /):
        what = f"{snapshot.state}-{len(snapshot.pending)}"
        reach(f"before saving {what}")
        super().save(snapshot)
        reach(f"after saving {what}")

async def effect(call: EffectCall):
    reach(f"before {call.effect}")
    with open("done.txt", "a") as file:
        file.write(f"{call.effect} {call.id} {call.data}\\n")
    reach(f"after {call.effect}")

async def main():
    shop = Machine(Diagram.parse("""stateDiagram-v2
        [*] --> Open: place
        Open --> Paid: pay / book, mail
        Paid --> Sent: send / ship
    """))
    effects = dict.fromkeys(shop.effects, effect)
    async with Runner(shop, effects=effects, store=Killing("shop.json"), name="shop") as order:
        if order.state == "[*]":
            await order.send("place")
        if order.state == "Open":
            await order.send("pay", 30)
        await order.settle()
        await order.send("send")

anyio.run(main, backend=backend)
'''

MOMENTS = ["after saving Paid-2", "after mail"]


def run(folder: Path, moment: str, backend: str) -> int:
    command = [sys.executable, "-c", PROGRAM, moment, backend]
    return subprocess.run(command, cwd=folder, timeout=60, check=False).returncode  # noqa: S603 - the program above


@pytest.mark.parametrize("moment", MOMENTS)
def test_each_effect_is_run_at_least_once_in_order_and_with_its_id(tmp_path: Path, moment: str) -> None:
    assert run(tmp_path, moment, "asyncio") == -signal.SIGKILL
    assert run(tmp_path, "never", "trio") == 0
    lines = (tmp_path / "done.txt").read_text().splitlines()
    wanted = ["book shop/2/0 30", "mail shop/2/1 30", "ship shop/3/0 None"]
    assert list(dict.fromkeys(lines)) == wanted
    assert lines == sorted(lines, key=wanted.index)
    assert len(lines) == (4 if moment == "after mail" else 3)
    stored = json.loads((tmp_path / "shop.json").read_text())
    assert (stored["state"], stored["sequence"], stored["pending"]) == ("Sent", 3, [])
