"""The outbox: messages owed to a channel are given to its reader until they were delivered.

Reading order; each imports only those above it:

    delivery_queue  the sessions that may owe something to one channel
    deliveries      a delivery, and the reader of one channel
    outbox          the readers of all channels, and the view of what is owed
"""
