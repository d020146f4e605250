"""The process that serves a gateway.

Reading order; each imports only those above it:

    logs          the log, without any text of messages
    systemd       readiness, watchdog, and sockets of systemd
    listening     listening sockets
    connections   connections, each bounded
    server        uvicorn, ending in order
    settings      the settings of the gateway
    agents        its agents
    running       the gateway as other processes find it
    serving       all of it
"""
