"""The store on disk.

Reading order; each imports only those above it:

    sessions      what is remembered of a session besides its files
    schedule      when files are to be written that nobody asks for
    workspace     what those share that change files, one at a time
    attaching     bytes of pictures and documents, before the records that refer to them
    edits         edits by hand, taken over
    quarantine    damage, set aside where it harms nobody
    deletion      a session, deleted so that a crash leaves all or nothing
    writer        the files, written behind the journal, and segments dropped
    background    the two tasks of an open store
    backpressure  appends, slowed down where the files cannot follow
    reader        a session, read from its files and from what they lack
    listing       lists of sessions
    store         `FileStore`
"""

from argentos.storage.file_store.store import FileStore

__all__ = ["FileStore"]
