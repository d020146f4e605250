"""The chat APIs as a part of the gateway."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.routing import BaseRoute

from argentos.gateway.api.application import Gateway, Refusal
from argentos.gateway.api.paths import RawPaths
from argentos.gateway.chat_apis.asked import ChatApi
from argentos.gateway.chat_apis.chat_completions import ChatCompletions
from argentos.gateway.chat_apis.endpoints import ChatEndpoint, ModelsEndpoint
from argentos.gateway.chat_apis.errors import OPENAI_ERRORS
from argentos.gateway.chat_apis.messages import Messages
from argentos.gateway.chat_apis.responses import Responses

__all__ = ["APIS", "REFUSALS", "chat_apis"]

APIS: Final[tuple[ChatApi, ...]] = (ChatCompletions(), Responses(), Messages())

REFUSALS: Final[Mapping[str, Refusal]] = {each.path: each.errors.response for each in APIS} | {
    ModelsEndpoint.path: OPENAI_ERRORS.response
}
"""Errors of the guard in the forms of these APIs, for `Gateway(refusals=REFUSALS)`."""


def chat_apis(gateway: Gateway) -> Sequence[BaseRoute]:
    """The routes of the chat APIs, for `Gateway(parts=[chat_apis])`."""
    service = gateway.service
    endpoints = {each.path: ChatEndpoint(service, each) for each in APIS}
    return [RawPaths({**endpoints, ModelsEndpoint.path: ModelsEndpoint(service)})]
