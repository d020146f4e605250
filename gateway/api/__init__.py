"""The HTTP API of the gateway: one table of routes, from which the router and the OpenAPI document follow.

Reading order:

    routes       a row of the table
    decoding     bodies and queries, strictly
    paths        matching on the path as it was sent
    service      what all requests share: the supervisor, the streams that are open
    call         one request, as handlers see it
    answers      what handlers return, as responses
    handlers     what is done, by subject
    streams      turns and events, as server-sent events and over WebSocket
    waiting      bodies and answers that take long
    table        all rows
    endpoints    the ASGI applications of the paths
    signals      SIGTERM and SIGINT, at which it drains
    application  the gateway
"""
