"""Conversations as they are exported and imported.

Reading order; each imports only those above it:

    transcript    a conversation as it stands in a file
    validation    of transcripts from outside
    calls         calls that lack their results
    attachments   bytes of pictures and documents, taken out
    records       the records of a session with these messages
"""
