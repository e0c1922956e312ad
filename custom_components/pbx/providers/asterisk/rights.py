"""What an account of an Asterisk can do, and the rights of a manager user that it takes."""

from collections.abc import Mapping

from ...telephony.models import Capability

# What an account can do, by the action of the manager interface that it takes.
NEEDS: Mapping[str, Capability] = {
    "CoreShowChannels": Capability.CALLS | Capability.STREAM,
    "DeviceStateList": Capability.REGISTRATION | Capability.DND,
    "VoicemailUsersList": Capability.VOICEMAIL_COUNT,
    "QueueStatus": Capability.AGENTS
    | Capability.QUEUES
    | Capability.QUEUE_FIGURES
    | Capability.GET_AGENT_STATUS
    | Capability.GET_QUEUE_STATUS,
    "Originate": Capability.ORIGINATE
    | Capability.CLICK_TO_CALL
    | Capability.SPY
    | Capability.RETRIEVE
    | Capability.PLAY_SOUND,
    "Ping": Capability.RAW_ACTION,
    "Hangup": Capability.HANGUP,
    "BlindTransfer": Capability.TRANSFER,
    "PlayDTMF": Capability.SEND_DTMF,
    "MuteAudio": Capability.MUTE | Capability.UNMUTE,
    "QueueAdd": Capability.AGENT_LOGIN | Capability.QUEUE_ADD | Capability.QUEUE_LOGIN,
    "QueueRemove": Capability.AGENT_LOGOUT | Capability.QUEUE_REMOVE,
    "QueuePause": Capability.AGENT_PAUSE | Capability.AGENT_UNPAUSE,
    "Park": Capability.PARK,
    "MixMonitor": Capability.START_RECORDING,
    "StopMixMonitor": Capability.STOP_RECORDING,
    "Setvar": Capability.SET_LAMP,
}
NEEDS_FREEPBX = Capability.SET_DND | Capability.FORWARDING
CLASSES = {
    "CoreShowChannels": "reporting",
    "DeviceStateList": "call",
    "Hangup": "call",
    "Originate": "originate",
    "QueueAdd": "agent",
}
"""The class of rights that allows an action, for those that every account should have."""

POSSIBLE = NEEDS_FREEPBX
for _needed in NEEDS.values():
    POSSIBLE |= _needed
"""What an account can at most do."""

FIELDS: Mapping[Capability, frozenset[str]] = {
    Capability.ORIGINATE: frozenset({"ring_timeout", "dialplan", "auto_answer"}),
    Capability.CLICK_TO_CALL: frozenset(),
    Capability.HANGUP: frozenset({"cause"}),
    Capability.PLAY_SOUND: frozenset({"auto_answer"}),
    Capability.RAW_ACTION: frozenset({"parameters"}),
    Capability.TRANSFER: frozenset({"type"}),
    Capability.SEND_DTMF: frozenset({"heard_by"}),
    Capability.QUEUE_ADD: frozenset({"agent", "extension", "penalty"}),
    Capability.QUEUE_REMOVE: frozenset({"agent", "extension"}),
    Capability.GET_AGENT_STATUS: frozenset({"agent"}),
    Capability.AGENT_LOGIN: frozenset({"agent", "queue", "extension"}),
    Capability.AGENT_LOGOUT: frozenset({"agent", "queue"}),
    Capability.AGENT_PAUSE: frozenset({"agent", "queue", "reason"}),
    Capability.AGENT_UNPAUSE: frozenset({"agent", "queue"}),
    Capability.SPY: frozenset({"caller_id_number", "caller_id_name", "mode"}),
}
"""The optional fields that each command honours."""
