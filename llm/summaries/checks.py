"""Validation of a summary before it takes the place of messages."""

import re
from typing import Final

from argentos.llm.model import Reply

__all__ = ["problem_of"]

_LEAST_WORDS: Final = 2
_SHORT: Final = 400  # characters: what is longer has said something
_MARKUP: Final = re.compile(r"\s*(?:<!doctype\b|<\?xml\b|<html\b|<head\b|<body\b)", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_MOSTLY: Final = 0.5
_OBJECT: Final = re.compile(r"\s*(?:```\w*\s*)?\{.*\}(?:\s*```)?\s*", re.DOTALL)
_HEADING: Final = re.compile(
    r"\b(?:decisions|open tasks|constraints|pending questions|exact identifiers|course of things)\b", re.IGNORECASE
)
_REFUSAL: Final = re.compile(
    r"(?:i'?m|i am) (?:really |very )?(?:sorry|unable|afraid)|sorry\b"
    r"|i (?:can(?:no|')t|won't|will not|must decline)"
    r"|as an? (?:ai|language model)|i apologi[sz]e|unfortunately,? i\b"
    r"|(?:es )?tut mir leid|leider kann ich|ich kann (?:das |dir |ihnen )?(?:leider )?nicht|entschuldigung"
    r"|извините|к сожалению|я не могу|抱歉|对不起|我无法|我不能|je suis désolé|desolé|désolé|lo siento|no puedo",
    re.IGNORECASE,
)
_ACKNOWLEDGEMENT: Final = re.compile(
    r"(?:sure|of course|certainly|okay|ok|got it|understood|absolutely|no problem|i(?:'ll| will)"
    r"|here(?:'s| is| you go)|natürlich|gerne?|klar|verstanden|alles klar|хорошо|конечно|好的|当然)\b[^\n]*",
    re.IGNORECASE,
)
_REASONS: Final = {
    "max_tokens": "it was cut off",
    "model_context_window_exceeded": "it was cut off",
    "refusal": "it is a refusal",
    "tool_use": "it calls a tool",
}


def problem_of(reply: Reply) -> str:
    """The reason why a reply is no summary; empty where it may be one."""
    text = reply.text.strip()
    if reply.stop_reason is not None:
        return _REASONS.get(reply.stop_reason, f"it ended early ({reply.stop_reason})")
    if not text:
        return "it is empty"
    if _MARKUP.match(text) or _is_mostly_markup(text):
        return "it is markup"
    if _HEADING.search(text) or len(text) > _SHORT:
        return ""
    if _REFUSAL.match(text.lstrip("\"'*“ ")):
        return "it is a refusal"
    if len(text.split()) < _LEAST_WORDS and text.isascii():
        return "it says nothing"
    if _ACKNOWLEDGEMENT.fullmatch(text):
        return "it is an answer, and no summary"
    return "it asks something" if text.endswith("?") and text.count("?") == text.count("\n") + 1 else ""


def _is_mostly_markup(text: str) -> bool:
    if _OBJECT.fullmatch(text):
        return True
    return sum(len(tag) for tag in _TAG.findall(text)) > _MOSTLY * len(text)
