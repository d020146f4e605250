"""The types of the fixtures of the command line, and what is said in the sessions that they make."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Argent: TypeAlias = Callable[..., tuple[int, str, str]]
Ask: TypeAlias = Callable[..., Any]
Fails: TypeAlias = Callable[..., tuple[int, str]]
Start: TypeAlias = Callable[..., subprocess.Popen[str]]
Record: TypeAlias = Callable[..., Path]

QUESTION = {"at": "2020-02-03T10:00:00Z", "text": "What is the number of the engine?"}
ANSWER = {"role": "assistant", "sender": "Argent", "at": "2020-02-03T10:01:00Z", "text": "One."}
