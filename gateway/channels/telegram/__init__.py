"""Telegram, by aiogram's typed `Bot` and a loop of our own that asks for updates.

Reading order; each imports only those above it:

    failures    refusals of the platform, in our own words
    pace        no faster than the platform takes it
    files       pictures and documents of messages
    contents    messages and albums as content
    updates     the next updates, with albums whole
    channel     the channel
"""
