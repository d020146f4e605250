"""A Discord on this machine: REST and gateway as version 10 of its API publishes them, with their types and limits.

The real client libraries run against it: a request that the platform would refuse is refused here, and kept in
`Rest.refusals`. Reading order; each imports only those above it:

    snowflakes  ids, which tell the time
    objects     users, guilds, channels, messages
    payloads    how they are sent
    errors      refusals
    requests    bodies, checked
    limits      rate limits and their headers
    faults      faults that are asked for
    state       what is kept
    sessions    what bots are told, and told again
    gateway     the WebSocket
    rest        REST
    server      both, and the people there
"""
