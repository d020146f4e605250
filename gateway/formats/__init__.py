"""Formats of conversations in files: our own, and those of others, which are only read."""

from argentos.gateway.formats.detect import read_transcripts
from argentos.gateway.formats.own import head_line, session_lines
from argentos.gateway.formats.source import ReadTranscript, Source

__all__ = ["ReadTranscript", "Source", "head_line", "read_transcripts", "session_lines"]
