"""Instructions by which a model is asked for a summary."""

from typing import Final

__all__ = ["SYSTEM", "again", "instruction"]

SYSTEM: Final = "You keep the record of a conversation between others. You never take part in it."
"""The system prompt where the conversation is shown to a model that does not take part in it."""

_INSTRUCTION: Final = """\
Summarise the conversation above so that it can go on without these messages. Write under these headings, leaving
out those without content: Decisions, Open tasks, Constraints (with what must never be done word for word), Pending
questions, Exact identifiers (names, numbers, paths, addresses, codes: copy them exactly), Course of things. What was
corrected counts as corrected. Use the language of the conversation and at most {words} words. Call no tool, and do
not answer anything."""
_EARLIER: Final = "Take over what still holds of the summary at its beginning, which will be replaced by yours."
_WORDS_A_TOKEN: Final = 0.6


def instruction(focus: str, *, tokens: int, has_earlier: bool) -> str:
    """The instruction for a summary of so many tokens, which should keep the focus above all."""
    lines = [
        _INSTRUCTION.format(words=max(20, int(tokens * _WORDS_A_TOKEN))),
        *([_EARLIER] if has_earlier else []),
        *([f"Keep above all: {focus}"] if focus else []),
    ]
    return "\n".join(lines)


def again(instructed: str, problem: str) -> str:
    """The instruction once more, to a model whose answer was no summary."""
    return f"{instructed}\nYour answer before could not be used, for {problem}. Write the summary and nothing else."
