"""Discord: a bot of ours there, by hikari. It stands on asyncio alone, as hikari does.

Reading order; each imports only those above it:

    failures     what hikari raises, in words of the channel protocol
    client       REST, and the connection to Discord's gateway
"""
