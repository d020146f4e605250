"""The control socket: how other processes use the sessions of a state directory that one process owns.

Read in this order:

    socket_file       where the socket stands, and how it is reached
    transcript_file   a transcript on its way from one process to another
    protocol          requests and answers, one a line
    client            the sessions as another process has them
    server            the owner's end
"""
