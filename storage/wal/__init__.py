"""The journal, a write-ahead log: what makes an append durable.

Reading order; each imports only those above it:

    pending       the records of a session that no checkpoint covers yet
    frames        the bytes of a segment
    encoding      records as the body of a frame
    segment_file  a segment as a file: made with its room reserved, written in place
    recovery      the journal read back, whole or damaged
    rewriting     segments written anew, without a session or without damage
    journal       the journal of the owner: written to, dropped, forgotten from
    committer     group commit
"""
