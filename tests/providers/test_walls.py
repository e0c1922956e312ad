"""What strangers write gets into every provider through the same walls: numbers, names, bytes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from custom_components.pbx.providers.http import Reply
from custom_components.pbx.providers.parties import read_party
from custom_components.pbx.providers.voipat import payload as voipat
from custom_components.pbx.providers.voipat.calls import read_channels
from custom_components.pbx.providers.voipat.push import read_webhook
from custom_components.pbx.providers.voipstudio import payload as voipstudio
from custom_components.pbx.providers.voipstudio import push as voipstudio_push
from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.payload import call_rows
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.providers.voxloud import payload as voxloud
from custom_components.pbx.providers.voxloud import push as voxloud_push
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
DOMAIN = "pbx.example.com"

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
    push = voipstudio_push.read(encoded(body, encoding), book, "", ())[0]
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
    ],
)
def test_the_number_of_a_caller(reader: Reader, written: str, country: str, number: str) -> None:
    """With its plus, wherever the phone system left it."""
    caller = reader(written, "Anna", country)
    assert (caller.number, caller.hidden) == (number, False)


@everywhere
def test_a_number_with_a_display_name(reader: Reader) -> None:
    """The number is what is called."""
    assert reader('"Max" <sip:030123456@sip.example.com>', "", "DE").number == "+4930123456"


@everywhere
@pytest.mark.parametrize(
    "written",
    [
        *("<unknown>", "anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid", "Anonymous", "unknown"),
        *('"Anonymous" <sip:anonymous@anonymous.invalid>', "Private Number", "No Caller ID", "withheld", "-"),
        *("Restricted", "unavailable", "sip:unavailable@unknown.invalid", "Numero nascosto", "Anonym"),
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


@pytest.mark.parametrize("reader", [voipat_webhook, voipstudio_webhook])
@pytest.mark.parametrize(("encoding", "name"), [("latin-1", "J\ufffdrg"), ("utf-8-sig", "Jörg"), ("utf-16", "Jörg")])
def test_bytes_that_are_no_utf_8_lose_no_call(
    reader: Callable[[str, str, str, str], m.Party], encoding: str, name: str
) -> None:
    """The letter is replaced."""
    assert reader("+493012345678", "Jörg", "DE", encoding) == m.Party(number="+493012345678", name=name)


def test_bytes_that_are_no_utf_8_lose_no_list() -> None:
    """One of them in a name must not make a whole account unavailable."""
    reply = Reply(status=200, headers={}, body='[{"cid_name": "Jörg"}]'.encode("latin-1"))
    assert reply.json() == [{"cid_name": "J\ufffdrg"}]
