"""VoIPSUN: which SIP account is which phone."""

import pytest

from custom_components.pbx.providers.voipsun import payload as p
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.telephony import models as m

from .rows import channel


@pytest.mark.parametrize(
    ("status", "host", "contact", "registered"),
    [
        ("OK", "192.0.2.1", "sip:a@192.0.2.1", True),
        ("OK (12 ms)", "192.0.2.1", "", True),
        ("ok (318 ms)", "", "", True),
        ("LAGGED (2100 ms)", "192.0.2.1", "", True),
        ("UNREACHABLE", "192.0.2.1", "sip:a@192.0.2.1", False),
        ("UNKNOWN", "(Unspecified)", "", False),
        ("UNKNOWN", "-none-", "", False),
        ("Unmonitored", "192.0.2.1", "", True),
        ("Unmonitored", "", "sip:a@192.0.2.1", True),
        ("Unmonitored", "(Unspecified)", "", False),
        ("unmonitored", "(null)", "", False),
        ("Unmonitored", "-none-", "", False),
        ("Unmonitored", "0.0.0.0", "", False),  # noqa: S104
        ("Unmonitored", None, None, False),
        ("Avail", "192.0.2.1", "sip:a@192.0.2.1", True),
        ("Reachable", "192.0.2.1", "", True),
        ("Unavail", "192.0.2.1", "sip:a@192.0.2.1", False),
        ("Unk", "", "", False),
        ("NonQual", "", "sip:a@192.0.2.1", True),
        ("NonQualified", "", "", False),
        ("Rejected", "192.0.2.1", "", None),
        (None, "192.0.2.1", "", None),
    ],
)
def test_registration(status: object, host: object, contact: object, registered: bool | None) -> None:  # noqa: FBT001
    """Every spelling of a registration."""
    (peer,) = p.peers([{"user": "a", "host": host, "status": status, "useragent": "", "regcontact": contact}])
    assert peer.registered is registered


CONTRACT_PEERS = [
    {
        "user": "sip100",
        "host": "192.168.10.21",
        "status": "OK (12 ms)",
        "useragent": "Yealink SIP-T46S 66.85.0.5",
        "regcontact": "sip:sip100@192.168.10.21:5060",
    },
    {"user": "sip101", "host": "", "status": "UNKNOWN", "useragent": "", "regcontact": ""},
    {"user": "provider1", "host": "81.2.3.4", "status": "Unmonitored", "useragent": "", "regcontact": ""},
    {"user": "trunk-odchozi", "host": "", "status": "UNKNOWN", "useragent": "", "regcontact": ""},
]


def test_extensions_are_what_the_user_calls_them() -> None:
    """Numbers and names come from the user, the rest from the phone system; hidden ones are left out."""
    lines = Lines(read_phones({"sip100": {"number": "100", "name": "Anna"}, "sip101": {"hidden": True}}), "")
    assert [e.number for e in lines.extensions(readable=True)] == []
    assert [(e.number, e.registered) for e in lines.extensions(readable=False)] == [("100", None)]
    lines.learn(p.peers(CONTRACT_PEERS))
    first, *trunks = lines.extensions(readable=True)
    assert first == m.Extension(
        number="100",
        name="Anna",
        id="sip100",
        identity="sip100",
        registered=True,
        user_agent="Yealink SIP-T46S 66.85.0.5",
        contact="sip:sip100@192.168.10.21:5060",
        address="192.168.10.21",
        latency=12.0,
    )
    assert [(e.number, e.trunk) for e in trunks] == [("provider1", True), ("trunk-odchozi", True)]
    assert lines.extensions(readable=False)[0].registered is None


def test_a_static_address_alone_makes_no_trunk() -> None:
    """Where the phone system tells of no phone what it is, nothing is said about the others."""
    lines = Lines(read_phones({}), "")
    lines.learn(p.peers([{"user": "100", "host": "192.0.2.1", "status": "OK"}, {"user": "200", "status": "OK"}]))
    assert [e.trunk for e in lines.extensions(readable=True)] == [False, False]


def test_a_number_makes_a_phone_of_anything() -> None:
    """Who enters an internal number says that it is a phone."""
    lines = Lines(read_phones({"trunk-1": {"number": "150", "hidden": True}}), "")
    row = p.row(channel("trunk-1-00000001", "1", "2", 1, "Up"))
    assert row is not None
    phone = lines.phone(row)
    assert phone is not None
    assert phone.number == "150"


@pytest.mark.parametrize(
    ("status", "host", "latency", "address"),
    [
        ("OK (12 ms)", "192.0.2.1", 12.0, "192.0.2.1"),
        ("LAGGED (2100 ms)", "192.0.2.1", 2100.0, "192.0.2.1"),
        ("OK", "192.0.2.1", None, "192.0.2.1"),
        ("UNKNOWN", "(Unspecified)", None, ""),
        (None, None, None, ""),
    ],
)
def test_where_a_phone_is(status: object, host: object, latency: float | None, address: str) -> None:
    """Its address and how fast it answers, where the phone system says so."""
    (peer,) = p.peers([{"user": "a", "host": host, "status": status}])
    assert (peer.latency, peer.address) == (latency, address)


def test_phones_of_several_dial_plans() -> None:
    """With its dial plan each is an extension of its own, under the same internal number."""
    named = {"a100": {"number": "100@Praha", "name": "Anna"}, "b100": {"number": "100@Brno", "name": "Boris"}}
    lines = Lines(read_phones(named), "")
    lines.learn(p.peers([{"user": "a100", "status": "OK"}, {"user": "b100", "status": "UNKNOWN"}]))
    assert [
        (e.number, e.name, e.identity, e.internal_number, e.dialplan, e.registered)
        for e in lines.extensions(readable=True)
    ] == [
        ("100@Praha", "Anna", "a100", "100", "Praha", True),
        ("100@Brno", "Boris", "b100", "100", "Brno", False),
    ]
    for name, user in (("100@Praha", "a100"), ("100@Brno", "b100"), ("b100", "b100"), ("100", "a100")):
        owner = lines.owner(name)
        assert owner is not None
        assert owner.user == user
    assert lines.party("b100") == m.Party(number="100", name="Boris")


def test_two_phones_with_one_number_are_one_extension() -> None:
    """It is registered when one of them is, and calls go to that one."""
    lines = Lines(read_phones({"desk": {"number": "100", "name": "Anna"}, "soft": {"number": "100"}}), "")
    lines.learn(p.peers([{"user": "desk", "status": "UNKNOWN"}, {"user": "soft", "status": "OK"}]))
    (extension,) = lines.extensions(readable=True)
    assert (extension.number, extension.id, extension.name, extension.registered) == ("100", "soft", "Anna", True)
    owner = lines.owner("100")
    assert owner is not None
    assert owner.user == "soft"


@pytest.mark.parametrize(
    ("names", "identities"),
    [
        ({}, {"desk": "desk", "soft": "soft"}),
        ({"desk": {"number": "100"}}, {"100": "desk", "soft": "soft"}),
        ({"desk": {"name": "Anna"}}, {"desk": "desk", "soft": "soft"}),
        ({"desk": {"number": "100"}, "soft": {"number": "100"}}, {"100": "desk"}),
        ({"soft": {"number": "100"}, "desk": {"number": "100"}}, {"100": "soft"}),
        ({"desk": {"number": "soft"}}, {"soft": "desk"}),
        ({"gone": {"number": "100"}, "soft": {"number": "100"}}, {"desk": "desk", "100": "gone"}),
    ],
)
@pytest.mark.parametrize("registered", ["desk", "soft"])
def test_an_extension_keeps_its_identity(names: object, identities: dict[str, str], registered: str) -> None:
    """A phone is known by its SIP account whatever number it is given, and two by whose number it was first."""
    lines = Lines(read_phones(names), "")
    peers = [{"user": user, "status": "OK" if user == registered else "UNKNOWN"} for user in ("desk", "soft")]
    lines.learn(p.peers(peers))
    assert {e.number: e.identity for e in lines.extensions(readable=True)} == identities


@pytest.mark.parametrize("names", [None, [], "x", {"a": None, "b": 7, "c": {"public": "x", "number": None}, 5: {}}])
def test_any_list_of_names_will_do(names: object) -> None:
    """Settings are read with the same care as answers."""
    assert Lines(read_phones(names), "").owner("100") is None


@pytest.mark.parametrize(
    ("number", "ours"),
    [
        ("+420222333444", True),
        ("420222333444", True),
        ("00420222333444", True),
        ("222333444", True),
        ("222 333 444", True),
        ("+49222333444", False),  # a stranger's whose last nine digits are the same
        ("0049222333444", False),
        ("+1420222333444", False),
        ("+421222333444", False),
        ("999222333444", False),
        ("sip102", True),
        ("102", True),
    ],
)
def test_strangers_with_the_same_last_digits_are_not_ours(number: str, ours: bool) -> None:  # noqa: FBT001
    """A public number is ours in each way of writing it, and nobody else's that ends alike is."""
    names = {"sip102": {"number": "102", "name": "Anna", "public": ["+420222333444"]}}
    lines = Lines(read_phones(names), "CZ")
    assert (lines.owner(number) is not None) is ours
    assert lines.party(number).name == ("Anna" if ours else "")
