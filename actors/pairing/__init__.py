"""Pairing: unknown senders whom the owner lets in, and senders who are one person.

The lifecycle of each sender is `diagrams/pairing.mmd`. Reading order; each imports only those above it:

    codes     what a sender shows to the owner
    book      all that is known of senders: what stands in `pairing.json`
    changes   what is asked of the book
    links     senders who are one person
    keeping   the book after a change
    file      `pairing.json`
    desk      where changes are asked for, in this process or in another
    local     the book, in the process that owns it
"""
