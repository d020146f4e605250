"""The control socket: how other processes use the sessions of a state directory that one process owns.

Reading order; a module imports only from those above it:

    socket_file         where the socket stands, and how it is reached
    socket_stream       a socket as a stream of bytes
    private_file        bytes on their way from one process to another
    transcript_file     a transcript, likewise
    protocol            requests and answers, one a line
    owner               what is asked of the owner besides the methods of a session
    operations          the table of all that can be asked
    client_connection   many calls over one connection
    client              calls to the owner, over a connection that is made when it is needed
    remote_pairings     pairings, as another process has them
    remote              the supervisor and the sessions, as another process has them
    server_connection   the connection of one client
    server              the owner's end
"""
