"""Who stores messages: ours, and the peers, each as its own documentation has it.

A module here has `opened(folder, sessions)`: an asynchronous context manager that makes `sessions` sessions in the
folder and gives an `Append`.
"""
