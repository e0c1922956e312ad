"""What dialling a number would cost or change, in the country of whoever dials."""

import pytest

from custom_components.pbx.telephony.dial_kinds import DialKind, kind_of

FORWARDING, CARRIER = DialKind.FORWARDING, DialKind.CARRIER_SELECTION

KINDS: list[tuple[str, DialKind | None, list[str]]] = [
    ("DE", DialKind.PREMIUM, ["0900 3123456", "+49 900 3123456", "0049900 3123456", "0137 8123456", "*31#09003123456"]),
    ("DE", DialKind.SHARED_COST, ["0180 5123456", "01371 123456"]),
    ("DE", DialKind.PERSONAL, ["0700 12345678"]),
    ("DE", DialKind.DIRECTORY, ["11833", "118000"]),
    ("DE", CARRIER, ["01013 030 123456", "010088030123456"]),
    ("DE", DialKind.EMERGENCY, ["110", "112", "tel:112"]),
    (
        "DE",
        FORWARDING,
        ["*21*030123456#", "**21*030123456#", "*67*030123456#", "#21#", "##002#", "*72 030123456", "*73"],
    ),
    (
        "DE",
        FORWARDING,
        # Behind another code, with a star more or less, in an address, and in digits of other scripts.
        ["*31#*21*030123456#", "#31#**21*030123456#", "*31# *61*030123456#", "*21030123456", "*21 030123456"],
    ),
    (
        "DE",
        FORWARDING,
        [
            "*210301234567#",
            "*21",
            "*90*030123456",
            "*52#030123456",
            "sip:%2A21*030123456%23@host",
            "\uff0a\uff12\uff11\uff0a030123456\uff03",
            "*31#*72 030123456",
        ],
    ),
    ("DE", None, ["**610", "**9", "*211", "*2", "*31#030 23125101", "0201 23456"]),
    (
        "DE",
        DialKind.PREMIUM,
        ["*0900 3123456", "*1 0900 3123456", "*109003123456", "#0900 3123456", "*55*0900 3123456"],
    ),
    ("DE", DialKind.DIRECTORY, ["+49 11833", "0049 118000", "*31#11833", "0033 118218"]),
    (
        "DE",
        DialKind.EMERGENCY,
        ["*31#112", "#31#110", "*67112", "*67 112", "**112", "0112", "0110", "\uff11\uff11\u0662", "sip:112@host"],
    ),
    ("US", DialKind.EMERGENCY, ["*67911", "*67 911", "*82911", "9911", "112"]),
    ("GB", DialKind.EMERGENCY, ["141999", "141 112", "1470 999", "9999"]),
    ("AU", DialKind.EMERGENCY, ["000", "1831 000", "0000"]),
    ("JP", DialKind.EMERGENCY, ["184 110", "186119"]),
    ("JP", DialKind.PREMIUM, ["184 0990 504612"]),
    ("AU", DialKind.PREMIUM, ["1831 1900 123 456", "0190 0123 456"]),
    ("US", FORWARDING, ["*72*2125551234", "*92*2125551234", "*67*722125551234", "*63", "*68 2125551234", "*83", "*88"]),
    ("US", DialKind.PREMIUM, ["976 1234", "*82 1 900 555 1234", "*55 1 900 555 1234"]),
    ("US", None, ["*829", "*876", "*473", "*68", "976", "9761", "988"]),
    ("DE", DialKind.SATELLITE, ["+881612345678", "00870773123456", "+88213300655", "009793123456"]),
    ("DE", DialKind.UNKNOWN_ABROAD, ["+37012345678"]),
    (
        "DE",
        None,
        ["030 23125101", "101", "116116", "*97", "*31#030123456", "+79161234567", "032 12345678", "0800 1234567"],
    ),
    ("US", None, ["*67 2125551234", "*21*2125551234#", "212 555 1234", "1 787 555 1234", "101", "1 800 555 1234"]),
    ("US", FORWARDING, ["*72 2125551234", "*722125551234", "*73"]),
    ("US", DialKind.PREMIUM, ["*67 1 900 555 1234", "(212) 976 1234"]),
    ("US", DialKind.ISLANDS, ["1 876 555 1234", "8765551234", "+1 242 555 1234"]),
    ("US", DialKind.DIRECTORY, ["411", "212 555 1212"]),
    ("US", DialKind.EMERGENCY, ["911"]),
    ("US", CARRIER, ["1010288 1 212 555 1234"]),
    ("CA", DialKind.ISLANDS, ["876 555 1234"]),
    ("DE", None, ["+1 876 555 1234"]),
    ("GB", DialKind.PREMIUM, ["0870 1234567", "0909 8790000"]),
    ("GB", DialKind.PERSONAL, ["07012345678"]),
    ("GB", DialKind.DIRECTORY, ["118118"]),
    ("GB", DialKind.EMERGENCY, ["999", "112"]),
    ("IT", DialKind.PREMIUM, ["892892", "899123456", "895123456"]),
    ("IT", None, ["06 12345678", "3331234567"]),
    ("ES", DialKind.PREMIUM, ["905123456", "803123456"]),
    ("ES", DialKind.SHARED_COST, ["902123456"]),
    ("FR", DialKind.PREMIUM, ["0891123456", "3639"]),
    ("UA", DialKind.PREMIUM, ["0900123456", "0703123456"]),
    ("AE", DialKind.PREMIUM, ["900123456"]),
    # A network leaves out the digits that are too many, and so a price list does as well.
    (
        "DE",
        DialKind.PREMIUM,
        [
            "0900 3123456 7",
            "09003123456789",
            "+49 900 3123456 789",
            "0049 900 3123456 7",
            "*31#0900 3123456 78",
            "*109003123456789",
        ],
    ),
    ("DE", DialKind.PERSONAL, ["0700 12345678 9"]),
    ("DE", DialKind.DIRECTORY, ["11833 123", "1180001234", "0049 11833 1234", "0 11833", "9 11833"]),
    ("DE", DialKind.EMERGENCY, ["112 0000000", "1101234567", "0 112 1234567"]),
    ("DE", None, ["900123456", "911 123456", "1125", "110123", "01511 1234567", "+49 911 123456"]),
    ("IT", DialKind.PREMIUM, ["899123456789", "1661234567", "892424123"]),
    ("AU", DialKind.PREMIUM, ["1900 123 456 12"]),
    ("AU", DialKind.EMERGENCY, ["000 1234567"]),
    ("GB", DialKind.DIRECTORY, ["118 118 000", "1181181", "9 118118"]),
    ("GB", None, ["0113 496 0000", "0118 496 0123"]),
    ("US", DialKind.PREMIUM, ["976 5551 234"]),
    ("US", DialKind.DIRECTORY, ["9 411"]),
    ("FR", DialKind.PREMIUM, ["0 3639"]),
    ("FR", None, ["01 12 34 56 78", "01 71 23 45 67"]),
    # Behind an outside line's digit, where that is no part of a number.
    ("PL", DialKind.PREMIUM, ["0 700123456"]),
    ("CZ", DialKind.PREMIUM, ["0 900123456", "9 900123456"]),
    ("", DialKind.PREMIUM, ["+499003123456", "+4990031234567"]),
    ("", DialKind.EMERGENCY, ["112", "911"]),
    ("", None, ["0900123456", "101", "110", "30"]),
]


@pytest.mark.parametrize(
    ("country", "kind", "number"), [(country, kind, number) for country, kind, numbers in KINDS for number in numbers]
)
def test_kinds(country: str, kind: DialKind | None, number: str) -> None:
    """Codes are judged first and by country, then the number behind them, then its kind."""
    assert kind_of(number, country) is kind


@pytest.mark.parametrize(
    ("country", "number"), [("MT", "50037903"), ("BH", "98446413"), ("MX", "9004446267"), ("DO", "9004440672")]
)
def test_a_number_from_a_dial_pad_has_one_reading(country: str, number: str) -> None:
    """What is usual at home is premium there, and elsewhere would be a number abroad."""
    assert kind_of(number, country, by_hand=True) is DialKind.PREMIUM
