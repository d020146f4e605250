"""The handles of sessions, and lists of them.

Reading order; a module imports only from those above it:

    catalogue      sessions as lists show them
    approving      a person's word on calls of tools
    text_commands  what people write to the session itself
    commanding     how it is told that
    going_back     what was said before is changed, or gone on with elsewhere
    reading        what is durable
    session        what users see, whichever process runs the session
    obeying        the work of the text commands
    duplicates     messages that are sent again
    by_number      messages that stand in the context
    places         contexts as they were
    forking        a session that begins with one
    local_session  the sessions that this process runs; `argentos.actors.control.remote` has the others
"""
