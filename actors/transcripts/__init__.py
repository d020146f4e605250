"""Conversations as they are exported and imported.

Reading order; each imports only those above it:

    transcript    a conversation as it stands in a file
    validation    of transcripts from outside
    records       the records of a session with these messages
"""
