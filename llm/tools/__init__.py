"""Tools that a model may call, and what a call of one is given.

context.py          the context of a running call
contract.py         any object that is a tool
approval.py         the question whether a person must allow a call
results.py          what a tool gave, as content
arguments.py        the arguments of a function, as a schema and back
function.py         a plain function as a tool
traits.py           a tool as it describes itself
source.py           what has to be opened before its tools are known
mcp.py              servers of the Model Context Protocol
mcp_connection.py   connections to these
tool_set.py         tools by their names
toolbox.py          the tools of an agent, those of open sources among them
"""

from argentos.llm.tools.approval import NeedsApproval, is_approval_needed
from argentos.llm.tools.context import ToolContext, entered
from argentos.llm.tools.contract import Tool
from argentos.llm.tools.function import tool
from argentos.llm.tools.mcp import McpServer
from argentos.llm.tools.results import as_tool_result, error_content
from argentos.llm.tools.source import ToolSource
from argentos.llm.tools.tool_set import ToolSet, as_tools
from argentos.llm.tools.toolbox import Toolbox
from argentos.llm.tools.traits import ToolTraits, configured, tool_traits

__all__ = [
    "McpServer",
    "NeedsApproval",
    "Tool",
    "ToolContext",
    "ToolSet",
    "ToolSource",
    "ToolTraits",
    "Toolbox",
    "as_tool_result",
    "as_tools",
    "configured",
    "entered",
    "error_content",
    "is_approval_needed",
    "tool",
    "tool_traits",
]
