"""Token counting: of texts, pictures and documents, beside the event loop.

Reading order; each imports only those above it:

    tokens      tiktoken without the network
    media       pictures and documents by the provider's rules
    content     the content of a message
    counting    in threads
"""

from argentos.llm.counting.content import characters_of, count_content
from argentos.llm.counting.counting import Counting, show_life
from argentos.llm.counting.media import measured_media
from argentos.llm.counting.tokens import TokenCounter, count_tokens

__all__ = [
    "Counting",
    "TokenCounter",
    "characters_of",
    "count_content",
    "count_tokens",
    "measured_media",
    "show_life",
]
