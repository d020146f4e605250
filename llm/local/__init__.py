"""A model on this machine, run by llama.cpp in a process of its own.

Reading order:

    weights    the file of a model: where it is, and what its head says
    serve      the program of the process
    server     the process, as it is started, asked and ended
    requests   requests as chat templates take them
    model      the model
"""

from argentos.llm.local.model import LocalModel

__all__ = ["LocalModel"]
