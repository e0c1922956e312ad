"""Who is at one end of a call: our own phones keep the number that they have here, whatever it looks like."""

import json
from datetime import UTC, datetime

import pytest

from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.providers.parties import read_number, read_party
from custom_components.pbx.providers.voipat.payload import Tenant, read_record
from custom_components.pbx.providers.voipat.push import read_webhook
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import Direction

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LONG = ["2015550123", "4930123456", "390612345678", "1000001", "0301234567"]
"""Extensions that have as many digits as numbers of the outside, here or abroad."""


@pytest.mark.parametrize("country", ["US", "DE", "IT", ""])
@pytest.mark.parametrize("own", LONG)
def test_an_extension_that_looks_like_a_public_number_stays_as_it_is(own: str, country: str) -> None:
    """In every spelling; a full number is never one of ours."""
    for written in (own, f"sip:{own}@host", f" {own} ", f'"Anna" <{own}>'):
        assert read_number(written, country, {own}) == own
        assert read_party(written, "", country, inside={own}).number == own
    assert read_number(f"+{own}", country, {own}) == f"+{own}"
    assert read_number("+390655501000", country, {own}) == "+390655501000"


def webhook(event: str, other: str, own: str, tenant: Tenant) -> m.LegPush:
    """Return what VOIP@'s browser says of a call of a phone with another number."""
    row = {"event": event, "extension": own, "call_id": "w", "domain": tenant.domain}
    row |= {"caller_id": other} if event == "new_call" else {"destination": other}
    body = json.dumps(row).encode()
    request = m.PushRequest(method="POST", query={}, content_type="application/json", body=body)
    (pushed,) = read_webhook(request, tenant, ())
    assert isinstance(pushed, m.LegPush)
    return pushed


@pytest.mark.parametrize("own", LONG)
def test_a_colleague_with_a_long_number_is_inside_at_voipat(own: str) -> None:
    """Who calls, and who is called, by message and by record."""
    tenant = Tenant(domain="pbx.example.com", country="US", extensions=("101", own), complete=True)
    calls = webhook("new_call", own, "101", tenant)
    assert (calls.direction, calls.caller) == (Direction.INTERNAL, m.Party(number=own))
    dials = webhook("dial_out", own, "101", tenant)
    assert (dials.direction, dials.callee) == (Direction.INTERNAL, m.Party(number=own))
    row = {"xml_cdr_uuid": "u", "direction": "local", "caller_id_number": "101", "destination_number": own}
    record = read_record(row | {"billsec": 3}, tenant)
    assert record is not None
    assert (record.callee.number, record.answered_by) == (own, own)


@pytest.mark.parametrize("own", LONG)
def test_a_colleague_with_a_long_number_is_inside_at_asterisk(own: str) -> None:
    """Who is called is told as the phone that rings."""
    calls = Calls(lambda channel: channel.partition("/")[2].rpartition("-")[0], {"101", own}, "US")
    first = {"Channel": "PJSIP/101-00000001", "Uniqueid": "1.1", "Linkedid": "1.1", "CallerIDNum": "101"}
    phone = {"Channel": f"PJSIP/{own}-00000002", "Uniqueid": "1.2", "Linkedid": "1.1", "CallerIDNum": own}
    calls.take({"Event": "Newchannel", "ChannelState": "4", "Exten": own, **first}, NOON)
    calls.take({"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **phone}, NOON)
    calls.take({"Event": "DialBegin", "Uniqueid": "1.1", "DestUniqueid": "1.2"}, NOON)
    calls.take({"Event": "Newstate", "ChannelState": "5", **phone}, NOON)
    (call,) = calls.snapshot()
    assert (call.direction, call.caller.number, call.callee.number) == (Direction.INTERNAL, "101", own)
