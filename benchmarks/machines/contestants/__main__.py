"""One run: `python -m benchmarks.machines.contestants NAME (walked SECONDS | held SESSIONS)`, JSON out.

NAME is that of a module here and of the class in it, as `ours.Ours`.
"""

import sys
from importlib import import_module

import msgspec

from benchmarks.machines.contestants.contestant import Contestant, held, walked


def main(name: str, what: str, amount: str) -> None:
    """Run the contestant, and print what came of it."""
    module, _, kind = name.partition(".")
    contestant: Contestant = getattr(import_module(f"benchmarks.machines.contestants.{module}"), kind)()
    result = walked(contestant, float(amount)) if what == "walked" else held(contestant, int(amount))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
