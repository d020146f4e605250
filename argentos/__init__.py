"""Conversation sessions as actors that own a state machine read from its diagram.

The names below are the public API. Each is imported from its folder when it is first used, so that importing
`argentos.machines` alone, say, loads no model client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argentos.actors import (
        Agent,
        Config,
        CursorExpired,
        Deliveries,
        Delivery,
        Event,
        EventsMissed,
        Health,
        ManualClock,
        OwedMessage,
        OwnerInfo,
        RecordAppended,
        RemoteSession,
        RemoteSupervisor,
        Session,
        SessionDeleted,
        SessionInfo,
        SessionInterface,
        SessionParked,
        SessionRestarted,
        SessionUnparked,
        Subscription,
        Supervisor,
        SupervisorDraining,
        SupervisorInterface,
        SystemClock,
        Turn,
    )
    from argentos.errors import ArgentError
    from argentos.llm import AnthropicModel, Emit, Model, OfflineModel, ReplayModel, Reply, Request
    from argentos.storage import Address, FileStore, MemoryStore, Message

__all__ = [
    "Address",
    "Agent",
    "AnthropicModel",
    "ArgentError",
    "Config",
    "CursorExpired",
    "Deliveries",
    "Delivery",
    "Emit",
    "Event",
    "EventsMissed",
    "FileStore",
    "Health",
    "ManualClock",
    "MemoryStore",
    "Message",
    "Model",
    "OfflineModel",
    "OwedMessage",
    "OwnerInfo",
    "RecordAppended",
    "RemoteSession",
    "RemoteSupervisor",
    "ReplayModel",
    "Reply",
    "Request",
    "Session",
    "SessionDeleted",
    "SessionInfo",
    "SessionInterface",
    "SessionParked",
    "SessionRestarted",
    "SessionUnparked",
    "Subscription",
    "Supervisor",
    "SupervisorDraining",
    "SupervisorInterface",
    "SystemClock",
    "Turn",
    "__version__",
]

__version__ = "0.1.0"

_FOLDERS: Final = {
    "actors": {
        "Agent",
        "Config",
        "CursorExpired",
        "Deliveries",
        "Delivery",
        "Event",
        "EventsMissed",
        "Health",
        "ManualClock",
        "OwedMessage",
        "OwnerInfo",
        "RecordAppended",
        "RemoteSession",
        "RemoteSupervisor",
        "Session",
        "SessionDeleted",
        "SessionInfo",
        "SessionInterface",
        "SessionParked",
        "SessionRestarted",
        "SessionUnparked",
        "Subscription",
        "Supervisor",
        "SupervisorDraining",
        "SupervisorInterface",
        "SystemClock",
        "Turn",
    },
    "errors": {"ArgentError"},
    "llm": {"AnthropicModel", "Emit", "Model", "OfflineModel", "ReplayModel", "Reply", "Request"},
    "storage": {"Address", "FileStore", "MemoryStore", "Message"},
}


def __getattr__(name: str) -> Any:
    for folder, names in _FOLDERS.items():
        if name in names:
            return getattr(import_module(f"argentos.{folder}"), name)
    raise AttributeError(f"module 'argentos' has no attribute {name!r}")
