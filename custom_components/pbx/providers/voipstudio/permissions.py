"""What an account at VoIPstudio can do, and which list each of it is needed for."""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from ...telephony.models import Capability

# A list this key may not read takes its capabilities away.
NEEDS: Mapping[str, Capability] = {
    "calls": Capability.CALLS,
    "users": Capability.DND,
    "queues": (
        Capability.AGENTS
        | Capability.QUEUES
        | Capability.QUEUE_LOGIN
        | Capability.AGENT_LOGIN
        | Capability.AGENT_LOGOUT
        | Capability.GET_AGENT_STATUS
        | Capability.GET_QUEUE_STATUS
    ),
    "cdrs": Capability.GET_CALL_HISTORY | Capability.GET_CALL_STATISTICS,
    "monitors": Capability.RECORDINGS,
    "voicemessages": Capability.VOICEMAILS | Capability.VOICEMAIL_COUNT,
    "contacts": (
        Capability.SEARCH_CONTACTS
        | Capability.CREATE_CONTACT
        | Capability.UPDATE_CONTACT
        | Capability.DELETE_CONTACT
    ),
    "sms": Capability.SEND_SMS,
}
ALWAYS = (
    Capability.WEBHOOK
    | Capability.ORIGINATE
    | Capability.CLICK_TO_CALL
    | Capability.ANSWER
    | Capability.HANGUP
    | Capability.TRANSFER
    | Capability.ANNOUNCE
)
PROBED = ("queues", "cdrs", "monitors", "contacts", "sms")  # the polls find out about the others
HISTORY_FIELDS = frozenset(
    {"start", "end", "number", "extension", "direction", "search", "limit", "offset", "sort"}
)
CONTACT_FIELDS = frozenset(
    {"first_name", "last_name", "number", "numbers", "email", "groups", "notes"}
)
POSSIBLE = reduce(or_, NEEDS.values(), ALWAYS)
