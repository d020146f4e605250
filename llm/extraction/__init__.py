"""Summaries made without a model, in quotes.

Reading order; each imports only those above it:

    sentences   a text as sentences, in any language
    quotes      a sentence as a line, with its message and who said it
    cues        phrases that mark what matters
    worth       what a sentence is worth among others
    extract     the sentences worth most, as quotes
"""

from argentos.llm.extraction.cues import kinds_of
from argentos.llm.extraction.extract import extract
from argentos.llm.extraction.quotes import SAID, quote, speaker_of
from argentos.llm.extraction.sentences import sentences
from argentos.llm.extraction.worth import Worth

__all__ = ["SAID", "Worth", "extract", "kinds_of", "quote", "sentences", "speaker_of"]
