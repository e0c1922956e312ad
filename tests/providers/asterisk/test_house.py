"""Which phones there are, out of hints, endpoints and devices."""

import itertools
from collections.abc import Mapping

import pytest

from custom_components.pbx.providers.asterisk.house import House

type Hints = Mapping[str, str]


def house(hints: Hints, states: Mapping[str, str] | None = None) -> House:
    """Return a house with these hints and states of devices."""
    found = House()
    found.take_hints({"Exten": number, "Hint": hint} for number, hint in hints.items())
    found.take_devices({"Device": device, "State": state} for device, state in (states or {}).items())
    return found


@pytest.mark.parametrize(
    ("hints", "owners"),
    [
        ({"101": "PJSIP/101&Custom:DND101,CustomPresence:101"}, {"PJSIP/101-1": "101"}),
        ({"101": "PJSIP/101", "*80101": "PJSIP/101"}, {"PJSIP/101-1": "101"}),
        ({"10": "SIP/abc", "*8010": "SIP/abc"}, {"SIP/abc-1": "10"}),
        (
            {"_*80X.": "${DB(AMPUSER/${EXTEN:3}/hint)}", "_1XX": "PJSIP/${EXTEN}", "101": "PJSIP/101"},
            {"PJSIP/101-1": "101"},
        ),
        ({"11": "SIP/a", "12": "SIP/b", "20": "SIP/a&SIP/b"}, {"SIP/a-1": "11", "SIP/b-1": "12"}),
        ({"101": "PJSIP/101&PJSIP/99101"}, {"PJSIP/101-1": "101", "PJSIP/99101-1": "101"}),
        ({"101": "SIP/102", "102": "SIP/101"}, {"SIP/102-1": "101", "SIP/101-1": "102"}),
        ({"101": "PJSIP/101", "501": "Custom:laundry", "70": "park:701@parkedcalls"}, {"PJSIP/101-1": "101"}),
        (
            {"Kitchen": "IAX2/kitchen", "11": "SCCP/11", "12": "DAHDI/1"},
            {"IAX2/kitchen-9": "Kitchen", "DAHDI/1-1": "12"},
        ),
        (
            {"11": "Skinny/11@desk", "12": "MGCP/aaln/1@gw", "13": "USTM/13@ph", "14": "Zap/3"},
            {"Skinny/11@desk-3": "11", "MGCP/aaln/1@gw-2": "12", "USTM/13@ph-0x8f": "13", "Zap/3-1": "14"},
        ),
        (
            {"11": "PJSIP/my-desk-phone", "12": "PJSIP/Anna Müller", "2015550123": "PJSIP/2015550123"},
            {
                "PJSIP/my-desk-phone-0000001f": "11",
                "PJSIP/Anna Müller-00000001": "12",
                "PJSIP/2015550123-00000002": "2015550123",
            },
        ),
        ({"11": " PJSIP/11 & SIP/11 , CustomPresence:11"}, {"PJSIP/11-1": "11", "SIP/11-1": "11"}),
    ],
    ids=[
        "freepbx",
        "intercom",
        "other name",
        "patterns",
        "group",
        "two devices",
        "crossed",
        "no phones",
        "technologies",
        "old technologies",
        "names",
        "blanks",
    ],
)
def test_whose_a_device_is(hints: Hints, owners: Mapping[str, str]) -> None:
    """A device belongs to the extension it is for, in whatever order the hints are listed."""
    for order in itertools.permutations(hints.items()):
        found = house(dict(order))
        assert {channel: found.extension_of(channel) for channel in owners} == owners
        listed = {phone.number for phone in found.directory().extensions or ()}
        assert listed == found.numbers() >= set(owners.values())
        assert not listed & {"*80101", "*8010", "20", "501", "70", "_1XX", "_*80X."}


@pytest.mark.parametrize(
    ("states", "registered", "rings"),
    [
        ({}, None, "PJSIP/101"),
        ({"PJSIP/101": "NOT_INUSE", "PJSIP/99101": "UNAVAILABLE"}, True, "PJSIP/101"),
        ({"PJSIP/101": "UNAVAILABLE", "PJSIP/99101": "INUSE"}, True, "PJSIP/99101"),
        ({"PJSIP/101": "UNAVAILABLE", "PJSIP/99101": "INVALID"}, False, "PJSIP/101"),
        ({"PJSIP/101": "UNAVAILABLE"}, False, "PJSIP/101"),
    ],
    ids=["unknown", "first", "second", "none", "one of them known"],
)
def test_an_extension_with_two_devices(states: Mapping[str, str], rings: str, *, registered: bool | None) -> None:
    """It is registered where one of them is, that one rings, and it stays the same extension."""
    found = house({"101": "PJSIP/101&PJSIP/99101&Custom:DND101"}, states)
    (phone,) = found.directory().extensions or ()
    assert (phone.registered, found.device_for("101"), phone.id) == (registered, rings, "PJSIP/101")


def test_where_there_are_no_hints() -> None:
    """Each endpoint that has to sign in is an extension, and the others are trunks."""
    found = house({})
    found.take_endpoints(
        [
            {"ObjectName": "Kitchen", "Auths": "Kitchen"},
            {"ObjectName": "provider", "Auths": "", "OutboundAuths": "provider"},
        ]
    )
    directory = found.directory()
    assert [(phone.number, phone.trunk) for phone in directory.extensions or ()] == [
        ("Kitchen", False),
        ("provider", True),
    ]
    assert (found.device_for("Kitchen"), found.extension_of("PJSIP/Kitchen-00000001")) == ("PJSIP/Kitchen", "Kitchen")


@pytest.mark.parametrize(
    ("device", "state", "registered"),
    [
        ("DAHDI/1", "UNKNOWN", True),
        ("Zap/3", "UNKNOWN", True),
        ("IAX2/kitchen", "UNKNOWN", True),
        ("IAX2/kitchen", "UNAVAILABLE", False),
        ("IAX2/kitchen", "INVALID", False),
        ("SIP/11", "NOT_INUSE", True),
        ("SIP/11", "UNAVAILABLE", False),
        ("SIP/11", "UNKNOWN", None),
        ("PJSIP/11", "UNKNOWN", None),
        ("PJSIP/11", "RINGINUSE", True),
        ("SCCP/11", "INVALID", False),
    ],
)
def test_what_a_driver_says_of_an_idle_phone(device: str, state: str, *, registered: bool | None) -> None:
    """IAX and DAHDI leave it to the core, which only knows who has a call: an idle phone of theirs is there."""
    (phone,) = house({"11": device}, {device: state}).directory().extensions or ()
    assert phone.registered is registered


@pytest.mark.parametrize("told", ["PJSIP/101", "pjsip/101", "PJSIP/101 "])
def test_a_hint_may_be_written_in_another_case(told: str) -> None:
    """Asterisk does not mind, and tells the state under its own name."""
    found = house({"101": told}, {"PJSIP/101": "NOT_INUSE"})
    (phone,) = found.directory().extensions or ()
    assert (phone.registered, found.extension_of("PJSIP/101-00000001")) == (True, "101")


def test_a_number_with_hints_in_two_contexts() -> None:
    """It has the devices of both; neither is lost because the other was listed later."""
    found = House()
    for order in itertools.permutations(("PJSIP/101", "PJSIP/99101&PJSIP/101", "Custom:DND101")):
        found.take_hints({"Exten": "101", "Hint": hint} for hint in order)
        assert {found.extension_of(f"{name}-00000001") for name in ("PJSIP/101", "PJSIP/99101")} == {"101"}
        assert sorted(found.devices_of("101")) == ["PJSIP/101", "PJSIP/99101"]


@pytest.mark.parametrize(
    ("keys", "undisturbed"),
    [({"101": "YES"}, True), ({"101": ""}, False), ({"101": "NO"}, False), ({}, False), ({"102": "YES"}, False)],
)
def test_do_not_disturb_by_its_key(keys: Mapping[str, str], *, undisturbed: bool) -> None:
    """FreePBX writes YES or removes it; other dial plans write that it is off."""
    found = house({"101": "PJSIP/101"})
    found.take_dnd({"Key": f"/DND/{number}", "Val": value} for number, value in keys.items())
    (phone,) = found.directory().extensions or ()
    assert phone.dnd is undisturbed


def test_a_name_that_is_empty_is_looked_for_elsewhere() -> None:
    """A mailbox has a name where FreePBX keeps none."""
    found = house({"101": "PJSIP/101"})
    found.take_names([{"Key": "/AMPUSER/101/cidname", "Val": ""}])
    found.take_mailboxes([{"VoiceMailbox": "101", "VMContext": "default", "Fullname": "Anna", "NewMessageCount": "0"}])
    (phone,) = found.directory().extensions or ()
    assert phone.name == "Anna"


def test_a_contact_that_can_be_reached_is_shown() -> None:
    """Of several of one endpoint, in whatever order they are listed."""
    rows = [
        {"Endpoint": "101", "UserAgent": "Desk", "ViaAddr": "192.0.2.1", "Status": "Reachable"},
        {"Endpoint": "101", "UserAgent": "Mobile", "ViaAddr": "192.0.2.2", "Status": "Unreachable"},
    ]
    for order in itertools.permutations(rows):
        found = house({"101": "PJSIP/101"})
        found.take_contacts(order)
        (phone,) = found.directory().extensions or ()
        assert (phone.user_agent, phone.contact) == ("Desk", "192.0.2.1")
