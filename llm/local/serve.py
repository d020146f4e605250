"""The program of the process that runs a model: llama.cpp's server, on a socket that only its user can reach.

A process of its own, for opening a model would hold the interpreter for seconds, a fault in it would end the
gateway, and the library takes the signals of its process for itself. It is run by its path, with nothing of
argentos imported. The first line of its input has the options, as JSON; it answers with a line, an object that has an
`error` where there is one. It ends when its input does, as it does when the process ends that started it.
"""

import json
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

__all__: list[str] = []


def _open(options: dict[str, Any]) -> Any:
    """A server, ready to be asked."""
    library: Any = import_module("xllamacpp")
    params = library.CommonParams()
    params.model.path = options["path"]
    params.hostnames = [options["socket"]]
    params.port = 0
    params.n_parallel = options["slots"]
    params.n_ctx = options["window"] * options["slots"]
    params.n_threads_http = options["slots"] + 4
    params.sse_ping_interval = 5  # seconds
    params.use_jinja = True
    params.ui = False
    params.warmup = False
    params.verbosity = 1  # errors
    if options["template"]:
        params.chat_template = options["template"]
    for each in (params.cpuparams, params.cpuparams_batch):
        each.n_threads = options["threads"]
        each.poll = 0  # threads that wait leave their core to others
    return library.Server(params)


def _main() -> None:
    options: dict[str, Any] = json.loads(sys.stdin.readline())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)  # whatever the library prints is no answer
        said: dict[str, str] = {}
        server = None
        try:
            server = _open(options)
        except Exception as error:  # noqa: BLE001 - told to whoever started this
            said = {"error": f"{type(error).__name__}: {error}"}
        json.dump(said, answer)
        answer.write("\n")
    if server is not None:  # otherwise whoever started this reads what was said
        sys.stdin.read()
        shutil.rmtree(Path(options["socket"]).parent, ignore_errors=True)
    os._exit(0)  # without waiting for what is being generated


if __name__ == "__main__":
    _main()
