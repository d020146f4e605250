"""The system calls of the store: private, whole and durable files, symbolic links, the lock."""
