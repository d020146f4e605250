"""Discord: a bot of ours there, by hikari. It stands on asyncio alone, as hikari does.

Reading order; each imports only those above it:

    failures     what hikari raises, in words of the channel protocol
    client       REST, and the connection to Discord's gateway
    marks        up to which message each channel was taken, durably
    files        files of messages
    contents     messages as what the sessions take
    places       guilds and threads of channels
    clicks       clicks at buttons
    lanes        work in the order of each channel
    receiving    messages that come, and those that came while we were away
    channel      the channel protocol
"""
