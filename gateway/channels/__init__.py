"""Channels: accounts of ours on Telegram and Discord, connected to the sessions of a gateway.

Reading order; each imports only those above it:

    channel     the protocol: what the adapter of a platform does, and what it is given
    status      of each account, as people see it
    secrets     tokens, from the environment or a private file
    settings    the accounts in `argent.json`
    registry    the platforms, imported where they are used
    blocks      files of messages, as content blocks
    account     kept connected
    approvals   buttons by which a person decides on a call
    outgoing/   replies, to a platform
    receiving   messages, from a platform
    reporting   how the accounts stand, in a file, for other processes
    running     all of it, while a gateway runs

    telegram/   the adapter of Telegram
    discord/    that of Discord
    local/      platforms of this machine, in the place of the real ones
"""
