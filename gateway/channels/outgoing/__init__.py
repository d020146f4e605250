"""The way to a platform: of replies while they are made, and of what the outbox owes.

Reading order; each imports only those above it:

    splitting   long texts
    parts       the messages of a platform in which something is sent
    ledger      what a restart has to know
    drafts      the messages in which replies are shown while they are made
    streaming   replies that are shown while they are made
    delivering  what is owed
"""
