"""What an HTTP API user of a VoIPSUN PBX may do, and which fields its actions take."""

from collections.abc import Mapping

from ...telephony.models import Capability

# The phone system's own names of its permissions.
ORIGINATE = "Originate"
HANG_UP = "Hang up call"
CALL_LIST = "Call list"
SIP_STATUS = "SIP status"
EAVESDROP = "Eavesdrop"
CALL_CENTER = "Call center"
MOVE_RECORDINGS = "Move audio recordings"

PERMISSIONS = {
    ORIGINATE: Capability.ORIGINATE | Capability.CLICK_TO_CALL | Capability.DIAL,
    HANG_UP: Capability.HANGUP,
    CALL_LIST: Capability.CALLS,
    SIP_STATUS: Capability.REGISTRATION,
    EAVESDROP: Capability.SPY,
    CALL_CENTER: (
        Capability.AGENTS
        | Capability.QUEUES
        | Capability.QUEUE_FIGURES
        | Capability.AGENT_LOGIN
        | Capability.AGENT_LOGOUT
        | Capability.AGENT_PAUSE
        | Capability.AGENT_UNPAUSE
        | Capability.QUEUE_ADD
        | Capability.QUEUE_REMOVE
        | Capability.GET_AGENT_STATUS
        | Capability.GET_QUEUE_STATUS
    ),
    MOVE_RECORDINGS: Capability.MOVE_RECORDING,
}
PROBES = {CALL_LIST: "listcalls", SIP_STATUS: "sipstatus"}

FIELDS: Mapping[Capability, frozenset[str]] = {
    Capability.ORIGINATE: frozenset(
        {
            "caller_id_number",
            "caller_id_name",
            "extension_type",
            "dialplan",
            "custom_cdr",
            "recording_filename",
            "recording_path",
            "check_extension",
            "check_ip_host",
            "check_ip_contact",
        }
    ),
    Capability.CLICK_TO_CALL: frozenset({"caller_id_number", "dialplan"}),
    Capability.DIAL: frozenset({"route_name", "route_id", "context", "hangup_context"}),
    Capability.SPY: frozenset(
        {
            "call",
            "target_extension",
            "target_type",
            "extension_type",
            "dialplan",
            "caller_id_number",
            "caller_id_name",
        }
    ),
    Capability.AGENT_LOGIN: frozenset({"agent", "pin", "extension", "dialplan"}),
    Capability.AGENT_LOGOUT: frozenset({"agent", "pin"}),
    Capability.AGENT_PAUSE: frozenset({"agent", "pin"}),
    Capability.AGENT_UNPAUSE: frozenset({"agent", "pin"}),
    Capability.QUEUE_ADD: frozenset({"agent", "pin", "extension", "dialplan", "penalty"}),
    Capability.QUEUE_REMOVE: frozenset({"agent", "pin", "extension", "dialplan"}),
    Capability.GET_AGENT_STATUS: frozenset({"agent", "pin"}),
    Capability.MOVE_RECORDING: frozenset({"filename", "path"}),
}
