"""Formats of conversations in files: our own, and those of others, which are only read."""

from argentos.gateway.formats.detect import KNOWN, read_transcripts
from argentos.gateway.formats.files.losses import LeftOut, Losses, grouped
from argentos.gateway.formats.files.source import ReadTranscript, Source, members_of
from argentos.gateway.formats.own import head_line, session_lines
from argentos.gateway.formats.requests import anthropic_line, openai_line

__all__ = [
    "KNOWN",
    "LeftOut",
    "Losses",
    "ReadTranscript",
    "Source",
    "anthropic_line",
    "grouped",
    "head_line",
    "members_of",
    "openai_line",
    "read_transcripts",
    "session_lines",
]
