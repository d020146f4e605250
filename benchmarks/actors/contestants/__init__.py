"""Who answers: our sessions, the floor, and the peers, each as its own documentation has it.

A class here keeps to `Contestant`. The peers' actors do nothing but answer; ours decides, remembers the id, tells the
subscribers, and appends the records of message and reply.
"""
