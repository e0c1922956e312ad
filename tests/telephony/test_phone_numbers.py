"""Numbers are told alike however a phone system or a person writes them, and nonsense is not dialled."""

import re
import subprocess
import sys
import time
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.telephony import phone_numbers
from custom_components.pbx.telephony.errors import InvalidInputError
from custom_components.pbx.telephony.phone_numbers import (
    DialForm,
    dialable,
    display_name,
    in_form,
    is_extension,
    is_hidden,
    is_inside,
    load,
    national,
    normalise,
    read,
    received,
    same,
    spoken,
    strip,
)

# country, as written at home, E.164
COUNTRIES = [
    ("IT", "06 1234 5678", "+390612345678"),
    ("IT", "347 123 4567", "+393471234567"),
    ("DE", "030 901820", "+4930901820"),
    ("AT", "01 5134 4000", "+43151344000"),
    ("CH", "044 668 18 00", "+41446681800"),
    ("FR", "01 42 68 53 00", "+33142685300"),
    ("ES", "912 345 678", "+34912345678"),
    ("PT", "21 123 4567", "+351211234567"),
    ("GB", "020 7946 0018", "+442079460018"),
    ("IE", "01 677 0095", "+35316770095"),
    ("NL", "020 624 1111", "+31206241111"),
    ("BE", "02 548 04 48", "+3225480448"),
    ("DK", "33 12 34 56", "+4533123456"),
    ("NO", "22 12 34 56", "+4722123456"),
    ("SE", "08-508 29 000", "+46850829000"),
    ("FI", "09 1234567", "+35891234567"),
    ("CZ", "222 333 444", "+420222333444"),
    ("SK", "02/5934 1111", "+421259341111"),
    ("PL", "22 695 29 00", "+48226952900"),
    ("HU", "06 1 328 3000", "+3613283000"),
    ("RO", "021 311 1111", "+40213111111"),
    ("GR", "21 0123 4567", "+302101234567"),
    ("UA", "044 256 7800", "+380442567800"),
    ("US", "(415) 555-0132", "+14155550132"),
    ("CA", "416-555-0132", "+14165550132"),
    ("BR", "(11) 2345-6789", "+551123456789"),
    ("AU", "02 9374 4000", "+61293744000"),
    ("NZ", "09 300 7000", "+6493007000"),
    ("IN", "022 2272 1234", "+912222721234"),
    ("JP", "03-1234-5678", "+81312345678"),
    ("ZA", "021 480 7700", "+27214807700"),
]


FULL = [number for _, _, number in COUNTRIES]
HOMES = sorted({country for country, _, _ in COUNTRIES})
THOROUGH = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def tried(number: str, country: str = "", *, by_hand: bool = False) -> str | None:
    """Return what is dialled; None for what is refused because it can be read in two ways."""
    if len(read(number, country, by_hand=by_hand).readings) > 1:
        with pytest.raises(InvalidInputError, match="ambiguous_number"):
            dialable(number, country, by_hand=by_hand)
        return None
    return dialable(number, country, by_hand=by_hand)


@pytest.mark.parametrize(("country", "written", "number"), COUNTRIES)
def test_a_number_is_the_same_however_it_is_written(country: str, written: str, number: str) -> None:
    """At home, abroad, with marks, as a link, and where the plus was lost."""
    bare = number[1:]
    for form in (written, number, f"00{bare}", f"tel:{number}", f"TEL:{number};ext=1", f" {number} ", f"+ {bare}"):
        assert normalise(form, country) == number, form
        assert received(form, country) == number, form
        assert dialable(form, country) == number, form
        assert same(form, number, country)
        assert same(number, form)
    assert normalise(bare, country) == number
    assert normalise(number) == number
    assert normalise(bare) == number
    assert same(bare, number)
    assert strip(national(number)).endswith(national(number)[-4:])
    assert normalise(national(number), country) == number
    assert dialable(national(number), country, by_hand=True) == number


@pytest.mark.parametrize("country", [*HOMES, "", "XX"])
def test_digits_with_their_country_are_no_number_at_home(country: str) -> None:
    """A phone system that leaves the plus away means the same number wherever its account is."""
    for home, written, number in COUNTRIES:
        assert received(number[1:], country) == number, home
        assert received(number, country) == number
        assert received(f"00{number[1:]}", country) == number
        if home == country:
            assert dialable(written, country) == number


@pytest.mark.parametrize("country", [*HOMES, "LU", "", "XX"])
@pytest.mark.parametrize("number", FULL)
def test_a_lost_plus_never_makes_another_number(number: str, country: str) -> None:
    """Templates make a whole number of it: what was meant is dialled, or nothing."""
    for form in (number[1:], f"tel:{number[1:]}", f"*31#{number[1:]}"):
        dialled = tried(form, country)
        assert dialled is None or dialled.removeprefix("*31#") == number


@pytest.mark.parametrize(
    ("number", "country", "dialled"),
    [
        ("4915123456789", "DE", "+4915123456789"),
        ("493023125101", "DE", "+493023125101"),
        ("390612345678", "DE", "+390612345678"),
        ("33612345678", "AT", "+33612345678"),
        ("390612345678", "IT", "+390612345678"),
        ("393281234567", "IT", "+393281234567"),
        ("447911123456", "GB", "+447911123456"),
        ("33142685300", "FR", "+33142685300"),
        ("15551234567", "US", "+15551234567"),
        ("14155550132", "US", "+14155550132"),
        ("4915123456789", "", "+4915123456789"),
        ("7911123456", "GB", "+447911123456"),
        ("17612345678", "DE", "+4917612345678"),
        ("612345678", "ES", "+34612345678"),
        ("4915123456789.0", "DE", "+4915123456789"),  # an amount to a template
        ("+4915123456789.0", "DE", "+4915123456789"),
        ("101.0", "DE", "101"),
    ],
)
def test_digits_with_one_reading_are_dialled_as_meant(number: str, country: str, dialled: str) -> None:
    """With the plus that was lost, or as a number at home."""
    assert dialable(number, country) == dialled
    assert dialable(f"tel:{number}", country) == dialled
    assert read(number, country).readings == (dialled,)


@pytest.mark.parametrize(
    ("number", "country", "readings"),
    [
        ("15123456789", "DE", "+4915123456789, +15123456789"),  # a mobile that lost its 0, or Texas
        ("33142685300", "DE", "+4933142685300, +33142685300"),
        ("33612345678", "IT", "+3933612345678, +33612345678"),
        ("3281234567", "IT", "+393281234567, +3281234567"),  # an Italian mobile, or Namur
        ("4722123456", "US", "+14722123456, +4722123456"),
        ("49301234", "DE", "49301234, +49301234"),  # in the own town, or in Berlin
        ("441632960500", "AT", "441632960500, +441632960500"),  # in no plan
        ("3281234567", "", "3281234567, +3281234567"),
        ("*31#15123456789", "DE", "*31#+4915123456789, *31#+15123456789"),
    ],
)
def test_digits_with_two_readings_are_refused(number: str, country: str, readings: str) -> None:
    """With both of them, so that a person can choose."""
    with pytest.raises(InvalidInputError) as caught:
        dialable(number, country, field="target")
    assert (caught.value.field, caught.value.problem, caught.value.value) == ("target", "ambiguous_number", readings)
    assert number not in str(caught.value)
    assert read(number, country).dialled == read(number, country).number == ""
    for form in DialForm:
        with pytest.raises(InvalidInputError):
            in_form(number, form, country)


@pytest.mark.parametrize(
    ("number", "country", "dialled"),
    [
        ("3281234567", "IT", "+393281234567"),
        ("4722123456", "US", "+14722123456"),
        ("84951234567", "RU", "+74951234567"),
        ("15123456789", "DE", None),
        ("33612345678", "IT", None),
    ],
)
def test_on_a_dial_pad_a_usual_number_at_home_is_meant(number: str, country: str, dialled: str | None) -> None:
    """No plus is lost there, but a 0 may be."""
    assert tried(number, country, by_hand=True) == dialled
    if dialled:
        assert in_form(number, DialForm.KEYED, country, by_hand=True) == number


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("442079460123", "DE", "+442079460123"),
        ("441632960500", "DE", "+441632960500"),  # in no numbering plan
        ("15123456789", "DE", "+15123456789"),
        ("4155550132", "US", "+14155550132"),
        ("612345678", "ES", "+34612345678"),
        ("7911123456", "GB", "+447911123456"),
        ("02079460123", "GB", "+442079460123"),
        ("1000200", "DE", "1000200"),
        ("11912345678", "BR", "+5511912345678"),  # nobody writes a 0 there
        ("1123456789", "BR", "+551123456789"),
        ("13123456789", "CN", "+13123456789"),
        ("1001", "DE", "1001"),
        ("*97", "DE", "*97"),
        ("", "DE", ""),
    ],
)
def test_numbers_that_are_received_without_plus(number: str, country: str, shown: str) -> None:
    """They have their country before them; what stands for itself stays."""
    assert received(number, country) == shown


@pytest.mark.parametrize(
    ("number", "country", "shown"),
    [
        ("4722123456", "US", "+14722123456"),  # else in Norway
        ("4722123456", "CA", "+14722123456"),
        ("4951234567", "RU", "+74951234567"),  # else in Germany
        ("3637510613", "IT", "+393637510613"),  # else in Hungary
        ("537575064", "PL", "+48537575064"),  # else in Cuba
        ("492589913", "CZ", "+420492589913"),
        ("13123456789", "CN", "+8613123456789"),  # else in Chicago
        ("11912345678", "BR", "+5511912345678"),
        ("33612345678", "IT", "+33612345678"),  # longer than numbers there
        ("393637510613", "IT", "+393637510613"),
        ("442079460123", "US", "+442079460123"),
        ("15123456789", "DE", "+15123456789"),  # at home there is a 0 before it
        ("015123456789", "DE", "+4915123456789"),
        ("1001", "US", "1001"),
    ],
)
def test_numbers_as_lines_tell_them(number: str, country: str, shown: str) -> None:
    """A phone system that hands them on has callers at home without their country."""
    assert received(number, country, national=True) == shown
    assert normalise(shown, country, national=True) == shown


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        *((form, "US", "+16465550123") for form in ("(646) 555-0123", "646-555-0123", "646.555.0123", "646 555 0123")),
        *((form, "CA", "+16475550123") for form in ("(647)555-0123", "1 (647) 555-0123", "(647) 555-0123 ext. 12")),
        *((form, "RU", "+74951234567") for form in ("8 (495) 123-45-67", "8(495)1234567", "(495) 123-45-67")),
        *((form, "IT", "+393281234567") for form in ("328 123 4567", "(328) 1234567", "328-123-4567")),
        *((form, "IT", "+393281234567") for form in ("328 1234567", "328/1234567", "328.123.4567")),
        *((form, "US", "+15072231234") for form in ("(507) 223-1234", "507-223-1234", "507 2231234")),  # Panama's code
        ("131 2345 6789", "CN", "+8613123456789"),
        ("321 1234567", "CO", "+573211234567"),
        ("(33) 1234-5678", "MX", "+523312345678"),
        ("*67 (646) 555-0123", "US", "*67+16465550123"),
    ],
)
def test_an_area_code_that_is_set_apart_is_at_home(written: str, country: str, number: str) -> None:
    """So nobody takes New York for New Zealand, or Moscow for Vietnam."""
    assert dialable(written, country) == number
    if not number.startswith("*"):
        assert received(written, country) == normalise(written, country) == number
        assert same(written, number, country)


@pytest.mark.parametrize(
    ("written", "country", "readings"),
    [
        ("6465550123", "US", 2),
        ("64 6 555 0123", "US", 2),
        ("(47) 22 12 34 56", "US", 2),  # Norway's own code is in brackets
        ("(151) 23456789", "DE", 2),  # a 0 is missing, or a plus
        ("49 (151) 23456789", "DE", 1),
    ],
)
def test_other_digits_that_are_set_apart_say_nothing(written: str, country: str, readings: int) -> None:
    """What can be read in two ways is refused."""
    assert len(read(written, country).readings) == readings


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        *((form, "US", "+12125551234") for form in ("(212) 555-1234 ext 5", "(212) 555-1234x5", "212-555-1234 #5")),
        *(
            (form, "US", "+12125551234")
            for form in ("[212] 555-1234 x 5", "(212) 555-1234 (ext. 5)", "+12125551234,,5#")
        ),
        *((form, "DE", "+4930901820") for form in ("+4930901820p12", "+4930901820w12", "(030) 901820 Durchwahl 12")),
        *(
            (form, "DE", "+4930901820")
            for form in ("%2B4930901820", "%2B49%2030%20901820", "sip%3A%2B4930901820%40host")
        ),
        ("(11) 2345-6789 ramal 12", "BR", "+551123456789"),
    ],
)
def test_the_number_before_an_extension_or_a_pause(written: str, country: str, number: str) -> None:
    """Whatever the number begins with, and also where an address of the web has encoded it."""
    assert received(written, country) == normalise(written, country) == dialable(written, country) == number


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("=?UTF-8?Q?J=C3=B6rg_M=C3=BCller?= <sip:+4930901820@host>", "Jörg Müller"),
        ('"=?iso-8859-1?Q?J=F6rg?= =?iso-8859-1?Q?_K?=" <sip:+4930901820@host>', "Jörg K"),
        ("=?utf-8?B?SsO2cmc=?=", "Jörg"),
        ("=?utf-8?B?AEFubmEKQg==?=", "Anna B"),
        ("=?no-such?B?SsO2cmc=?=", "=?no-such?B?SsO2cmc=?="),
        ("=?utf-8?B?A?=", "=?utf-8?B?A?="),
        ("=?utf-8?Q?Anonymous?=", ""),
        ("J%C3%B6rg%20M%C3%BCller <sip:%2B4930901820@host>", "Jörg Müller"),
        ("J%00%0Arg", "J rg"),
        ("100% Anna", "100% Anna"),
        ("50%ab", "50%ab"),
    ],
)
def test_a_name_that_is_encoded(written: str, name: str) -> None:
    """As in an e-mail, or in an address; it is one clean line."""
    assert display_name(written) == name


@pytest.mark.parametrize(
    ("number", "country"), [("13123456789", "CN"), ("11912345678", "BR"), ("4722123456", "US"), ("3281234567", "IT")]
)
def test_nobody_writes_a_zero_before_it(number: str, country: str) -> None:
    """On a dial pad it is a number at home."""
    assert dialable(number, country, by_hand=True) == received(number, country, national=True)


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("0011 44 20 7946 0018", "AU", "+442079460018"),
        ("0044 20 7946 0018", "AU", "+442079460018"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("011 44 1632 960500", "US", "+441632960500"),
        ("00 44 20 7946 0018", "US", "+442079460018"),
        ("010 44 20 7946 0018", "JP", "+442079460018"),
        ("8 10 44 20 7946 0018", "RU", "+442079460018"),
        ("06 1 328 3000", "HU", "+3613283000"),
        ("+49 (0)30 901820", "IT", "+4930901820"),
        ("0049 (0)30 901820", "IT", "+4930901820"),
        ("0351/1234567", "DE", "+493511234567"),
        ("0037275016183", "EE", "+37275016183"),
    ],
)
def test_every_country_has_prefixes_of_its_own(written: str, country: str, number: str) -> None:
    """For numbers at home and for those abroad; two zeros are understood everywhere."""
    assert dialable(written, country) == number
    assert received(written, country) == number
    assert same(written, number, country)


@pytest.mark.parametrize(
    ("written", "country"),
    [
        *(("+52 1 55 1234 5678", country) for country in ("MX", "DE", "US", "")),
        *(("5215512345678", country) for country in ("MX", "DE", "US", "")),
        *(("0052 1 55 1234 5678", country) for country in ("MX", "DE")),
        *(("011 52 1 55 1234 5678", "US"), ("044 55 1234 5678", "MX"), ("045 55 1234 5678", "MX")),
        *(("01 55 1234 5678", "MX"), ("55 1234 5678", "MX"), ("sip:5215512345678@host", "MX")),
    ],
)
def test_a_prefix_that_is_no_longer_dialled(written: str, country: str) -> None:
    """Old address books have it, and some switches still send it."""
    assert received(written, country) == normalise(written, country) == dialable(written, country) == "+525512345678"
    assert same(written, "+52 55 1234 5678", country)


@pytest.mark.parametrize("home", ["MX", "US", "DE"])
def test_a_number_of_north_america_has_no_prefix_of_mexico(home: str) -> None:
    """It has its own 1, and eleven digits as well."""
    assert received("15512345678", home) == "+15512345678"
    assert normalise("+1 551 234 5678", home) == "+15512345678"


@pytest.mark.parametrize(
    ("at_home", "country", "number"),
    [
        ("050 123 4567", "IL", "+972501234567"),
        ("01 80 00 00 00", "FR", "+33180000000"),
        ("0199 1234567", "DE", "+491991234567"),
        ("07000 123456", "GB", "+447000123456"),
        ("06 90 123 4567", "HU", "+36901234567"),
    ],
)
def test_a_number_that_no_plan_lists_yet_is_one_number(at_home: str, country: str, number: str) -> None:
    """With its 0 or with its country; a person's is dialled as it was keyed."""
    for written in (at_home, number, number[1:], f"00{number[1:]}"):
        assert received(written, country) == normalise(written, country) == number
    assert dialable(at_home, country) in {number, strip(at_home)}
    assert in_form(at_home, DialForm.E164, country) == number


@pytest.mark.parametrize("number", ["0011442079460018", "+004930901820", "++4930901820", "+49301", "+0"])
def test_what_only_looks_like_a_prefix_is_refused(number: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidInputError):
        dialable(number, "DE")


@pytest.mark.parametrize(
    "around", ["{}", "\u202a{}\u202c", "\u2068{}\u2069", "\u200e{}", "\ufeff{}", "{}\u200b", "\u061c{}\n"]
)
@pytest.mark.parametrize(
    "written",
    [
        *("0176 12345678", "0176\u20111234\u20115678", "0176\u201312345678", "0176\u221212345678"),
        *("0176\xa01234\u20095678", "0176\u30001234\uff0d5678", "0176/12345678", "(0176) 1234.5678", "[0176] 12345678"),
        *(
            "+49 176 12345678",
            "\uff0b4917612345678",
            "\uff0b\uff14\uff19\uff11\uff17\uff16\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        ),
        "\u0660\u0661\u0667\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    ],
)
def test_a_number_from_an_address_book_is_dialled(written: str, around: str) -> None:
    """With invisible characters, typographic marks and the digits of any script."""
    text = around.format(written)
    assert dialable(text, "DE") == "+4917612345678"
    assert received(text, "DE") == "+4917612345678"
    assert same(text, "017612345678", "DE")
    assert same(text, "017612345678") or not written.startswith(("+", "\uff0b"))


URIS = [
    "sip:+4930123456@sip.example.com",
    "sip:030123456@sip.example.com;user=phone",
    "sip:%2B4930123456@sip.example.com:5060;transport=tcp?subject=x",
    "sips:+4930123456@sip.example.com",
    "SIP:+49-30-123456@192.0.2.1",
    "sip:+4930123456:secret@sip.example.com",
    "sip:+4930123456;ext=1@sip.example.com;user=phone",
    "030123456@sip.example.com",
    "+4930123456@[2001:db8::1]",
    "<sip:+4930123456@sip.example.com>",
    "<sip:+4930123456@sip.example.com>;tag=1",
    '"A name so long that the rest was cut off" <sip:+4930123456@sip.exam',
    '"Max" <sip:030123456@sip.example.com>',
    "Max Mustermann <sip:030123456@sip.example.com;user=phone>;tag=a",
    '"Anonymous" <sip:030123456@sip.example.com>',
    '"Max" <030123456>',
    '"030 123456" <030123456>',
    "tel:+49-30-123456",
    "tel:030123456;phone-context=pbx.example.com",
    "tel:123456;phone-context=+4930",
    "tel://+4930123456",
    "tel:tel:+4930123456",
    "callto:+4930123456",
    "+4930123456;user=phone",
    "+4930123456;ext=12",
    "<tel:+4930123456;ext=12>",
    "tel:+49-30-123456;isub=12;phone-context=example.com",
    "tel:030123456;phone-context=+49",
    "sip:123456;phone-context=+4930@sip.example.com;user=phone",
    "sip:+4930123456;phone-context=+49@sip.example.com",
    "sip:%2B49%2030%20123456@sip.example.com",
    "sip:+4930123456%3Bext=12@sip.example.com",
    "sip:0049 30 123456@sip.example.com",
    "sip:+4930123456@[2001:db8::1]:5061;transport=tls?Subject=hello",
    '"Doe, John" <sip:+4930123456@sip.example.com>',
    '"Doe, John \\"JD\\"" <sip:+4930123456@sip.example.com>;tag=1',
    "Doe, John <sip:+4930123456@sip.example.com>",
    '"<Max>" <sip:030123456@sip.example.com>',
    '"max@example.com" <sip:030123456@sip.example.com>',
    "Max <Moritz> <sip:030123456@sip.example.com>",
    "Max <3 Anna <030123456>;tag=1",
    '"Max" <b>Moritz</b> <sip:030123456@sip.example.com>, <sip:101@host>',
    '"Max" <sip:+4930123456@sip.example.com>, "Other" <tel:+4930999999>',
    '"Max\'s" <sip:+4930123456@sip.example.com>',
    '"+4930123456"',
    "'030 123456'",
    "+4930123456,",
    "030123456;",
    "+49 30 123456 ext. 12",
    "+4930123456x12",
    "+4930123456 X 12",
    "030 123456 Durchwahl 12",
    "030/123456, DW 12",
    "+49 30 123456 доб. 12",
]


@pytest.mark.parametrize("written", URIS)
@pytest.mark.parametrize("read_number", [normalise, received, dialable])
def test_the_number_in_a_uri(read_number: object, written: str) -> None:
    """With a display name or without, and with whatever a phone system adds."""
    assert callable(read_number)
    assert read_number(written, "DE") == "+4930123456"
    assert not is_hidden(written)


LONG_TEXTS = [
    *(
        "a" + " " * 20_000 + "b",
        '"' + "\\" * 20_000,
        "1" * 20_000 + "x",
        "<" * 20_000,
        "sip:" * 5_000,
        '"a"' * 5_000 + "<",
    ),
    *(
        "+49" + " -" * 10_000 + "x",
        "x@" * 10_000,
        '"a" ' * 5_000 + "<1>;" + "," * 1_000,
        "tel:" + ";phone-context=+" * 2_000,
    ),
]


@pytest.mark.parametrize("written", LONG_TEXTS, ids=range(len(LONG_TEXTS)))
def test_a_long_text_takes_no_time(written: str) -> None:
    """Whoever writes it: it is a stranger's, and read for each call."""
    began = time.process_time()
    for read_number in (received, display_name, is_hidden, strip):
        read_number(written)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("written", ["sip:101@pbx.example.com", '"Anna" <101>', "101@pbx.example.com", "tel:101"])
def test_the_extension_in_a_uri(written: str) -> None:
    """Which is short."""
    assert received(written, "DE") == strip(written) == dialable(written, "DE") == "101"


@pytest.mark.parametrize("text", ["sip:reception@pbx.example.com", "anna@example.com", "trunk 1", "Dr. No", "a-b"])
def test_what_is_no_number_keeps_its_text(text: str) -> None:
    """Nobody can tell what would be left over."""
    assert normalise(text, "DE") == received(f" {text} ", "DE") == strip(text) == text
    with pytest.raises(InvalidInputError):
        dialable(text, "DE")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"Anna Rossi" <sip:101@host>', "Anna Rossi"),
        ("Anna <101>", "Anna"),
        ("'Anna' <tel:+390612345678>", "Anna"),
        ("Anna Rossi", "Anna Rossi"),
        ("anna@example.com", "anna@example.com"),
        ('"Anna Rossi"', "Anna Rossi"),
        ("Studio 54", "Studio 54"),
        ("love <3", "love <3"),
        ("sip:+4930123456@host", ""),
        ("sip:reception@host", ""),
        ("030 123456", ""),
        ("+4930123456", ""),
        ('"030 123456" <sip:030123456@host>', ""),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>', ""),
        ('"No Caller ID" <sip:+4930123456@host>', ""),
        ('"Doe, John" <sip:101@host>', "Doe, John"),
        ('"Doe, John \\"JD\\"" <sip:101@host>;tag=1', 'Doe, John "JD"'),
        ('"<Max>" <sip:101@host>', "<Max>"),
        ("Max <Moritz> <sip:101@host>", "Max <Moritz>"),
        ("Max <102> <101>", "Max <102>"),
        ("Max <Moritz>", "Max <Moritz>"),
        ('"Max\'s" <sip:101@host>, <tel:102>', "Max's"),
        ('"+4930123456"', ""),
        ("+4930123456 ext. 12", ""),
        ("Anonymous", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_text_that_may_be_a_uri(text: str, name: str) -> None:
    """A number is nobody's name, nor is the word for none."""
    assert display_name(text) == name


@pytest.mark.parametrize(
    ("written", "country", "code", "number", "dialled"),
    [
        ("*31#+49 30 901820", "DE", "*31#", "+4930901820", "*31#+4930901820"),
        ("#31#030 901820", "DE", "#31#", "+4930901820", "#31#+4930901820"),
        ("*#31#030901820", "DE", "*#31#", "+4930901820", "*#31#+4930901820"),
        ("*31# 0049 30 901820", "IT", "*31#", "+4930901820", "*31#+4930901820"),
        ("*31*02 548 04 48", "BE", "*31*", "+3225480448", "*31*+3225480448"),
        ("*67 +1 415 555 0132", "US", "*67", "+14155550132", "*67+14155550132"),
        ("*67 415-555-0132", "US", "*67", "+14155550132", "*67+14155550132"),
        ("*67-1-415-555-0132", "US", "*67", "+14155550132", "*67+14155550132"),
        ("*674155550132", "US", "*67", "+14155550132", "*67+14155550132"),
        ("*6714155550132", "CA", "*67", "+14155550132", "*67+14155550132"),
        ("*2324155550132", "US", "*232", "+14155550132", "*232+14155550132"),
        ("*67 347 123 4567", "IT", "*67", "+393471234567", "*67+393471234567"),
        ("*31#101", "DE", "*31#", "101", "*31#101"),
        ("*21*030901820#", "DE", "*21*", "+4930901820", "*21*+4930901820#"),
        ("**21*+4930901820#", "DE", "**21*", "+4930901820", "**21*+4930901820#"),
        ("\u202a*31#+4930901820\u202c", "DE", "*31#", "+4930901820", "*31#+4930901820"),
        ("\uff0a31\uff03+4930901820", "DE", "*31#", "+4930901820", "*31#+4930901820"),
        ("tel:*31#+4930901820", "DE", "*31#", "+4930901820", "*31#+4930901820"),
        ("tel:*31%23+4930901820", "DE", "*31#", "+4930901820", "*31#+4930901820"),
    ],
)
def test_a_code_is_separated_from_the_number_behind_it(
    written: str, country: str, code: str, number: str, dialled: str
) -> None:
    """Who may dial it is judged by both."""
    typed = read(written, country)
    assert (typed.code, typed.number, typed.dialled) == (code, number, dialled)
    assert dialable(written, country) == dialled


@pytest.mark.parametrize("code", ["*97", "#31#", "##002#", "*8101", "*21*101*11#", "**04*1234*5678*5678#", "*#06#"])
@pytest.mark.parametrize("country", ["", "DE", "US"])
def test_a_code_without_a_number_is_dialled_as_it_is(code: str, country: str) -> None:
    """The phone system understands it, in every form."""
    assert dialable(code, country) == code
    for form in DialForm:
        assert in_form(code, form, country) == code


@pytest.mark.parametrize("number", ["*31#+49", "*31#+999123456789", "*31#abc", "*67 abc", "*31#+49301", "*31#030+1"])
def test_a_code_does_not_hide_what_is_no_number(number: str) -> None:
    """Behind it."""
    with pytest.raises(InvalidInputError):
        dialable(number, "DE")


@pytest.mark.parametrize(
    ("written", "country", "keyed", "at_home", "full"),
    [
        ("030 901820", "DE", "030901820", "030901820", "+4930901820"),
        ("+49 30 901820", "DE", "+4930901820", "030901820", "+4930901820"),
        ("+49 (0)30 901820", "DE", "+4930901820", "030901820", "+4930901820"),
        ("0049 30 901820", "DE", "004930901820", "030901820", "+4930901820"),
        ("0049 (0)30 901820", "DE", "004930901820", "030901820", "+4930901820"),
        ("4930901820111", "DE", "+4930901820111", "030901820111", "+4930901820111"),
        ("17612345678", "DE", "+4917612345678", "017612345678", "+4917612345678"),
        ("800 123 456", "CZ", "800123456", "800123456", "+420800123456"),
        ("420 800 123 456", "CZ", "+420800123456", "800123456", "+420800123456"),
        ("06 1234 5678", "IT", "0612345678", "0612345678", "+390612345678"),
        ("+39 06 1234 5678", "DE", "+390612345678", "00390612345678", "+390612345678"),
        ("0039 06 1234 5678", "DE", "00390612345678", "00390612345678", "+390612345678"),
        ("0011 44 20 7946 0018", "AU", "0011442079460018", "0011442079460018", "+442079460018"),
        ("(415) 555-0132", "US", "4155550132", "4155550132", "+14155550132"),
        ("1 (415) 555-0132", "US", "14155550132", "4155550132", "+14155550132"),
        ("011 44 20 7946 0018", "US", "011442079460018", "011442079460018", "+442079460018"),
        ("sip:030901820@host", "DE", "030901820", "030901820", "+4930901820"),
        ("*31#030 901820", "DE", "*31#030901820", "*31#030901820", "*31#+4930901820"),
        ("+39 06 1234 5678", "", "+390612345678", "+390612345678", "+390612345678"),
        ("101", "DE", "101", "101", "101"),
        ("116117", "DE", "116117", "116117", "116117"),
    ],
)
def test_a_number_in_the_form_a_phone_system_dials(
    written: str, country: str, keyed: str, at_home: str, full: str
) -> None:
    """It is the number that was checked, and once in its form it stays so."""
    for form, expected in ((DialForm.KEYED, keyed), (DialForm.NATIONAL, at_home), (DialForm.E164, full)):
        shaped = in_form(written, form, country)
        assert shaped == expected
        assert dialable(shaped, country, by_hand=True) == dialable(written, country)
        assert in_form(shaped, form, country, by_hand=True) == shaped


@pytest.mark.parametrize(("number", "country"), [("1000200", "DE"), ("0612345678", ""), ("5551234", "")])
def test_a_number_without_its_area_or_country_has_no_full_form(number: str, country: str) -> None:
    """It is dialled as it is, or not at all."""
    assert in_form(number, DialForm.KEYED, country) == number
    assert in_form(number, DialForm.NATIONAL, country) == number
    with pytest.raises(InvalidInputError):
        in_form(number, DialForm.E164, country)


@pytest.mark.parametrize("country", ["", "IT", "XX"])
@pytest.mark.parametrize("number", ["1", "101", "113", "100200", "*9", "*97", "#31#", "*21*101#", "**5"])
def test_what_only_this_phone_system_understands_stays_as_it_is(number: str, country: str) -> None:
    """Extensions and star codes."""
    assert is_extension(number)
    assert received(number, country) == number
    assert dialable(f"tel:{number}", country) == number


@pytest.mark.parametrize("number", ["1000200", "+39101", "", "12a", "*", "+101", "*9a", "1-2", "٣٤٥"])
def test_what_is_no_extension(number: str) -> None:
    """Seven digits are a number."""
    assert not is_extension(number)


@pytest.mark.parametrize("number", ["", " ", "-", "tel:", "anonymous", "<unknown>", "sip:anonymous@anonymous.invalid"])
def test_a_hidden_caller_has_no_number(number: str) -> None:
    """Whatever stands there instead."""
    assert is_hidden(number)
    assert received(number, "IT") == normalise(number, "IT") == ""
    assert not same(number, number)
    with pytest.raises(InvalidInputError):
        dialable(number, "IT")


@pytest.mark.parametrize("name", ["sip-phone", "+", "0039anna", "1" * 21, "12,34", "12p34", "1;2", "12&3", "++1"])
def test_what_is_no_number_is_not_dialled(name: str) -> None:
    """And the message does not repeat it."""
    with pytest.raises(InvalidInputError) as caught:
        dialable(f"{name}x" if name.isdecimal() else name, "IT", field="target")
    assert (caught.value.field, caught.value.problem) == ("target", "invalid_number")
    assert name not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "complete", "inside"),
    [
        ("101", True, True),
        ("101", False, True),
        ("102", False, True),
        ("102", True, False),
        ("00000", True, False),
        ("116117", True, False),
        ("+4930901820", False, False),
        ("1000001", True, True),
    ],
)
def test_a_short_number_is_inside_where_it_is_listed(number: str, complete: bool, inside: bool) -> None:  # noqa: FBT001
    """And where nobody knows all that are."""
    assert is_inside(number, {"101", "1000001"}, complete=complete) is inside


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+39", ""),
        ("+391", "IT"),
        ("+999123456789", ""),
        ("+1415555013", "US"),
        ("12345678901234567890", "IT"),
        ("+49 30 1", "DE"),
        ("0049 30 1", "DE"),
        ("+49 110", ""),
        ("+44 112", "GB"),
        ("+1 555 0123", "US"),
    ],
)
def test_what_cannot_be_a_number_is_not_dialled(number: str, country: str) -> None:
    """Too short, too long, of no country, or with a country but only good in one town."""
    with pytest.raises(InvalidInputError):
        dialable(number, country)


@pytest.mark.parametrize("number", ["110", "112", "911", "*98", "#31#", "1", "101", "116117", "123456"])
@pytest.mark.parametrize("country", ["", "DE", "US", "IT"])
def test_short_numbers_are_dialled(number: str, country: str) -> None:
    """Emergency numbers, services and extensions are the phone system's business."""
    assert dialable(number, country) == number


@pytest.mark.parametrize(
    ("number", "country"),
    [("+49 30 12 34", "DE"), ("+683 4000", ""), ("+290 4123", ""), ("+500 41234", ""), ("555 0123", "US")],
)
def test_numbers_that_are_only_short_are_dialled(number: str, country: str) -> None:
    """A whole number of a small country, and a number of the own town without a country."""
    assert dialable(number, country) == strip(number)


@pytest.mark.parametrize("number", ["0612345678", "5551234"])
def test_a_number_at_home_cannot_be_judged_without_a_country(number: str) -> None:
    """The phone system may know it."""
    assert dialable(number) == number


@pytest.mark.parametrize("country", ["", "XX", "it"])
def test_a_country_that_is_none(country: str) -> None:
    """Numbers with their country code need no other."""
    assert received("+390612345678", country) == "+390612345678"


@pytest.mark.parametrize(
    ("one", "other", "country", "alike"),
    [
        ("+390612345678", "0612345678", "IT", True),
        ("+390612345678", "0612345678", "", True),
        ("tel:+390612345678", "00390612345678", "", True),
        ("+420222333444", "222333444", "CZ", True),
        ("+420222333444", "222333444", "", True),
        ("+4915123456789", "4915123456789", "DE", True),
        ("101", "101", "DE", True),
        ("anna", "anna", "DE", True),
        ("101", "0101", "DE", False),
        ("101", "+39061234101", "IT", False),
        ("", "", "IT", False),
        ("", "101", "IT", False),
        ("anonymous", "anonymous", "IT", False),
        ("anonymous", "unknown", "IT", False),
        ("+390612345678", "+390612345679", "IT", False),
        ("+4917612345678", "017612345678", "AT", False),  # the last nine digits tell nothing
        ("+4317612345678", "017612345678", "DE", False),
        ("+4317612345678", "+4917612345678", "DE", False),
        ("+442079460018", "+12079460018", "", False),
        ("2079460018", "+442079460018", "US", False),
        ("00000", "+0000000", "", False),
    ],
)
def test_whether_two_numbers_are_the_same(one: str, other: str, country: str, alike: bool) -> None:  # noqa: FBT001
    """As libphonenumber reads them."""
    assert same(one, other, country) is alike
    assert same(other, one, country) is alike


@pytest.mark.parametrize("number", ["101", "", "0612345678", "anna"])
def test_only_a_full_number_has_a_home(number: str) -> None:
    """Anything else is dialled as it is."""
    assert national(number) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+4930901820", "+4 9 3 0 9 0 1 8 2 0"),
        ("030 901820", "0 3 0 9 0 1 8 2 0"),
        ("101", "1 0 1"),
        ("*97", "* 9 7"),
        ("anna", "anna"),
        ("", ""),
    ],
)
def test_a_number_is_read_out_digit_by_digit(number: str, words: str) -> None:
    """A template cannot make a whole number of it."""
    assert spoken(number) == words


FORMATS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
)
INVISIBLE = ("\u200e", "\u202a", "\u202c", "\u2068", "\u2069", "\ufeff", "\u200b")
BETWEEN = ("", " ", "-", "\u2011", "\u2013", "\xa0", ".", "/", " / ")


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a valid number, a country, and how somebody there may write it."""
    country, _, example = draw(st.sampled_from(COUNTRIES))
    digits = draw(st.integers(0, 99))
    number = f"{example[:-2]}{digits:02}"
    parsed = phonenumbers.parse(number)
    if not phonenumbers.is_valid_number(parsed):
        number, parsed = example, phonenumbers.parse(example)
    home = draw(st.sampled_from([country, *HOMES]))
    shapes = [phonenumbers.format_number(parsed, shape) for shape in FORMATS if shape != FORMATS[2] or home == country]
    shapes += [f"00{number[1:]}", phonenumbers.format_out_of_country_calling_number(parsed, home)]
    text = draw(st.sampled_from(shapes))
    if "tel:" not in text:
        between = draw(st.sampled_from(BETWEEN))
        text = "".join(part + (between if part.isdigit() and draw(st.booleans()) else "") for part in text)
        if draw(st.booleans()):
            text = "".join(chr(ord(part) + 0xFEE0) if part.isascii() and part.isdigit() else part for part in text)
    text = draw(st.sampled_from(INVISIBLE)) + text + draw(st.sampled_from(INVISIBLE))
    around = (
        ("{}", " {} ", "sip:{}@host", '"Anna" <sip:{}@host;user=phone>', "<{}>")
        if not re.search(r"\s", text)
        else ("{}", " {}\n")
    )
    return draw(st.sampled_from(around)).format(text) if "tel:" not in text else text, home, number


@THOROUGH
@given(spellings())
def test_random_spellings_of_one_number_are_one_number(case: tuple[str, str, str]) -> None:
    """Typed or received, in its own country or in another."""
    text, country, number = case
    assert received(text, country) == number
    assert normalise(text, country) == number
    assert same(text, number, country)
    assert tried(text, country) in {number, None}
    assert tried(text, country, by_hand=True) == number or tried(text, country) is None


@THOROUGH
@given(spellings(), st.sampled_from(DialForm), st.sampled_from(["", "*31#", "#31#"]))
def test_what_is_dialled_is_what_was_checked(case: tuple[str, str, str], form: DialForm, code: str) -> None:
    """In every form: a phone system that understands it reaches the number that was typed."""
    text, country, number = case
    if code:
        text = f"{code}{strip(text)}"
    if tried(text, country) is None:
        return
    sent = in_form(text, form, country)
    assert sent.startswith(code)
    assert dialable(sent, country, by_hand=True) == f"{code}{number}"
    behind = sent.removeprefix(code)
    parsed = phonenumbers.parse(behind, country)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    if form is DialForm.E164:
        assert behind == number


@THOROUGH
@given(
    st.text(max_size=30)
    | st.from_regex(r"(tel:|sip:)?\+?[0-9 ()/.-]{1,25}(@host)?", fullmatch=True)
    | st.from_regex(r"[*#][0-9*# ]{0,6}[*#]?\+?[0-9]{0,14}#?", fullmatch=True),
    st.sampled_from([*HOMES, "", "XX"]),
)
def test_any_text_can_be_read(text: str, country: str) -> None:
    """Reading twice changes nothing, and what is dialled holds nothing but digits and codes."""
    once = received(text, country)
    assert received(once, country) == once
    assert is_hidden(text) is (is_hidden(text) or once == "")
    assert strip(strip(text)) == strip(text)
    display_name(text)
    spoken(text)
    try:
        number = dialable(text, country)
    except InvalidInputError:
        return
    assert set(number) <= set("+*#0123456789")
    assert dialable(number, country, by_hand=True) == number


@THOROUGH
@given(st.integers(1_000_000, 10**15 - 1), st.sampled_from([*HOMES, "LU", ""]))
def test_digits_are_never_dialled_as_something_else(digits: int, country: str) -> None:
    """Either there is one reading, or nothing is dialled."""
    typed = read(str(digits), country)
    abroad = phonenumbers.parse(f"+{digits}") if typed.readings and _is_number(f"+{digits}") else None
    if abroad is None or not phonenumbers.is_valid_number(abroad):
        return
    meant = phonenumbers.format_number(abroad, phonenumbers.PhoneNumberFormat.E164)
    assert typed.number in {"", meant}


def _is_number(text: str) -> bool:
    """Return whether the library reads a text."""
    try:
        phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return False
    return True


def test_the_library_is_imported_when_it_is_asked_for_and_then_with_all_countries() -> None:
    """An account without calls never pays for it, and the loop never waits for a country's table."""
    program = (
        "import sys, importlib.util as u, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "spec = u.spec_from_file_location('telephony', path / '__init__.py', submodule_search_locations=[str(path)])\n"
        "sys.modules['telephony'] = u.module_from_spec(spec)\n"
        "from telephony import number_filter, phone_numbers\n"
        "assert phone_numbers.received('101', 'IT') == phone_numbers.dialable('101', 'IT') == '101'\n"
        "assert phone_numbers.received('anonymous', 'IT') == ''\n"
        "assert 'phonenumbers' not in sys.modules\n"
        "phone_numbers.load()\n"
        "known = set(sys.modules)\n"
        "assert phone_numbers.received('+81312345678', 'IT') == '+81312345678'\n"
        "assert not {name for name in set(sys.modules) - known if name.startswith('phonenumbers.data')}\n"
    )
    folder = Path(phone_numbers.__file__).parent
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True, timeout=60)
    load()
