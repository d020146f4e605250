"""Summaries written by a model: asked for, checked, and in parts where there is too much for one request.

Reading order; each imports only those above it:

    instructions   what the model is told
    checks         why an answer is no summary
    identifiers    what has to be in it word for word
    parts          messages as texts, as many as fit into a request
    summariser     the model that writes
    writing        the summary of some messages, by that model
"""

from argentos.llm.summaries.identifiers import with_identifiers
from argentos.llm.summaries.summariser import Summariser
from argentos.llm.summaries.writing import Assignment, Writing

__all__ = ["Assignment", "Summariser", "Writing", "with_identifiers"]
