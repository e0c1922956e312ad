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
    ("", DialKind.PREMIUM, ["+499003123456"]),
    ("", DialKind.EMERGENCY, ["112", "911"]),
    ("", None, ["0900123456", "101", "110", "30"]),
]


@pytest.mark.parametrize(
    ("country", "kind", "number"), [(country, kind, number) for country, kind, numbers in KINDS for number in numbers]
)
def test_kinds(country: str, kind: DialKind | None, number: str) -> None:
    """Codes are judged first and by country, then the number behind them, then its kind."""
    assert kind_of(number, country) is kind
