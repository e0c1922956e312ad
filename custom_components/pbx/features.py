"""What a phone, a slot, an agent or a queue can do, as bits of its primary entity.

The editor's tab *By target* and the filters of fields know domains, device classes and
`supported_features` only; so these say which actions, triggers and conditions fit a device.
"""

from collections.abc import Mapping
from enum import IntFlag

from homeassistant.components.media_player.const import MediaPlayerEntityFeature

from .devices import SubjectKind
from .providers.base import Provider
from .telephony.models import Capability

PRIMARY: Mapping[SubjectKind, str] = {
    SubjectKind.EXTENSION: "call_state",
    SubjectKind.SLOT: "call",
    SubjectKind.AGENT: "status",
    SubjectKind.QUEUE: "waiting",
    SubjectKind.ACCOUNT: "active_calls",
}
"""The key of the sensor that stands for each kind of subject."""


class PbxFeature(IntFlag):
    """What can be done with a subject.

    A YAML description can name bits only as members of an enumeration of Home Assistant's own; each
    value here is one of `MediaPlayerEntityFeature`, by whose name the descriptions call it.
    """

    PHONE = 1
    AGENT = 2
    QUEUE = 4
    ACCOUNT = 8
    SLOT = 16
    CALL = 32
    CLICK_TO_CALL = 128
    ANSWER = 256
    HANGUP = 512
    HOLD = 1024
    UNHOLD = 2048
    TOGGLE_HOLD = 4096
    MUTE = 8192
    UNMUTE = 16384
    TRANSFER = 32768
    SEND_DTMF = 65536
    SPY = 131072
    EXPERT_CALL = 262144
    LOG_IN = 524288
    PAUSE = 1048576
    MEMBER = 2097152
    STATUS = 4194304


KINDS: Mapping[SubjectKind, PbxFeature] = {
    SubjectKind.EXTENSION: PbxFeature.PHONE,
    SubjectKind.SLOT: PbxFeature.SLOT,
    SubjectKind.AGENT: PbxFeature.AGENT,
    SubjectKind.QUEUE: PbxFeature.QUEUE,
    SubjectKind.ACCOUNT: PbxFeature.ACCOUNT,
}
OF_CALLS: Mapping[Capability, PbxFeature] = {
    Capability.ANSWER: PbxFeature.ANSWER,
    Capability.HANGUP: PbxFeature.HANGUP,
    Capability.HOLD: PbxFeature.HOLD,
    Capability.UNHOLD: PbxFeature.UNHOLD,
    Capability.TOGGLE_HOLD: PbxFeature.TOGGLE_HOLD,
    Capability.MUTE: PbxFeature.MUTE,
    Capability.UNMUTE: PbxFeature.UNMUTE,
    Capability.TRANSFER: PbxFeature.TRANSFER,
    Capability.SEND_DTMF: PbxFeature.SEND_DTMF,
    Capability.SPY: PbxFeature.SPY,
}
OF_PHONES: Mapping[Capability, PbxFeature] = {
    Capability.ORIGINATE: PbxFeature.CALL,
    Capability.CLICK_TO_CALL: PbxFeature.CLICK_TO_CALL,
    **OF_CALLS,
}
OF_AGENTS: Mapping[Capability, PbxFeature] = {
    Capability.AGENT_LOGIN: PbxFeature.LOG_IN,
    Capability.AGENT_PAUSE: PbxFeature.PAUSE,
    Capability.QUEUE_ADD: PbxFeature.MEMBER,
    Capability.GET_AGENT_STATUS: PbxFeature.STATUS,
}
OF: Mapping[SubjectKind, Mapping[Capability, PbxFeature]] = {
    SubjectKind.EXTENSION: OF_PHONES,
    SubjectKind.SLOT: OF_CALLS,
    SubjectKind.AGENT: OF_AGENTS,
}


def feature_named(name: str) -> int:
    """Return the bit that a description in YAML calls by the name of one of Home Assistant's.

    It is "media_player.MediaPlayerEntityFeature.PAUSE" or the like.
    """
    return MediaPlayerEntityFeature[name.rpartition(".")[2]].value


def features_of(provider: Provider, kind: SubjectKind) -> PbxFeature:
    """Return what can be done with a subject of a kind at this phone system."""
    found = KINDS[kind]
    for capability, feature in OF.get(kind, {}).items():
        if capability in provider.capabilities:
            found |= feature
    expert = provider.fields.get(Capability.ORIGINATE, frozenset())
    if PbxFeature.CALL in found and "dialplan" in expert:
        found |= PbxFeature.EXPERT_CALL
    return found
