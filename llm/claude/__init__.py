"""Claude, through Anthropic's SDK, or any server of the same Messages API.

errors.py     every error of the SDK and the transport, as one of ours
prices.py     what tokens cost
options.py    what is passed through to the API
blocks.py     blocks as the API takes them
request.py    a request as the API takes it, with its marks for the cache
sending.py    large requests, encoded in a thread
stream.py     a reply from the events of its stream
model.py      the model
"""

from argentos.llm.claude.model import AnthropicModel
from argentos.llm.claude.prices import Prices

__all__ = ["AnthropicModel", "Prices"]
