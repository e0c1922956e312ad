"""What each action is given, the command that must come of it, and how a test calls one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.services import ACTIONS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import AgentRef, Direction

from .fake_provider import FakeProvider

type Data = dict[str, Any]


BY_NAME = {action.name: action for action in ACTIONS}


ROME = "+390612345678"


LONDON = "+442079460123"


FULL_CONTACT = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "number": ROME,
    "numbers": [ROME, LONDON],
    "email": "ada@example.com",
    "emails": ["ada@example.com", "rossi@example.com"],
    "company": "Bakery",
    "job_title": "Baker",
    "website": "https://bakery.example",
    "source": "shop",
    "source_url": "https://shop.example/1",
    "groups": ["suppliers"],
    "notes": "Knows everything about bread",
}


CONTACT = m.Contact(
    **{key: tuple(value) if isinstance(value, list) else value for key, value in FULL_CONTACT.items()}  # type: ignore[arg-type]
)


# What each action is given, and the command that must come of it; `CALL` stands for a call.
CALL = object()


EVERY_ACTION: dict[str, tuple[Data, str, tuple[object, ...]]] = {
    "originate": (
        {
            "extension": "101",
            "number": "tel:+39 06 1234 5678",
            "caller_id_number": "+44 20 7946 0123",
            "caller_id_name": "Reception",
            "ring_timeout": 30,
            "extension_type": "internal",
            "dialplan": "sales",
            "custom_cdr": ["a", "b"],
            "recording_filename": "call1",
            "recording_path": "2026",
            "check_extension": True,
            "check_ip_host": "10.0.0.1",
            "check_ip_contact": "10.0.0.2",
        },
        "originate",
        (
            m.Originate(
                extension="101",
                number=ROME,
                caller_id_number=LONDON,
                caller_id_name="Reception",
                ring_timeout=30,
                extension_type=m.ExtensionType.INTERNAL,
                dialplan="sales",
                custom_cdr=("a", "b"),
                recording_filename="call1",
                recording_path="2026",
                check_extension=True,
                check_ip_host="10.0.0.1",
                check_ip_contact="10.0.0.2",
            ),
        ),
    ),
    "click_to_call": (
        {"extension": "101", "number": "102", "caller_id_number": LONDON, "dial_first": "contact"},
        "click_to_call",
        (m.Originate(extension="101", number="102", caller_id_number=LONDON, dial_first=m.DialFirst.CONTACT),),
    ),
    "dial": (
        {"number": ROME, "context": "menu", "route_name": "out", "hangup_context": "bye"},
        "dial",
        (m.Dial(number=ROME, context="menu", route_name="out", hangup_context="bye"),),
    ),
    "get_click_to_calls": ({"click_to_call_id": "8ff3"}, "click_to_calls", ("8ff3",)),
    "delete_click_to_call": ({"click_to_call_id": "8ff3"}, "delete_click_to_call", ("8ff3",)),
    "answer": ({"call_id": "c1"}, "answer", (CALL,)),
    "hold": ({"call_id": "c1"}, "hold", (CALL,)),
    "unhold": ({"call_id": "c1"}, "unhold", (CALL,)),
    "toggle_hold": ({"call_id": "c1"}, "toggle_hold", (CALL,)),
    "mute": ({"call_id": "c1"}, "mute", (CALL,)),
    "unmute": ({"call_id": "c1"}, "unmute", (CALL,)),
    "hangup": ({"call_id": "c1", "cause": "BUSY"}, "hangup", (CALL, "BUSY")),
    "transfer": (
        {"call_id": "c1", "number": "102", "type": "attended"},
        "transfer",
        (CALL, "102", m.TransferType.ATTENDED),
    ),
    "send_dtmf": (
        {"call_id": "c1", "digits": "12*#a", "heard_by": "own_phone"},
        "send_dtmf",
        (CALL, "12*#A", m.HeardBy.OWN_PHONE),
    ),
    "spy": (
        {
            "extension": "+390699",
            "extension_type": "public",
            "target_extension": "7",
            "target_type": "id",
            "dialplan": "spy",
            "caller_id_number": LONDON,
            "caller_id_name": "Boss",
            "mode": "whisper",
        },
        "spy",
        (
            m.Spy(
                extension="+390699",
                extension_type=m.ExtensionType.PUBLIC,
                target_extension="7",
                target_type=m.ExtensionType.ID,
                dialplan="spy",
                caller_id_number=LONDON,
                caller_id_name="Boss",
                mode=m.SpyMode.WHISPER,
            ),
        ),
    ),
    "park": ({"call_id": "c1"}, "park", (CALL,)),
    "retrieve": ({"call_id": "c1", "extension": "101"}, "retrieve", (CALL, "101")),
    "start_recording": ({"call_id": "c1", "filename": "lawyer.wav"}, "start_recording", (CALL, "lawyer.wav")),
    "stop_recording": ({"call_id": "c1"}, "stop_recording", (CALL,)),
    "play_sound": (
        {"extension": "101", "sound": "custom/doorbell", "auto_answer": True},
        "play_sound",
        (m.PlaySound(extension="101", sound="custom/doorbell", auto_answer=True),),
    ),
    "set_lamp": ({"lamp": "laundry", "state": "ringing"}, "set_lamp", ("laundry", m.LampState.RINGING)),
    "raw_action": (
        {"name": "CoreStatus", "parameters": {"Key": "101", "Variable": ["a=1", "b=2"]}},
        "raw_action",
        ("CoreStatus", {"Key": "101", "Variable": ("a=1", "b=2")}),
    ),
    "announce": (
        {"number": ROME, "message": " Water in the cellar ", "caller_id_number": LONDON},
        "announce",
        (ROME, "Water in the cellar", LONDON),
    ),
    "send_sms": ({"number": ROME, "message": "Hello", "sender": "House"}, "send_sms", (ROME, "Hello", "House")),
    "agent_login": (
        {"agent": "501", "pin": "77", "extension": "101", "queue": "600"},
        "agent_login",
        (AgentRef(id="a1", pin="77", extension="101", queue="q1"),),
    ),
    "agent_logout": ({"agent": "501", "queue": "600"}, "agent_logout", (AgentRef(id="a1", queue="q1"),)),
    "agent_pause": ({"agent": "501"}, "agent_pause", (AgentRef(id="a1"),)),
    "agent_unpause": ({"agent": "501"}, "agent_unpause", (AgentRef(id="a1"),)),
    "queue_add": (
        {"queue": "600", "agent": "501", "penalty": 3},
        "queue_add",
        (m.QueueMember(queue="q1", agent=AgentRef(id="a1", queue="q1"), penalty=3),),
    ),
    "queue_remove": (
        {"queue": "600", "extension": "101"},
        "queue_remove",
        (m.QueueMember(queue="q1", extension="101"),),
    ),
    "get_call_history": (
        {
            "start": "2026-10-05 10:00:00",
            "end": "2026-10-05T12:00:00+02:00",
            "number": ROME,
            "extension": "101",
            "direction": "incoming",
            "search": "Rossi",
            "limit": 5,
            "offset": 10,
            "sort": "oldest",
            "sort_by": "duration",
            "record_id": "r1",
            "call_id": "c1",
            "format": "csv",
        },
        "history",
        (
            m.HistoryQuery(
                start=datetime(2026, 10, 5, 8, tzinfo=UTC),
                end=datetime(2026, 10, 5, 10, tzinfo=UTC),
                number=ROME,
                extension="101",
                direction=Direction.INCOMING,
                search="Rossi",
                limit=5,
                offset=10,
                sort=m.Sort.OLDEST,
                sort_by="duration",
                record_id="r1",
                call_id="c1",
                csv=True,
            ),
        ),
    ),
    "get_call_statistics": (
        {"start": "2026-10-05 10:00:00"},
        "statistics",
        (datetime(2026, 10, 5, 8, tzinfo=UTC), None),
    ),
    "get_agent_status": ({"agent": "501", "pin": "77"}, "agent_status", (AgentRef(id="a1", pin="77"),)),
    "get_queue_status": ({"queue": "Support"}, "queue_status", ("q1",)),
    "search_contacts": (
        {
            "name": "Ada",
            "first_name": "A",
            "last_name": "R",
            "number": ROME,
            "email": "ada@",
            "contact_id": "7",
            "limit": 2,
            "offset": 4,
        },
        "search_contacts",
        (
            m.ContactQuery(
                name="Ada", first_name="A", last_name="R", number=ROME, email="ada@", contact_id="7", limit=2, offset=4
            ),
        ),
    ),
    "create_contact": (FULL_CONTACT, "create_contact", (CONTACT,)),
    "update_contact": (
        {"contact_id": "7", "company": "Mill"},
        "update_contact",
        (m.Contact(id="7", company="Mill"),),
    ),
    "delete_contact": ({"contact_id": "7"}, "delete_contact", ("7",)),
    "move_recording": (
        {"record_id": "r1", "filename": "a", "path": "b"},
        "move_recording",
        ("r1", "a", "b"),
    ),
}


async def act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Call an action, and give its answer if it has one."""
    wants = BY_NAME[action].response is not SupportsResponse.NONE
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=wants)


async def refused(hass: HomeAssistant, action: str, **data: Any) -> tuple[str | None, dict[str, str]]:
    """Call an action that must be refused as wrong input, and say how."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, action, **data)
    return raised.value.translation_key, dict(raised.value.translation_placeholders or {})


def commands(fake: type[FakeProvider]) -> list[str]:
    """List what was asked of the phone system beside polls."""
    return [name for name, _ in fake.script.asked if name not in ("account", "calls", "directory")]


def plain(answer: Any) -> Any:
    """Give an answer as it arrives at a caller over HTTP; it must be JSON."""
    return json_loads(json_bytes(answer))
