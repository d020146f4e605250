"""The APIs of OpenAI and Anthropic, as chat clients speak them, over the sessions of the gateway.

A request has the whole conversation, of which the newest message alone is taken: the history is that of the session.
docs/chat-clients.md says what becomes of each field. Reading order:

    fields            what becomes of the fields of a request
    told              a turn as text that grows, and what it has cost
    asked             a request, in whichever form it came
    parts             parts of messages as content blocks
    errors            errors in the form of each API
    chat_completions  OpenAI's chat completions
    responses         OpenAI's responses
    response_events   the events of their stream
    messages          Anthropic's messages
    models            the agents, as a list of models
    conversations     the session of a request
    endpoints         the ASGI application of each API
    part              all of them, as a part of the gateway
"""

from argentos.gateway.chat_apis.part import REFUSALS, chat_apis

__all__ = ["REFUSALS", "chat_apis"]
