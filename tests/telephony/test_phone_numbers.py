"""Numbers are told alike however a phone system or a person writes them, and nonsense is not dialled."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.telephony.errors import InvalidInputError
from custom_components.pbx.telephony.phone_numbers import (
    dialable,
    international,
    is_extension,
    is_hidden,
    load,
    national,
    normalise,
    received,
    same,
    strip,
    tail,
    typed,
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


@pytest.mark.parametrize(("country", "written", "number"), COUNTRIES)
def test_a_number_is_the_same_however_it_is_written(country: str, written: str, number: str) -> None:
    """At home, abroad, with marks, as a link, and where the plus was lost."""
    bare = number[1:]
    for form in (written, number, f"00{bare}", f"tel:{number}", f"TEL:{number};ext=1", f" {number} ", f"+ {bare}"):
        assert normalise(form, country) == number, form
        assert dialable(form, country) == number, form
        assert same(form.replace("TEL:", "tel:"), number) or form == written
    assert normalise(bare, country) == number
    assert normalise(number) == number
    assert normalise(bare) == number
    assert same(bare, number)
    assert international(written, country) == number
    assert strip(national(number)).endswith(national(number)[-4:])
    assert normalise(national(number), country) == number


@pytest.mark.parametrize("country", sorted({country for country, _, _ in COUNTRIES} | {"", "XX"}))
def test_digits_with_their_country_are_no_number_at_home(country: str) -> None:
    """A phone system that leaves the plus away means the same number wherever its account is."""
    for home, written, number in COUNTRIES:
        assert received(number[1:], country) == number, home
        assert received(number, country) == number
        assert received(f"00{number[1:]}", country) == number
        assert dialable(typed(number, country), country) == number
        if home == country:
            assert dialable(typed(written, country), country) == number


@pytest.mark.parametrize("country", ["DE", "GB", "FR"])
def test_a_plus_that_was_lost_is_given_back(country: str) -> None:
    """Templates make a whole number of it; where numbers begin with a 0 at home, nothing else can be meant."""
    for _, _, number in COUNTRIES:
        assert dialable(typed(number[1:], country), country) == number


@pytest.mark.parametrize(
    ("number", "country", "shown", "dialled"),
    [
        ("442079460123", "DE", "+442079460123", "+442079460123"),
        ("441632960500", "DE", "+441632960500", "441632960500"),  # in no numbering plan
        ("4155550132", "US", "+14155550132", "4155550132"),
        ("612345678", "ES", "+34612345678", "612345678"),
        ("7911123456", "GB", "+447911123456", "7911123456"),
        ("02079460123", "GB", "+442079460123", "02079460123"),
        ("1000200", "DE", "1000200", "1000200"),
        ("1001", "DE", "1001", "1001"),
        ("*97", "DE", "*97", "*97"),
        ("", "DE", "", ""),
    ],
)
def test_numbers_without_plus(number: str, country: str, shown: str, dialled: str) -> None:
    """What stands for itself stays, and what people write at home is dialled as such."""
    assert received(number, country) == shown
    assert typed(number, country) == dialled


@pytest.mark.parametrize("country", ["", "IT", "XX"])
@pytest.mark.parametrize("number", ["1", "101", "113", "100200", "*9", "*97", "#31#", "*21*101#", "**5"])
def test_what_only_this_phone_system_understands_stays_as_it_is(number: str, country: str) -> None:
    """Extensions and star codes."""
    assert is_extension(number)
    assert normalise(number, country) == number
    assert dialable(f"tel:{number}", country) == number


@pytest.mark.parametrize("number", ["1000200", "+39101", "", "12a", "*", "+101", "*9a", "1-2", "٣٤٥"])
def test_what_is_no_extension(number: str) -> None:
    """Seven digits are a number."""
    assert not is_extension(number)


@pytest.mark.parametrize("number", ["", " ", "anonymous", "Anonymous", "UNKNOWN", "private", "Restricted", "tel:"])
def test_a_hidden_caller_has_no_number(number: str) -> None:
    """Whatever stands there instead."""
    assert is_hidden(number)
    assert normalise(number, "IT") == ""
    with pytest.raises(InvalidInputError):
        dialable(number, "IT")


@pytest.mark.parametrize("name", ["sip-phone", "anna@example.com", "trunk 1", "+", "0039anna", "1" * 21])
def test_what_is_no_number_is_shown_as_it_is_and_not_dialled(name: str) -> None:
    """Without the marks that people write between digits."""
    assert normalise(name, "IT") == strip(name)
    with pytest.raises(InvalidInputError) as caught:
        dialable(name, "IT", field="target")
    assert (caught.value.field, caught.value.problem) == ("target", "invalid_number")
    assert name not in str(caught.value)


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
    assert normalise("+390612345678", country) == "+390612345678"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("+390612345678", "0612345678", True),
        ("tel:+390612345678", "00390612345678", True),
        ("101", "101", True),
        ("101", "0101", False),
        ("101", "+39061234101", False),
        ("", "", False),
        ("", "101", False),
        ("+390612345678", "+390612345679", False),
        ("+420222333444", "222333444", True),
    ],
)
def test_whether_two_numbers_are_the_same(one: str, other: str, alike: bool) -> None:  # noqa: FBT001
    """By their end, and a short one by all of it."""
    assert same(one, other) is alike
    assert same(other, one) is alike
    assert (bool(tail(one)) and tail(one) == tail(other)) is alike


@pytest.mark.parametrize(
    ("number", "country", "found"),
    [("nonsense", "IT", None), ("12", "IT", None), ("0612345678", "", None), ("+390612345678", "", "+390612345678")],
)
def test_a_number_that_is_possible_somewhere(number: str, country: str, found: str | None) -> None:
    """Or None."""
    assert international(number, country) == found


@pytest.mark.parametrize("number", ["101", "", "0612345678", "anna"])
def test_only_a_full_number_has_a_home(number: str) -> None:
    """Anything else is dialled as it is."""
    assert national(number) == ""


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=30) | st.from_regex(r"(tel:)?\+?[0-9 ()/.-]{1,25}", fullmatch=True))
def test_any_text_can_be_read(text: str) -> None:
    """Normalising twice changes nothing, and what is dialled holds nothing but digits and codes."""
    once = normalise(text, "IT")
    assert normalise(once, "IT") == once
    try:
        number = dialable(text, "IT")
    except InvalidInputError:
        return
    assert set(number) <= set("+*#0123456789")
    assert dialable(number, "IT") == number


def test_the_library_is_imported_when_it_is_asked_for_and_then_with_all_countries() -> None:
    """An account without calls never pays for it, and the loop never waits for a country's table."""
    program = (
        "import sys, importlib.util as u, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "spec = u.spec_from_file_location('telephony', path / '__init__.py', submodule_search_locations=[str(path)])\n"
        "sys.modules['telephony'] = u.module_from_spec(spec)\n"
        "from telephony import phone_numbers\n"
        "assert phone_numbers.normalise('101', 'IT') == '101'\n"
        "assert 'phonenumbers' not in sys.modules\n"
        "phone_numbers.load()\n"
        "known = set(sys.modules)\n"
        "assert phone_numbers.normalise('+81312345678', 'IT') == '+81312345678'\n"
        "assert not {name for name in set(sys.modules) - known if name.startswith('phonenumbers.data')}\n"
    )
    folder = strip.__code__.co_filename.rpartition("/")[0]
    subprocess.run([sys.executable, "-c", program, folder], check=True, timeout=60)
    load()
