"""A server of the Model Context Protocol that begins at once, for it needs no more than the lines of its protocol."""

import json
import os
import sys
from pathlib import Path
from typing import Any

TOOLS: list[dict[str, Any]] = [
    {"name": "process_id", "inputSchema": {"type": "object"}},
    {"name": "send", "description": "Never ends.", "inputSchema": {"type": "object"}},
    {
        "name": "read",
        "description": "Never ends either.",
        "inputSchema": {"type": "object"},
        "annotations": {"readOnlyHint": True},
    },
]


def answer(method: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None where it is not answered."""
    match method:
        case "initialize":
            about = {"name": "quick", "version": "1"}
            return {"protocolVersion": given["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call" if given["name"] == "process_id":
            return {"content": [{"type": "text", "text": str(os.getpid())}]}
        case "tools/call":
            Path(given["arguments"]["begun"]).touch()
        case _:
            pass
    return None


for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
    if request["method"] in {"initialize", "tools/list", "tools/call"}:
        result = answer(request["method"], request.get("params", {}))
        if result is None:
            continue
        reply["result"] = result
    else:
        reply["error"] = {"code": -32601, "message": "no such method"}
    sys.stdout.write(f"{json.dumps(reply)}\n")
    sys.stdout.flush()
