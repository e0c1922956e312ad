"""A filter for numbers matches those that were meant, and nobody else's."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.telephony.errors import InvalidInputError
from custom_components.pbx.telephony.number_filter import number_filter


@pytest.mark.parametrize(
    ("written", "country", "number", "matches"),
    [
        ("+4917612345678", "DE", "+4917612345678", True),
        ("0176 12345678", "DE", "+4917612345678", True),
        ("tel:+4917612345678", "DE", "017612345678", True),
        ("0176 12345678", "DE", "+4317612345678", False),  # a stranger with the same last digits
        ("0176 12345678", "AT", "+4917612345678", False),
        ("+4917612345678", "DE", "+4817612345678", False),
        ("017612345678", "DE", "017612345679", False),
        ("101", "DE", "101", True),
        ("101", "DE", "+4930101", False),
        ("101", "DE", "anonymous", False),
        ("+4930*", "DE", "+4930901820", True),
        ("+49 30 *", "DE", "+4930901820", True),
        ("004930*", "DE", "+4930901820", True),
        ("030*", "DE", "+4930901820", True),
        ("030*", "DE", "030901820", True),
        ("+4930*", "DE", "030901820", True),
        ("+4930*", "DE", "4930901820", True),
        ("+4930*", "DE", "+493901820", False),
        ("+4930*", "DE", "+494930901820", False),
        ("030*", "DE", "+4330901820", False),
        ("030*", "DE", "", False),
        ("030*", "DE", "anonymous", False),
        ("06*", "IT", "+390612345678", True),
        ("06*", "IT", "+39612345678", False),
        ("415*", "US", "+14155550132", True),
        ("1415*", "US", "+14155550132", True),
        ("+1415*", "US", "(415) 555-0132", True),
        ("0011 44*", "AU", "+442079460018", True),  # 00 as everywhere would be America
        ("00 44*", "AU", "+442079460018", True),
        ("0021 44*", "BR", "+442079460018", True),
        ("010 44*", "JP", "+442079460018", True),
        ("8 10 44*", "RU", "+442079460018", True),
        ("(646)*", "US", "+16465550123", True),
        ("10*", "DE", "101", True),
        ("10*", "DE", "110", False),
        ("10*", "", "101", True),
        ("+4*", "DE", "+4930901820", True),
        ("*97", "DE", "*97", True),
    ],
)
def test_what_a_filter_matches(written: str, country: str, number: str, matches: bool) -> None:  # noqa: FBT001
    """A number in any form, or all that begin alike."""
    assert number_filter(written, country).matches(number, country) is matches


@pytest.mark.parametrize(
    "written",
    ["", "*", "**", "+*", "+999*", "abc", "abc*", "anonymous", "+49", "0*0*", "12345678*", "+4930**", "+49x*"],
)
def test_what_can_never_match_is_refused(written: str) -> None:
    """When it is saved, not by silence later."""
    with pytest.raises(InvalidInputError) as caught:
        number_filter(written, "DE", field="caller")
    assert (caught.value.field, caught.value.problem) == ("caller", "invalid_number")


@pytest.mark.parametrize(
    ("written", "country"), [("004420*", "TH"), ("008220*", "KR"), ("+11*", "US"), ("001020*", "DE")]
)
def test_a_prefix_that_is_not_over_or_not_certain_is_refused(written: str, country: str) -> None:
    """A carrier's digits may stand between 00 and the country."""
    with pytest.raises(InvalidInputError, match="invalid_number"):
        number_filter(written, country)


def test_what_can_be_read_in_two_ways_is_refused() -> None:
    """A filter opens gates."""
    with pytest.raises(InvalidInputError, match="ambiguous_number"):
        number_filter("15123456789", "DE")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(["DE", "IT", "GB", "US", "CZ"]), st.integers(0, 9999), st.integers(1, 12))
def test_a_beginning_matches_exactly_what_begins_so(country: str, digits: int, length: int) -> None:
    """In every country."""
    example = phonenumbers.example_number(country)
    assert example is not None
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    other = f"{number[:-4]}{digits:04}"
    beginning = number[: length + 1]
    assert number_filter(f"{beginning}*", country).matches(number, country)
    assert number_filter(f"{beginning}*", country).matches(other, country) is other.startswith(beginning)
