"""The system prompt of a conversation, where a foreign file has one."""

from typing import Any

from argentos.actors.validation import as_changes
from argentos.errors import InputError
from argentos.gateway.formats.conversation.content import Remarks, blocks_of
from argentos.gateway.formats.conversation.drafts import plain_text

__all__ = ["SystemPrompt"]


class SystemPrompt:
    """The system prompt of a session: the first one, if it stands before all messages; the others are listed.

    Attributes:
        text: empty where there is none.
    """

    def __init__(self) -> None:
        self.text: str = ""

    def take(self, content: Any, remarks: Remarks, *, has_begun: bool) -> None:
        """Take a system message.

        Args:
            content: of any form.
            remarks: gets what is left out.
            has_begun: somebody has said something before it.
        """
        text = plain_text(blocks_of(content, remarks))
        if not text or text == self.text:
            return
        if self.text or has_begun:
            remarks.add("a further system message" if self.text else "a system message behind others")
            return
        try:
            self.text = as_changes(None, None, None, text).system or ""
        except InputError as error:
            remarks.add(str(error))
