"""Streams: turns and events as they happen, to clients that read as fast as they like.

Reading order:

    outlets      the way to one client, bounded in what waits and for how long
    event_stream responses of server-sent events
    file_stream  responses of files that are made while they are sent
    turns        the pieces of a turn, and its reply
    records      records as JSON objects
    told         events as clients are told of them
    lines        these, encoded once for all
    accounts     news of accounts on platforms
    following    the events of some sessions, with the pieces of one
    events       these as server-sent events
    sockets      and over WebSocket
"""
