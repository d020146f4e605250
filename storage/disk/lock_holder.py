"""The process that holds a lock, found for the sentence that refuses another."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["describe_holder", "trouble_with_owner"]

_PROCESSES: Final = Path("/proc")
_LONGEST: Final = 200  # bytes of what a lock says
_NAMED: Final = re.compile(r"process (\d+)\b")
_ANOTHER: Final = "another process"


def describe_holder(lock: Path, but: int | None = None) -> str:
    """Name the process that holds the lock; what it says is believed only where that process is alive.

    Args:
        lock: the file; the process that had it last is named in it.
        but: a descriptor of this process that does not hold it.
    """
    said = _read(lock)
    named = _NAMED.match(said)
    process = int(named[1]) if named else 0
    holders = sorted(set(_holders(lock, but)))
    if process in holders or (not holders and named and _is_alive(process)):
        return said
    others = " and ".join(f"process {each} ({_name(each)})" for each in holders) or _ANOTHER
    ended = named and not _is_alive(process)
    return f"{others}, which has the lock of {said} that has ended" if ended else others


def trouble_with_owner(lock: Path) -> str:
    """The trouble of the process that owns a state directory, as far as the system shows it; empty if there is none.

    Args:
        lock: of the state directory.
    """
    holders = sorted(set(_holders(lock, None)) - {os.getpid()})
    for process in filter(_is_stopped, holders):
        return (
            f"process {process} ({_name(process)}) owns the state directory and is stopped, so that nothing is"
            f" answered: let it go on (kill -CONT {process}), or end it"
        )
    named = _NAMED.match(_read(lock))
    process = int(named[1]) if named and not holders else 0
    elsewhere = _other_lock(process, lock) if process not in {0, os.getpid()} else None
    if elsewhere is None:
        return ""
    return (
        f"process {process} ({_name(process)}) opened a state directory of this name, and has not ended: it owns"
        f" {elsewhere.parent} now, so one of the two was moved or copied under it; end it, and put back the right one"
    )


def _is_stopped(process: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return (_PROCESSES / str(process) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] in "Tt"
    return False


def _other_lock(process: int, lock: Path) -> Path | None:
    """Another file of the lock's name that the process has open."""
    with contextlib.suppress(OSError):
        for descriptor in (_PROCESSES / str(process) / "fd").iterdir():
            with contextlib.suppress(OSError):
                path = Path(os.readlink(descriptor).removesuffix(" (deleted)"))  # noqa: PTH115 - no path, but a text
                if path.name == lock.name and not os.path.samestat(descriptor.stat(), lock.lstat()):
                    return path
    return None


def _read(lock: Path) -> str:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return _ANOTHER
    try:
        return os.read(descriptor, _LONGEST).decode("utf-8", "replace").strip() or _ANOTHER
    except OSError:
        return _ANOTHER
    finally:
        os.close(descriptor)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _holders(lock: Path, but: int | None) -> Iterator[int]:
    """The processes that have the file open, as far as the system lets this one see."""
    with contextlib.suppress(OSError):
        wanted = os.lstat(lock)
        for process in _PROCESSES.iterdir():
            if process.name.isdecimal():
                yield from (int(process.name) for _ in _open_on(process, wanted, but))


def _open_on(process: Path, wanted: os.stat_result, but: int | None) -> Iterator[Path]:
    is_own = int(process.name) == os.getpid()
    with contextlib.suppress(OSError):  # it has ended, or is another user's
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                is_it = os.path.samestat(descriptor.stat(), wanted)
                if is_it and not (is_own and descriptor.name == str(but)):
                    yield descriptor


def _name(process: int) -> str:
    with contextlib.suppress(OSError):
        return (_PROCESSES / str(process) / "comm").read_text("utf-8", "replace").strip()
    return "unknown"
