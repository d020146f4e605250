"""The process that runs a model: started, asked over its socket, ended."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from argentos.errors import MissingExtraError, ModelError, ModelRefusedError, ModelUnavailableError
from argentos.llm.local.weights import Weights

__all__ = ["LlamaServer", "check_library"]

_PROGRAM: Final = Path(__file__).with_name("serve.py")
_LOADING: Final = 600.0  # seconds
_ENDING: Final = 5.0  # seconds
_ASKING: Final = 30.0  # seconds
_WORST: Final = 300  # characters of what is said of an error
_ERROR: Final = re.compile(r"^\S+ E [^:\n]*: (.*)$", re.MULTILINE)
_PLAIN: Final = (
    "{%- for message in messages -%}"
    "{{ {'user': 'User', 'assistant': 'Assistant', 'tool': 'Tool'}.get(message.role, 'System') }}: "
    "{{ message.content }}\n\n{% endfor -%}{%- if add_generation_prompt -%}Assistant:{% endif -%}"
)
"""A chat as a transcript, for weights that have no template of their own."""


def check_library() -> None:
    """Refuse to go on without the library.

    Raises:
        MissingExtraError: it is not installed.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtraError("the local model needs the package xllamacpp: run `pip install 'argentos[local]'`")


class LlamaServer:
    """The process of a model. Its methods block; threads may call them at the same time.

    Args:
        weights: of the model.
        window: tokens of a request with its reply.
        slots: replies that it makes at a time.
        threads: that compute.
        template: by which a chat is written, in the place of that of the weights; empty for that.

    Attributes:
        socket: where it listens; None before it has been started.
        sees: it takes pictures.
        takes_tools: its template has a place for them.
        has_failed: it could not be started the last time.
    """

    def __init__(self, weights: Weights, window: int, slots: int, threads: int, template: str = "") -> None:
        self.socket: str | None = None
        self.sees: bool = False
        self.takes_tools: bool = False
        self.has_failed: bool = False
        self._weights = weights
        self._options: dict[str, Any] = {
            "path": str(weights.path),
            "window": window,
            "slots": slots,
            "threads": threads,
            "template": template or ("" if weights.has_template else _PLAIN),
        }
        self._starting = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._folder: str | None = None
        self._client: Any = None
        self._frame = 0

    def start(self) -> str:
        """Start the process, unless it runs; gives the path of its socket.

        Raises:
            ModelRefusedError: the model cannot be run.
            ModelUnavailableError: it cannot at the moment.
        """
        with self._starting:
            if (socket := self.ready_at) is None:
                self._end()
                self.has_failed = True
                socket = self._start()
                self.has_failed = False
            return socket

    @property
    def ready_at(self) -> str | None:
        """The socket, where the process runs and can be asked."""
        process, socket = self._process, self.socket
        return socket if process is not None and process.poll() is None else None

    def stop(self) -> None:
        """End the process, also one that is being started; it may be started again."""
        self._kill_unless_ready()
        with self._starting:
            self._end()

    def tokens(self, text: str) -> int:
        """The tokens of a message with this text, as the model reads it with its template.

        Raises:
            ModelError: it cannot be asked.
        """
        if not text:
            return 0
        self.start()
        try:
            return self._tokens(text)
        except ModelUnavailableError:
            self.socket = None  # its process is gone, or about to be
        self.start()
        return self._tokens(text)

    def _tokens(self, text: str) -> int:
        return len(self._ask("/tokenize", {"content": text})["tokens"]) + self._frame

    def _start(self) -> str:
        try:
            self._weights.assemble()
        except (OSError, ValueError) as error:
            raise ModelRefusedError(
                f"the local model cannot be put together in {self._weights.path.parent} ({error}); make room there, or"
                " name another place by XDG_CACHE_HOME"
            ) from error
        folder = self._folder = tempfile.mkdtemp(prefix="argentos-")
        socket = f"{folder}/model.sock"
        with Path(folder, "log").open("w", encoding="utf-8") as log:
            process = self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a program of ours
                [sys.executable, "-P", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C at a terminal is for whoever started it
            )
        said = self._handshake(process, {**self._options, "socket": socket})
        if said is None or "error" in said:
            why = _first_error(Path(folder, "log")) or (said or {}).get("error", "its process ended")
            self._end()
            raise _failed(self._weights.path, why, is_passing=said is None)
        self._learn(socket)
        self.socket = socket
        return socket

    def _handshake(self, process: "subprocess.Popen[str]", options: dict[str, Any]) -> dict[str, str] | None:
        """Give the process its options, and wait for its answer; None where it ends before that."""
        assert process.stdin is not None  # noqa: S101 - a pipe
        assert process.stdout is not None  # noqa: S101 - likewise
        limit = threading.Timer(_LOADING, process.kill)
        limit.daemon = True
        limit.start()
        try:
            process.stdin.write(f"{json.dumps(options)}\n")
            process.stdin.flush()
            answer: dict[str, str] = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            return None
        else:
            return answer
        finally:
            limit.cancel()

    def _learn(self, socket: str) -> None:
        """Ask what the model can do, and what its template adds to a message."""
        import httpx2  # noqa: PLC0415

        transport = httpx2.HTTPTransport(uds=socket)
        self._client = httpx2.Client(transport=transport, base_url="http://local", timeout=_ASKING, trust_env=False)
        told = self._ask("/props")
        self.sees = bool(told["modalities"]["vision"])
        self.takes_tools = bool(told["chat_template_caps"]["supports_tools"])
        chat = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
        one, three = (self._ask("/v1/messages/count_tokens", {"messages": each}) for each in (chat[:1], chat))
        self._frame = max(0, (three["input_tokens"] - one["input_tokens"]) // 2 - 1)

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        import httpx2  # noqa: PLC0415

        try:
            answer = self._client.get(path) if body is None else self._client.post(path, json=body)
            told: dict[str, Any] = answer.raise_for_status().json()
        except httpx2.HTTPError as error:
            raise ModelUnavailableError(f"the local model does not answer ({error}); try again later") from error
        return told

    def _kill_unless_ready(self) -> None:
        process = self._process
        if process is not None and self.socket is None:
            process.kill()

    def _end(self) -> None:
        client, folder, process = self._client, self._folder, self._process
        self._client = self._folder = self._process = self.socket = None
        if client is not None:
            client.close()
        if process is not None:
            _end_process(process)
        if folder is not None:  # left by one that was killed
            shutil.rmtree(folder, ignore_errors=True)


def _end_process(process: "subprocess.Popen[str]") -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None  # noqa: S101 - both are pipes
        pipe.close()  # which tells it to end
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failed(path: Path, why: str, *, is_passing: bool) -> ModelError:
    kind = ModelUnavailableError if is_passing else ModelRefusedError
    return kind(f"the local model {path} cannot be run: {why}")


def _first_error(log: Path) -> str:
    """The first error in a log, in which llama.cpp says best why a model cannot be run; empty where there is none."""
    found = _ERROR.search(log.read_text("utf-8", errors="replace"))
    return " ".join(found[1].split())[:_WORST] if found else ""
