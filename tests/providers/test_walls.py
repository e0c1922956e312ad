"""What strangers write gets into every provider through the same walls: numbers, names, bytes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import pytest

from custom_components.pbx.providers.asterisk.ami import Framer, Message, read_message
from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.providers.asterisk.channels import party as asterisk_party
from custom_components.pbx.providers.http import Reply
from custom_components.pbx.providers.parties import read_party
from custom_components.pbx.providers.voipat import payload as voipat
from custom_components.pbx.providers.voipat.calls import read_channels
from custom_components.pbx.providers.voipat.push import read_webhook
from custom_components.pbx.providers.voipstudio import history as voipstudio_history
from custom_components.pbx.providers.voipstudio import payload as voipstudio
from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.payload import call_rows
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.providers.voxloud import payload as voxloud
from custom_components.pbx.providers.voxloud import push as voxloud_push
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap

from .voipstudio.account import read_push

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
DOMAIN = "pbx.example.com"
STREAMS = Path(__file__).parent / "asterisk" / "streams"

type Reader = Callable[[str, str, str], m.Party]


def encoded(body: object, encoding: str = "utf-8") -> bytes:
    """Write a body as JSON without escapes."""
    return json.dumps(body, ensure_ascii=False).encode(encoding, "surrogatepass" if "utf" in encoding else "strict")


def tenant(country: str) -> voipat.Tenant:
    """Make an account of VOIP@ with one extension."""
    return voipat.Tenant(domain=DOMAIN, country=country, extensions=("101",), complete=True)


def voipat_webhook(number: str, name: str, country: str, encoding: str = "utf-8") -> m.Party:
    """Let the browser's phone tell of a caller."""
    body = {"event": "new_call", "caller_id": number, "caller_name": name, "destination": "101", "direction": "inbound"}
    body |= {"extension": "101", "call_id": "x1", "domain": DOMAIN}
    request = m.PushRequest(method="POST", query={}, content_type="application/json", body=encoded(body, encoding))
    (push,) = read_webhook(request, tenant(country), ())
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller


def voipat_channel(number: str, name: str, country: str) -> m.Party:
    """Let the switch list a caller."""
    row = {"uuid": "a", "direction": "inbound", "callstate": "RINGING", "context": DOMAIN, "dest": "101"}
    (call,) = read_channels(
        [row | {"cid_num": number, "cid_name": name}], tenant(country), BoundedMap(1), BoundedMap(1)
    ).calls
    return call.caller


def voipat_record(number: str, name: str, country: str) -> m.Party:
    """Let the switch's record tell who called."""
    row = {"xml_cdr_uuid": "u", "domain_name": DOMAIN, "direction": "inbound", "destination_number": "101"}
    record = voipat.read_record(row | {"caller_id_number": number, "caller_id_name": name}, tenant(country))
    assert record is not None
    return record.caller


def voxloud_webhook(number: str, name: str, country: str, encoding: str = "utf-8") -> m.Party:
    """Let Voxloud tell of a caller."""
    data = {"callId": "c", "type": "INCOMING", "originatorNumber": number, "originatorName": name, "userExtension": 101}
    body = json.loads(encoded({"type": "CALL_INCOMING", "data": data}, encoding).decode(encoding, "surrogatepass"))
    push = voxloud_push.read_push(body, voxloud.Book(country=country))
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller


def voxloud_record(number: str, name: str, country: str) -> m.Party:
    """Let Voxloud's history tell who called."""
    row = {"id": "1", "callId": "c", "direction": "INBOUND", "lastEvent": "CALL_LOST_NO_ANSWER"}
    row |= {"originatorNumber": number, "originatorName": name, "destinationNumber": "+390655501000"}
    record = voxloud.read_record(row, voxloud.Book(country=country))
    assert record is not None
    return record.caller


def voipstudio_webhook(number: str, name: str, country: str, encoding: str = "utf-8") -> m.Party:
    """Let VoIPstudio tell of a caller."""
    body = {"id": "u.1.1", "event_name": "call.ringing", "call_id": 1, "root_call_id": 1, "state": "RINGING"}
    body |= {
        "src": number,
        "src_id": "0",
        "src_name": name,
        "dst": "442079460500",
        "dst_id": "10002",
        "destination": "in",
    }
    users = [{"id": 10002, "ext": "1002"}]
    book = voipstudio.book(users, complete=True, country=country, queues={})
    push = read_push(encoded(body, encoding), book)[0]
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller


def voipsun_row(number: str, name: str, country: str) -> m.Party:
    """Let a VoIPSUN PBX list a caller; it knows no names."""
    row = {"channelName": "SIP/trunk-0000000a", "src": number, "dst": "101", "duration": "3", "status": "Ring"}
    tracker = CallTracker(Lines(read_phones({"sip101": {"number": "101"}, "trunk": {"hidden": True}}), country))
    (call,) = tracker.update(call_rows([row]), NOW, NOW, {})
    assert call.caller.name == ""
    return m.Party(number=call.caller.number, name=name and read_party("", name).name, hidden=call.caller.hidden)


@cache
def recorded() -> tuple[Message, ...]:
    """Read what an Asterisk said of a call from outside, up to its first ring."""
    text = (STREAMS / "01_inbound_answered.txt").read_text(encoding="utf-8")
    messages = [read_message(block.replace("\n", "\r\n")) for block in text.strip().split("\n\n")]
    rings = next(place for place, message in enumerate(messages) if message.get("ChannelState") == "5")
    return tuple(messages[: rings + 1])


def asterisk_events(number: str, name: str, country: str) -> m.Party:
    """Let an Asterisk tell of a caller."""
    calls = Calls(lambda channel: "101" if channel.startswith("PJSIP/101-") else None, frozenset({"101"}), country)
    told = {"420777123456": number, "John Caller": name}
    for message in recorded():
        calls.take({key: told.get(value, value) for key, value in message.items()}, NOW)
    calls.tick(NOW + timedelta(seconds=30))
    push = calls.pushes[0]
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller


READERS = {
    reader.__name__: reader
    for reader in (
        voipat_webhook,
        voipat_channel,
        voipat_record,
        voxloud_webhook,
        voxloud_record,
        voipstudio_webhook,
        voipsun_row,
        asterisk_events,
    )
}
everywhere = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@everywhere
@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("4915123456789", "DE", "+4915123456789"),
        ("390612345678", "DE", "+390612345678"),
        ("442079460123", "DE", "+442079460123"),
        ("33612345678", "IT", "+33612345678"),
        ("34612345678", "AT", "+34612345678"),
        ("420777123456", "CZ", "+420777123456"),
        ("00390612345678", "DE", "+390612345678"),
        ("0612345678", "IT", "+390612345678"),
        ("011442079460123", "US", "+442079460123"),
        ("\u202a+49 151 23456789\u202c", "DE", "+4915123456789"),
        ("sip:+4930123456@sip.example.com", "DE", "+4930123456"),
        ("sip:030123456@sip.example.com;user=phone", "DE", "+4930123456"),
        ("sips:+4930123456@sip.example.com", "DE", "+4930123456"),
        ("030123456@sip.example.com", "DE", "+4930123456"),
        ("<sip:+4930123456@sip.example.com>", "DE", "+4930123456"),
        ("tel:+49-30-123456", "DE", "+4930123456"),
        ("4930123456.0", "DE", "+4930123456"),
        ("tel:123456;phone-context=+4930", "DE", "+4930123456"),
        ("+4930123456;ext=12", "DE", "+4930123456"),
        ("+49 30 123456 ext. 12", "DE", "+4930123456"),
        ("sip:%2B49%2030%20123456@sip.example.com", "DE", "+4930123456"),
        ("\uff0b\uff14\uff19\uff13\uff10123456", "DE", "+4930123456"),
        ("\u0660\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666", "DE", "+4930123456"),
        ("\u200f+4930123456\u200e", "DE", "+4930123456"),
        ('"+4930123456"', "DE", "+4930123456"),
    ],
)
def test_the_number_of_a_caller(reader: Reader, written: str, country: str, number: str) -> None:
    """With its plus, wherever the phone system left it."""
    caller = reader(written, "Anna", country)
    assert (caller.number, caller.hidden) == (number, False)


LINES = [voipat_webhook, voipat_channel, voipat_record, voipsun_row, asterisk_events]
"""Who hands on what lines tell. The others say that their numbers always have the country's code."""


@pytest.mark.parametrize("reader", LINES)
@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("6465550123", "US", "+16465550123"),  # else in New Zealand
        ("2015550123", "US", "+12015550123"),  # else in Egypt
        ("6505550123", "US", "+16505550123"),  # else in Singapore
        ("6475550123", "CA", "+16475550123"),
        ("16465550123", "US", "+16465550123"),
        ("+6465550123", "US", "+6465550123"),
        ("442079460123", "CA", "+442079460123"),
        ("33612345678", "US", "+33612345678"),
        ("6465550123", "DE", "+6465550123"),
    ],
)
def test_a_line_of_north_america_tells_ten_digits(reader: Reader, written: str, country: str, number: str) -> None:
    """A caller at home has no 1 there; nobody else's number becomes one of America."""
    assert reader(written, "", country).number == number


@pytest.mark.parametrize("reader", [voxloud_webhook, voxloud_record, voipstudio_webhook])
def test_a_phone_system_that_always_tells_the_country(reader: Reader) -> None:
    """Ten digits are of a country with a short number, also in an account of the United States."""
    assert reader("6465550123", "", "US").number == "+6465550123"
    assert reader("16465550123", "", "US").number == "+16465550123"


@everywhere
@pytest.mark.parametrize(
    "written",
    [
        '"Max" <sip:030123456@sip.example.com>',
        '"Mustermann, Max" <sip:030123456@sip.example.com>;tag=1',
        '"Max \\"the\\" <Great>" <sip:030123456@sip.example.com>',
        "Mustermann, Max <tel:030123456>",
        f'"{"Mustermann Werkstatt " * 8}" <sip:030123456@sip.example.com;user=phone>',
    ],
)
def test_a_number_with_a_display_name(reader: Reader, written: str) -> None:
    """The number is what is called."""
    assert reader(written, "", "DE").number == "+4930123456"


@everywhere
@pytest.mark.parametrize(
    "written",
    [
        *("<unknown>", "anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid", "Anonymous", "unknown"),
        *('"Anonymous" <sip:anonymous@anonymous.invalid>', "Private Number", "No Caller ID", "withheld", "-"),
        *("Restricted", "unavailable", "sip:unavailable@unknown.invalid", "Numero nascosto", "Anonym"),
        *("Skryté číslo", "Utajené číslo", "Neznámý volající", "Unterdrückte Nummer", "Numéro masqué"),
        *("Número oculto", "Afgeschermd", "Numer zastrzeżony", "sip:anonymous@192.0.2.4", "\uff21nonymous"),
    ],
)
def test_a_caller_who_withholds_the_number(reader: Reader, written: str) -> None:
    """In every spelling."""
    caller = reader(written, "", "DE")
    assert (caller.number, caller.hidden) == ("", True)


@everywhere
@pytest.mark.parametrize(
    "bad", ["\x00", "\r\n", "\t", "\x1b", "\u202e", "\u200b", "\ufeff", "\u2028", "\x85", "\ud800"]
)
def test_a_name_holds_nothing_that_does_harm(reader: Reader, bad: str) -> None:
    """It is one line, and can be written down."""
    name = reader("+390612345678", f"Anna{bad}Rossi", "IT").name
    assert bad not in name
    assert name.isprintable()
    assert name.encode().decode() == name
    assert name.startswith("Anna")
    assert name.endswith("Rossi")


@everywhere
def test_a_name_is_bounded(reader: Reader) -> None:
    """However long a stranger makes it."""
    assert len(reader("+390612345678", "x" * 100_000, "IT").name) <= 255


@everywhere
@pytest.mark.parametrize(
    "name", ["+390612345678", "06 1234 5678", "sip:+390612345678@host", "Anonymous", "No Caller ID"]
)
def test_what_is_no_name(reader: Reader, name: str) -> None:
    """A number again, or the word for none."""
    assert reader("+390612345678", name, "IT").name == ""


# -- other numbers than a caller's ----------------------------------------------------------------------


def voipat_dialled(number: str, country: str) -> str:
    """Let the browser's phone tell whom it calls."""
    body = {"event": "dial_out", "caller_id": "101", "destination": number, "direction": "outbound"}
    body |= {"extension": "101", "call_id": "x1", "domain": DOMAIN}
    request = m.PushRequest(method="POST", query={}, content_type="application/json", body=encoded(body))
    (push,) = read_webhook(request, tenant(country), ())
    assert isinstance(push, m.LegPush)
    assert push.callee is not None
    return push.callee.number


def voipat_in_a_query(number: str, country: str) -> str:
    """Let the browser's phone tell of a caller by GET."""
    query = {"event": "new_call", "caller_id": number, "destination": "101", "direction": "inbound"}
    query |= {"extension": "101", "call_id": "x1", "domain": DOMAIN}
    (push,) = read_webhook(m.PushRequest(method="GET", query=query, content_type="", body=b""), tenant(country), ())
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller.number


def voipat_called(number: str, country: str) -> str:
    """Let the switch list whom somebody calls."""
    row = {"uuid": "a", "direction": "inbound", "callstate": "RINGING", "context": DOMAIN, "dest": number}
    row |= {"cid_num": "101", "presence_id": f"101@{DOMAIN}"}
    (call,) = read_channels([row], tenant(country), BoundedMap(1), BoundedMap(1)).calls
    return call.callee.number


def voipat_recorded(number: str, country: str) -> str:
    """Let the switch's record tell who was called."""
    row = {"xml_cdr_uuid": "u", "domain_name": DOMAIN, "direction": "outbound", "caller_id_number": "101"}
    record = voipat.read_record(row | {"destination_number": number}, tenant(country))
    assert record is not None
    return record.callee.number


def voxloud_dialled(number: str, country: str) -> str:
    """Let Voxloud tell whom a user calls."""
    data = {"callId": "c", "type": "STARTED", "originatorNumber": "101", "destinationNumber": number}
    body = {"type": "CALL_STARTED", "data": data | {"userExtension": 101}}
    push = voxloud_push.read_push(body, voxloud.Book(country=country))
    assert isinstance(push, m.LegPush)
    assert push.callee is not None
    return push.callee.number


def voxloud_recorded(number: str, country: str) -> str:
    """Let Voxloud's history tell who was called."""
    row = {"id": "1", "callId": "c", "direction": "OUTBOUND", "lastEvent": "CALL_TERMINATED", "originatorNumber": "101"}
    record = voxloud.read_record(row | {"destinationNumber": number}, voxloud.Book(country=country))
    assert record is not None
    return record.callee.number


def voxloud_fax(number: str, country: str) -> str:
    """Let Voxloud tell who sent a fax, and to whom."""
    data = {"id": 1, "direction": "inbound", "sender": number, "recipient": number}
    push = voxloud_push.read_push({"type": "FAX_CALL", "data": data}, voxloud.Book(country=country))
    assert isinstance(push, m.Notice)
    assert push.fields["from_number"] == push.fields["to_number"]
    return str(push.fields["from_number"])


STUDIO = [{"id": 10002, "ext": "1002"}]


def voipstudio_dialled(number: str, country: str) -> str:
    """Let VoIPstudio tell whom a user calls."""
    body = {"id": "u.1.1", "event_name": "call.initial", "call_id": 1, "root_call_id": 1, "state": "INITIAL"}
    body |= {"src": "1002", "src_id": "10002", "dst": number, "dst_id": "0", "destination": "out"}
    book = voipstudio.book(STUDIO, complete=True, country=country, queues={})
    push = read_push(encoded(body), book)[0]
    assert isinstance(push, m.LegPush)
    assert push.callee is not None
    return push.callee.number


def voipstudio_text_message(number: str, country: str) -> str:
    """Let VoIPstudio tell who sent a text message."""
    body = {"event_name": "sms.received", "user_id": 10002, "from_no": number, "to_no": number, "text": "Hi"}
    book = voipstudio.book(STUDIO, complete=True, country=country, queues={})
    push = read_push(encoded(body), book)[0]
    assert isinstance(push, m.Notice)
    assert push.fields["from_number"] == push.fields["to_number"]
    return str(push.fields["from_number"])


def voipstudio_recorded(number: str, country: str) -> str:
    """Let VoIPstudio's history tell who called."""
    row = {"id": 1, "live_id": "a", "src": number, "src_id": "0", "dst": "441632960500", "dst_id": "10002", "type": "I"}
    book = voipstudio.book(STUDIO, complete=True, country=country, queues={})
    ((record, _),) = voipstudio_history.records([row], book)
    return record.caller.number


def voipsun_dialled(number: str, country: str) -> str:
    """Let a VoIPSUN PBX list whom a phone calls."""
    row = {"channelName": "SIP/sip101-0000000a", "src": "101", "dst": number, "duration": "3", "status": "Ring"}
    tracker = CallTracker(Lines(read_phones({"sip101": {"number": "101"}, "trunk": {"hidden": True}}), country))
    (call,) = tracker.update(call_rows([row]), NOW, NOW, {})
    return call.callee.number


FIELDS = {
    field.__name__: field
    for field in (
        voipat_dialled,
        voipat_in_a_query,
        voipat_called,
        voipat_recorded,
        voxloud_dialled,
        voxloud_recorded,
        voxloud_fax,
        voipstudio_dialled,
        voipstudio_text_message,
        voipstudio_recorded,
        voipsun_dialled,
    )
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("4915123456789", "DE", "+4915123456789"),
        ("33612345678", "IT", "+33612345678"),
        ("00390612345678", "DE", "+390612345678"),
        ("0612345678", "IT", "+390612345678"),
        ("\u202a+49 151 23456789\u202c", "DE", "+4915123456789"),
        ("sip:+4930123456@sip.example.com;user=phone", "DE", "+4930123456"),
        ('"Doe, John" <sip:030123456@sip.example.com>', "DE", "+4930123456"),
        ("tel:+49-30-123456;ext=12", "DE", "+4930123456"),
        ("+4930123456 ext. 12", "DE", "+4930123456"),
    ],
)
def test_any_number_of_a_phone_system(
    field: Callable[[str, str], str], written: str, country: str, number: str
) -> None:
    """Who is called, who sent a fax or a message, and who a record says it was."""
    assert field(written, country) == number


@pytest.mark.parametrize("field", [voipat_dialled, voipat_called, voipat_recorded, voipsun_dialled])
@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("6465550123", "US", "+16465550123"),
        ("3281234567", "IT", "+393281234567"),  # else in Namur
        ("4951234567", "RU", "+74951234567"),
        ("0116465550123", "US", "+6465550123"),
        ("00393281234567", "IT", "+393281234567"),
    ],
)
def test_what_somebody_dials_on_a_phone(
    field: Callable[[str, str], str], written: str, country: str, number: str
) -> None:
    """Digits are at home there; nobody dials abroad without a prefix."""
    assert field(written, country) == number


def voxloud_bytes(number: str, name: str, country: str, encoding: str) -> m.Party:
    """Let Voxloud push a caller, in any encoding."""
    data = {"callId": "c", "type": "INCOMING", "originatorNumber": number, "originatorName": name, "userExtension": 101}
    body = encoded({"type": "CALL_INCOMING", "data": data, "pbx_id": 1}, encoding)
    provider = VoxloudProvider(object(), {"api_key": "k", "country": country})  # type: ignore[arg-type]
    request = m.PushRequest(method="POST", query={}, content_type="application/json", body=body)
    (push,) = provider.parse(request)
    assert isinstance(push, m.LegPush)
    assert push.caller is not None
    return push.caller


def asterisk_bytes(number: str, name: str, country: str, encoding: str) -> m.Party:
    """Let the connection to an Asterisk bring a caller, in any encoding."""
    framer = Framer()
    block = f"Event: Newchannel\r\nCallerIDNum: {number}\r\nCallerIDName: {name}\r\n\r\n"
    (text,) = framer.feed(block.encode(encoding))
    message = read_message(text)
    return asterisk_party(message["CallerIDNum"], message["CallerIDName"], country)


@pytest.mark.parametrize("reader", [asterisk_bytes])
def test_bytes_of_a_connection_that_are_no_utf_8_lose_no_call(
    reader: Callable[[str, str, str, str], m.Party],
) -> None:
    """The letter is read as the one that it most likely is."""
    assert reader("+493012345678", "Jörg", "DE", "latin-1") == m.Party(number="+493012345678", name="Jörg")


@pytest.mark.parametrize("reader", [voipat_webhook, voipstudio_webhook, voxloud_bytes])
@pytest.mark.parametrize(("encoding", "name"), [("latin-1", "J\ufffdrg"), ("utf-8-sig", "Jörg"), ("utf-16", "Jörg")])
def test_bytes_that_are_no_utf_8_lose_no_call(
    reader: Callable[[str, str, str, str], m.Party], encoding: str, name: str
) -> None:
    """The letter is replaced."""
    assert reader("+493012345678", "Jörg", "DE", encoding) == m.Party(number="+493012345678", name=name)


@pytest.mark.parametrize("called", ["", "text/plain", "application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("form", [False, True])
def test_a_body_is_what_it_is_and_not_what_it_is_called(called: str, encoding: str, form: bool) -> None:  # noqa: FBT001
    """JSON or a form, in any encoding, under any name."""
    body = {"event": "new_call", "caller_id": "+493012345678", "caller_name": "Jörg", "destination": "101"}
    body |= {"direction": "inbound", "extension": "101", "call_id": "x1", "domain": DOMAIN}
    raw = urlencode(body).encode(encoding) if form else encoded(body, encoding)
    request = m.PushRequest(method="POST", query={}, content_type=called, body=raw)
    (push,) = read_webhook(request, tenant("DE"), ())
    assert isinstance(push, m.LegPush)
    lost = encoding == "latin-1" and not form
    assert push.caller == m.Party(number="+493012345678", name="J\ufffdrg" if lost else "Jörg")


def test_bytes_that_are_no_utf_8_lose_no_list() -> None:
    """One of them in a name must not make a whole account unavailable."""
    reply = Reply(status=200, headers={}, body='[{"cid_name": "Jörg"}]'.encode("latin-1"))
    assert reply.json() == [{"cid_name": "J\ufffdrg"}]
