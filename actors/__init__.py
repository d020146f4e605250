"""Actors that own a session each, and the supervisor that runs them."""

from argentos.actors.agents import Agent
from argentos.actors.approvals import Approval
from argentos.actors.control.owner import OwnerInfo
from argentos.actors.control.remote import RemoteSupervisor
from argentos.actors.core.models.previews import CompactionPreview
from argentos.actors.core.turn import Turn
from argentos.actors.events import (
    CursorExpired,
    Event,
    EventsMissed,
    PairingsChanged,
    RecordAppended,
    SessionDeleted,
    SessionParked,
    SessionRestarted,
    SessionUnparked,
    Subscription,
    SupervisorDraining,
)
from argentos.actors.health import Health
from argentos.actors.info import SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.lifecycles.known_events import AskedGuard, KnownEvent, Lifecycle
from argentos.actors.outbox.deliveries import Deliveries, Delivery
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.pairing.book import Act, PairedPerson, Pairing, PairingBook, SessionPairing
from argentos.actors.pairing.desk import PairingCode, PairingDesk
from argentos.actors.routing.platforms import discord_address, telegram_address
from argentos.actors.routing.route import Route
from argentos.actors.routing.rules import RouteRule
from argentos.actors.routing.senders import Sender
from argentos.actors.routing.settings import AccountSettings, RoutingSettings
from argentos.actors.sessions.catalogue import Catalogue, InfoPage
from argentos.actors.sessions.commanding import CommandAnswer
from argentos.actors.sessions.session import Session
from argentos.actors.settings.config import Config, parse_duration, parse_size
from argentos.actors.supervisor import Supervisor
from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage, TranscriptSummary
from argentos.concurrency.clock import Clock, ManualClock, SystemClock

__all__ = [
    "AccountSettings",
    "Act",
    "Agent",
    "Approval",
    "AskedGuard",
    "Catalogue",
    "Clock",
    "CommandAnswer",
    "CompactionPreview",
    "Config",
    "CursorExpired",
    "Deliveries",
    "Delivery",
    "Event",
    "EventsMissed",
    "Health",
    "InfoPage",
    "KnownEvent",
    "Lifecycle",
    "ManualClock",
    "OwedMessage",
    "OwnerInfo",
    "PairedPerson",
    "Pairing",
    "PairingBook",
    "PairingCode",
    "PairingDesk",
    "PairingsChanged",
    "RecordAppended",
    "RemoteSupervisor",
    "Route",
    "RouteRule",
    "RoutingSettings",
    "Sender",
    "Session",
    "SessionDeleted",
    "SessionInfo",
    "SessionPairing",
    "SessionParked",
    "SessionRestarted",
    "SessionUnparked",
    "Subscription",
    "Supervisor",
    "SupervisorDraining",
    "SupervisorInterface",
    "SystemClock",
    "Transcript",
    "TranscriptMessage",
    "TranscriptSummary",
    "Turn",
    "discord_address",
    "parse_duration",
    "parse_size",
    "telegram_address",
]
