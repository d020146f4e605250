"""Access to a gateway: who asks, and what is refused before anything is done.

Reading order; each imports only those above it:

    caller           a caller and the scopes
    requests         headers of requests, read strictly
    files            private files in the state directory, changed by several processes
    tokens           access tokens, hashed
    sign_in          codes that are taken once, and cookies
    origins          hosts and origins that are the gateway's own
    live             requests under way, which end after their tokens
    authentication   from headers to a token
    exchanges        a request and its response
    limits           bodies, rates, new sessions
    view             the sessions as one caller sees them
    guard            the middleware, of all that
    signing          sign-in over HTTP
"""
