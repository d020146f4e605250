"""An index of the sessions, for lists that choose and for search in all that was said.

It is derived: a SQLite file in the state directory, made anew where it is missing, damaged or of another version, and
kept current by the events of the supervisor. Reading order:

    queries        what is asked for, and what is found
    schema         the tables
    database       the file, and the threads that use it
    purging        nothing is left of what was removed
    rows           sessions and messages, written and removed
    lists          pages of sessions
    plain          the same without an index
    expressions    words as full-text search takes them
    searching      messages that have the words
    writing        pieces of what is written
    marks          sessions that have changed
    updating       the task that keeps the index current
    session_index  what others use
"""

from argentos.gateway.index.queries import Hit, SearchQuery, SearchResult, SessionPage, SessionQuery
from argentos.gateway.index.session_index import SessionIndex
from argentos.gateway.search_text import Part

__all__ = ["Hit", "Part", "SearchQuery", "SearchResult", "SessionIndex", "SessionPage", "SessionQuery"]
