"""What becomes of each field of a request is said in the documents, and of each that the clients know something is."""

import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from anthropic.types import message_create_params
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from argentos.gateway.chat_apis.asked import ChatApi
from argentos.gateway.chat_apis.fields import Only
from argentos.gateway.chat_apis.part import APIS

PAGE = Path(__file__).parents[3] / "docs" / "chat-clients.md"
BASES: dict[str, Any] = {
    "/v1/chat/completions": completion_create_params.CompletionCreateParamsStreaming,
    "/v1/responses": response_create_params.ResponseCreateParamsStreaming,
    "/v1/messages": message_create_params.MessageCreateParamsStreaming,
}


def section_of(api: ChatApi) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"### `POST {api.path}`\n")[2].partition("\n#")[0]


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_every_field_that_the_clients_may_send_is_known(api: ChatApi) -> None:
    assert {*get_type_hints(BASES[api.path])} - {*api.fields} == set()


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_the_documents_say_what_becomes_of_every_field(api: ChatApi) -> None:
    rows = section_of(api).splitlines()
    for name, field in api.fields.items():
        (row,) = (each for each in rows if f"`{name}`" in each.split(" | ")[0])
        if isinstance(field, Only):
            assert field.why in row
            assert all(f"`{json.dumps(value)}`" in row for value in field.values)
        else:
            assert field in row
