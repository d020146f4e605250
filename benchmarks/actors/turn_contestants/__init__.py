"""Contestants that keep a durable conversation: ours, and the session stores of peers, as their documentation has them.

A module here has `opened(folder, sessions)`: an asynchronous context manager that gives a `Turn`. A turn reads the
conversation so far, as a model would be asked with it, and makes a question and its answer durable. No model is
asked: the answer is a constant. After `CONVERSATION` turns a session begins a new conversation, with all of them.
"""
