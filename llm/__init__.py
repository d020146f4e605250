"""Models, token counting, contexts and compaction."""

from argentos.llm.checks import Traits, as_awaitable, as_emitted, as_reply, can_summarise, traits_of
from argentos.llm.claude import AnthropicModel, Prices
from argentos.llm.compaction import Compacted, compact
from argentos.llm.context import assemble, is_blank
from argentos.llm.counting import Counting, TokenCounter, characters_of, count_content, count_tokens, measured_media
from argentos.llm.failures import as_model_error
from argentos.llm.gauge import ANY_MODEL, SAFE_RATIO, ContextParts, Gauge
from argentos.llm.local import LocalModel
from argentos.llm.measuring import can_measure, check_size, is_near, measured
from argentos.llm.model import Closeable, Emit, Loadable, Model, Reply, Request
from argentos.llm.offline import OfflineModel
from argentos.llm.pieces import (
    ApprovalWanted,
    CompactionFailed,
    ContextReset,
    Emitted,
    Piece,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolAnswer,
    ToolCall,
    UsageSoFar,
    is_sign_of_life,
)
from argentos.llm.replay import ReplayModel
from argentos.llm.shortening import find_cuts
from argentos.llm.spending import SpendingLedger
from argentos.llm.summaries import Summariser
from argentos.llm.tools import (
    McpServer,
    Tool,
    Toolbox,
    ToolContext,
    ToolSet,
    ToolSource,
    ToolTraits,
    as_tool_result,
    as_tools,
    configured,
    error_content,
    is_approval_needed,
    tool,
    tool_traits,
)

__all__ = [
    "ANY_MODEL",
    "SAFE_RATIO",
    "AnthropicModel",
    "ApprovalWanted",
    "Closeable",
    "Compacted",
    "CompactionFailed",
    "ContextParts",
    "ContextReset",
    "Counting",
    "Emit",
    "Emitted",
    "Gauge",
    "Loadable",
    "LocalModel",
    "McpServer",
    "Model",
    "OfflineModel",
    "Piece",
    "Prices",
    "ReplayModel",
    "Reply",
    "Request",
    "Retrying",
    "SpendingLedger",
    "Summariser",
    "TextDelta",
    "ThinkingDelta",
    "TokenCounter",
    "Tool",
    "ToolAnswer",
    "ToolCall",
    "ToolContext",
    "ToolSet",
    "ToolSource",
    "ToolTraits",
    "Toolbox",
    "Traits",
    "UsageSoFar",
    "as_awaitable",
    "as_emitted",
    "as_model_error",
    "as_reply",
    "as_tool_result",
    "as_tools",
    "assemble",
    "can_measure",
    "can_summarise",
    "characters_of",
    "check_size",
    "compact",
    "configured",
    "count_content",
    "count_tokens",
    "error_content",
    "find_cuts",
    "is_approval_needed",
    "is_blank",
    "is_near",
    "is_sign_of_life",
    "measured",
    "measured_media",
    "tool",
    "tool_traits",
    "traits_of",
]
