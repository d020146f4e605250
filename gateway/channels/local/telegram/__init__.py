"""A server of Telegram's Bot API on this machine, with people who write to its bots.

It checks every request against the published types and limits, as aiogram has them, and plays what goes wrong on the
real one. Reading order; each imports only those above it:

    world       chats, messages, and the updates that bots have not confirmed
    requests    a request as the published types have it
    limits      how much may be sent, and how often
    faults      what goes wrong next
    methods     the methods of the API
    server      all of it over HTTP
"""
