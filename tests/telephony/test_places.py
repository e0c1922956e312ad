"""Where numbers are at home, from the library's own tables."""

import phonenumbers
import pytest
from phonenumbers import geocoder

from custom_components.pbx.telephony.places import Tables, country_of, has_town, town_in

TABLES = {language: Tables(language) for language in ("en", "de", "pt-BR")}


def town(number: str, language: str = "en") -> str:
    """Read the parts that a number needs, and look it up."""
    tables = TABLES[language]
    return town_in([tables.read(part) for part in tables.parts_for(number)], number)


@pytest.mark.parametrize(
    ("number", "language", "expected"),
    [
        ("+390612345678", "en", "Rome"),
        ("+493023125101", "en", "Berlin"),
        ("+12125550123", "en", "New York, NY"),
        ("+41446681800", "de", "Zürich"),
        ("+41446681800", "en", "Zurich"),
        ("+390612345678", "pt-BR", "Rome"),
        ("+97142223333", "en", "Dubai"),
        ("+442079460123", "en", "London"),
    ],
)
def test_town(number: str, language: str, expected: str) -> None:
    """The name is the one in the language of Home Assistant, else the English one; as the library says."""
    assert town(number, language) == expected
    if language != "pt-BR":
        assert geocoder_says(number, language) == expected


def geocoder_says(number: str, language: str) -> str:
    """Ask the library for the whole."""
    return str(geocoder.description_for_valid_number(phonenumbers.parse(number), language) or expected_of(number))


def expected_of(number: str) -> str:
    """Ask the library without its check of the number, which made-up ones do not pass."""
    return str(geocoder.description_for_number(phonenumbers.parse(number), "en"))


@pytest.mark.parametrize(
    ("number", "country", "has"),
    [
        ("+390612345678", "IT", True),
        ("+491711234567", "DE", False),
        ("+12125550123", "US", True),
        ("+88213123456", "", False),
        ("101", "", False),
        ("", "", False),
        ("+", "", False),
        ("+999", "", False),
        ("0612345678", "", False),
    ],
)
def test_country(number: str, country: str, *, has: bool) -> None:
    """A number in international form has a country; a mobile one has no town."""
    assert (country_of(number), has_town(number)) == (country, has)


def test_a_number_of_nowhere() -> None:
    """What no table has is nobody's town."""
    assert town("+999999999999") == ""
    assert TABLES["en"].parts_for("") == ()
