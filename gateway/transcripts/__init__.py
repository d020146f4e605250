"""Conversations in files: our own format, and those of others, which are only read."""

from argentos.gateway.transcripts.detect import read_transcripts
from argentos.gateway.transcripts.own import head_line, session_lines
from argentos.gateway.transcripts.source import Found, Source

__all__ = ["Found", "Source", "head_line", "read_transcripts", "session_lines"]
