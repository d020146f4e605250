"""Calls in transcripts that lack their results, as where a conversation was left in the middle of one."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage
from argentos.storage import RawBlock, calls_in, results_in

__all__ = ["with_all_results"]

_MISSING: Final = "no result is known of this call"


def with_all_results(transcript: Transcript) -> Transcript:
    """The transcript, each call with a result: where none is known, right behind it one that says so."""
    if not any(each.content for each in transcript.messages):
        return transcript
    found = tuple(_answered(transcript.messages))
    return transcript if len(found) == len(transcript.messages) else structs.replace(transcript, messages=found)


def _answered(messages: Sequence[TranscriptMessage]) -> Iterator[TranscriptMessage]:
    known = {each.tool_use_id for message in messages if message.content for each in results_in(message.content)}
    for message in messages:
        yield message
        if message.role != "assistant" or not message.content:
            continue
        missing = [each.id for each in calls_in(message.content) if each.id not in known]
        if missing:
            yield TranscriptMessage(
                role="user",
                text="",
                at=message.at,
                archived=message.archived,
                content=tuple(_missing(call_id) for call_id in missing),
            )


def _missing(call_id: str) -> RawBlock:
    return {"type": "tool_result", "tool_use_id": call_id, "content": _MISSING, "is_error": True}
