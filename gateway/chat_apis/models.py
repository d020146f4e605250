"""The agents as a list of models, in a form that is both OpenAI's and Anthropic's."""

from typing import Any

import msgspec
from starlette.responses import Response

from argentos.gateway.api.call import Call
from argentos.gateway.chat_apis.conversations import agents_of

__all__ = ["list_models"]


def list_models(call: Call) -> Response:
    """The answer to `GET /v1/models`."""
    agents = agents_of(call)
    found: dict[str, Any] = {
        "object": "list",
        "data": [_model(each) for each in agents],
        "has_more": False,
        "first_id": agents[0],
        "last_id": agents[-1],
    }
    return Response(msgspec.json.encode(found), media_type="application/json")


def _model(agent: str) -> dict[str, Any]:
    return {
        "id": agent,
        "object": "model",
        "type": "model",
        "created": 0,
        "created_at": "1970-01-01T00:00:00Z",
        "display_name": agent,
        "owned_by": "argentos",
    }
