"""A process with a bug in it.

python -m tests.lifecycle.planter NUMBER SEED…    plants that one, and prints the check that fails for each seed
"""

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.lifecycle.planted import BUGS, ROOT, Bug


class _Loader(SourceFileLoader):
    """Loads one module with the bug."""

    def __init__(self, bug: Bug) -> None:
        module = bug.module.removesuffix(".py").replace("/", ".")
        super().__init__(f"argentos.{module}", str(ROOT / bug.module))
        self._bug = bug

    def get_code(self, fullname: str) -> CodeType | None:
        return compile(self._bug.planted(), self.get_filename(fullname), "exec")


class _Finder(MetaPathFinder):
    """Finds the module that the loader loads."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        loader = self._loader
        return spec_from_file_location(fullname, loader.path, loader=loader) if fullname == loader.name else None


def plant(bug: Bug) -> None:
    """Have the module loaded with the bug, from now on."""
    sys.meta_path.insert(0, _Finder(_Loader(bug)))


def main() -> None:
    number, *seeds = map(int, sys.argv[1:])
    for name in ("argentos", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what the bug does is told by the checks
    plant(BUGS[number])
    lives = importlib.import_module("tests.lifecycle.session_machine")  # now, and with it the module that has the bug
    checks = [lives.failed_check(seed) for seed in seeds]
    sys.stdout.write("\n".join(map(str, checks)) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads and tasks that the bug keeps going are not waited for


if __name__ == "__main__":
    main()
