"""Models, token counting, contexts and compaction."""

from argentos.llm.checks import Traits, as_awaitable, as_piece, as_reply, can_summarise, traits_of
from argentos.llm.claude import AnthropicModel
from argentos.llm.compaction import Compacted, compact
from argentos.llm.context import assemble, is_blank
from argentos.llm.counting import Counting, TokenCounter, characters_of, count_content, count_tokens
from argentos.llm.failures import as_model_error
from argentos.llm.gauge import ANY_MODEL, Gauge
from argentos.llm.model import Closeable, Emit, Loadable, Model, Reply, Request
from argentos.llm.offline import OfflineModel
from argentos.llm.replay import ReplayModel
from argentos.llm.tools import (
    Tool,
    ToolContext,
    ToolSet,
    ToolTraits,
    as_tool_result,
    as_tools,
    configured,
    tool,
    tool_traits,
)

__all__ = [
    "ANY_MODEL",
    "AnthropicModel",
    "Closeable",
    "Compacted",
    "Counting",
    "Emit",
    "Gauge",
    "Loadable",
    "Model",
    "OfflineModel",
    "ReplayModel",
    "Reply",
    "Request",
    "TokenCounter",
    "Tool",
    "ToolContext",
    "ToolSet",
    "ToolTraits",
    "Traits",
    "as_awaitable",
    "as_model_error",
    "as_piece",
    "as_reply",
    "as_tool_result",
    "as_tools",
    "assemble",
    "can_summarise",
    "characters_of",
    "compact",
    "configured",
    "count_content",
    "count_tokens",
    "is_blank",
    "tool",
    "tool_traits",
    "traits_of",
]
