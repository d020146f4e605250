"""The system calls of the store.

Reading order; each imports only those above it:

    symlinks      symbolic links, which are refused
    permissions   private to one owner
    reading       files and folders read
    durable       files and folders changed, whole and lasting
    lock_holder   the process that holds a lock, named
    lock          one owner
"""
