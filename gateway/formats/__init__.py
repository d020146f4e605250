"""Formats of conversations in files: our own, and those of others, which are only read."""

from argentos.gateway.formats.detect import KNOWN, read_transcripts
from argentos.gateway.formats.files.losses import LeftOut, Losses, grouped
from argentos.gateway.formats.files.source import ReadTranscript, Source, members_of
from argentos.gateway.formats.form import Form
from argentos.gateway.formats.own import OwnForm, head_line
from argentos.gateway.formats.requests import AnthropicForm, OpenAIForm

__all__ = [
    "KNOWN",
    "AnthropicForm",
    "Form",
    "LeftOut",
    "Losses",
    "OpenAIForm",
    "OwnForm",
    "ReadTranscript",
    "Source",
    "grouped",
    "head_line",
    "members_of",
    "read_transcripts",
]
