"""Exports of web programs: an array of conversations, an object with several, or one of them."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from argentos.actors import Transcript
from argentos.gateway.formats.conversation.content import Remarks
from argentos.gateway.formats.files.companions import Companions
from argentos.gateway.formats.files.losses import Losses
from argentos.gateway.formats.files.source import Line, ReadTranscript, Source, each_conversation, fields, text_in

__all__ = ["WebExport"]


class WebExport(NamedTuple):
    """The form of an export.

    Attributes:
        body: the member of a conversation by which it is known.
        kind: of that member.
        title: the member that has the title.
        transcript_of: makes one of a conversation, with the files beside it; adds to the remarks what it leaves out.
    """

    body: str
    kind: type
    title: str
    transcript_of: Callable[[dict[str, Any], Remarks, Companions], Transcript]

    def fits(self, value: Any) -> bool:
        """Tell whether the value is a conversation, or an object with several."""
        return any(self._is_conversation(each.value) for each in each_conversation(Line(0, value)))

    def _is_conversation(self, value: Any) -> bool:
        return isinstance(fields(value).get(self.body), self.kind)

    def read(self, source: Source, losses: Losses) -> Iterator[ReadTranscript]:
        """The conversations of a file, one by one; those in which nobody said anything are left out."""
        for line in (each for value in source.values(losses) for each in each_conversation(value)):
            if not self._is_conversation(line.value):
                Remarks.of(losses, line).add("this is no conversation")
                continue
            value = fields(line.value)
            title = text_in(value, self.title)
            remarks = Remarks(losses, line.number, f"conversation {title!a:.60}" if title else line.place)
            transcript = self.transcript_of(value, remarks, source.companions)
            if transcript.messages:
                yield ReadTranscript(transcript, line.number)
            else:
                remarks.add("a conversation in which nobody said anything")
