"""Summaries made without a model, in quotes.

Reading order; each imports only those above it:

    sentences   a text as sentences, in any language
    worth       what a sentence is worth among others
    extract     the sentences worth most, as quotes
"""

from argentos.llm.extraction.extract import extract

__all__ = ["extract"]
