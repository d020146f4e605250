"""The files of sessions: their places, what stands in them, and the index of all.

Reading order; each imports only those above it:

    attachments    bytes of pictures and documents
    paths          where sessions are, and what was set aside of them
    validation     the sense of what no checksum vouches for
    json_files     JSON sealed by a checksum
    archive        messages that left the context
    session_files  the files of one session, read and written
    read_files     those of some sessions, kept as they were read a moment ago
    joining        files joined with the records that they lack
    gaps           records folded though some in between are missing
    index          all metadata in one SQLite file, for lists
    search_files   the search index that a gateway derives, of which nothing is left with the sessions
"""
