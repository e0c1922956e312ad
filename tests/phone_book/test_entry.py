"""Entries: how numbers are read, and whose number it is."""

import pytest

from custom_components.pbx.phone_book.entry import (
    MAX_GROUPS,
    Entry,
    EntryNumber,
    NumberKind,
    clean_groups,
    entry_data,
    entry_of,
    read_number,
)
from custom_components.pbx.phone_book.index import Index
from custom_components.pbx.telephony import phone_numbers
from custom_components.pbx.telephony.errors import InvalidInputError


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("030 2312 5101", "DE", "+493023125101"),
        ("+49 (0)30 2312-5101", "", "+493023125101"),
        ("0049 30 23125101", "DE", "+493023125101"),
        ("tel:+49-30-23125101", "", "+493023125101"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("(415) 555-0132", "US", "+14155550132"),
        ("101", "DE", "101"),
        ("*97", "DE", "*97"),
        ("030 2312*", "DE", "+49302312*"),
        ("+49 900*", "", "+49900*"),
        ("0049900*", "DE", "+49900*"),
        ("011 44 20*", "US", "+4420*"),
        ("06*", "IT", "+3906*"),
        ("415*", "US", "+1415*"),
        ("\u202a+49 30 23125101\u202c", "DE", "+493023125101"),
    ],
)
def test_numbers_are_read_in_a_country(typed: str, country: str, expected: str) -> None:
    """A number is kept in the international form, beside what was typed."""
    number = read_number(typed, country, NumberKind.WORK)
    assert number.number == expected
    assert phone_numbers.strip(number.typed) == phone_numbers.strip(typed.strip("\u202a\u202c"))
    assert number.kind is NumberKind.WORK


@pytest.mark.parametrize(
    ("typed", "country"),
    [("", "DE"), ("Anna", "DE"), ("30*", "DE"), ("0900*", ""), ("*", "DE"), ("+*", "DE"), ("0a*", "DE"), ("+0*", "DE")],
)
def test_what_is_no_number(typed: str, country: str) -> None:
    """What could be something else is refused."""
    with pytest.raises(InvalidInputError):
        read_number(typed, country)


def test_fax_numbers_are_kept_and_not_offered() -> None:
    """Neither can the beginning of numbers be called."""
    entry = Entry(
        name="Bakery",
        numbers=(
            EntryNumber(number="+493011", kind=NumberKind.FAX),
            EntryNumber(number="+493012", kind=NumberKind.WORK),
            EntryNumber(number="+493013*"),
            EntryNumber(number="*97"),
        ),
    )
    assert [number.number for number in entry.callable_numbers] == ["+493012", "*97"]
    assert entry_of(entry_data(entry)) == entry


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"groups": "vip", "numbers": "1"},
        {"numbers": [{"number": "1", "kind": "carrier pigeon"}]},
    ],
)
def test_entries_that_were_edited_by_hand(kept: dict[str, object]) -> None:
    """A file that somebody changed is read as far as it can be."""
    assert entry_of(kept).label == ""


def test_groups() -> None:
    """The fixed groups have one spelling, others the first one; there is a bound."""
    assert clean_groups(["VIP", "Family", "family", " ", "Blocked", "a\nb"]) == ("vip", "Family", "blocked", "a b")
    assert len(clean_groups(str(group) for group in range(100))) == MAX_GROUPS


def entry(name: str, *numbers: str, groups: tuple[str, ...] = (), company: str = "") -> Entry:
    """Make an entry."""
    return Entry(
        id=name, name=name, company=company, groups=groups, numbers=tuple(EntryNumber(number=n) for n in numbers)
    )


BOOK = Index(
    [
        entry("Anna", "+493011111", "101", groups=("vip",)),
        entry("Bob", "+493011111", "+493022222", groups=("family", "vip")),
        entry("Twice", "+493044444", "+493044444"),
        entry("Berlin", "+4930*", groups=("near",)),
        entry("Mitte", "+49302*"),
        entry("", "+4940111", company="Mill"),
    ]
)


@pytest.mark.parametrize(
    ("number", "name", "groups"),
    [
        ("+493011111", "Anna, Bob", ("vip", "family")),
        ("+493022222", "Bob", ("family", "vip")),
        ("030 22222", "Bob", ("family", "vip")),
        ("+493044444", "Twice", ()),
        ("+4930999", "Berlin", ("near",)),
        ("+4930233", "Mitte", ()),
        ("+4940111", "Mill", ()),
        ("101", "Anna", ("vip",)),
    ],
)
def test_who_has_a_number(number: str, name: str, groups: tuple[str, ...]) -> None:
    """An exact number comes first, then the longest beginning; several who share a number share the caller."""
    known = BOOK.find(number, "DE")
    assert known is not None
    assert (known.name, known.groups) == (name, groups)


@pytest.mark.parametrize("number", ["", "+4930", "+49401111", "+494011", "11111", "22222", "0", "anonymous"])
def test_strangers(number: str) -> None:
    """Nothing is matched by its end, nor by a beginning that no star makes one."""
    assert BOOK.find(number, "DE") is None


def test_a_number_of_many() -> None:
    """The name of a number that half the house shares stays short."""
    known = Index([entry(name, "+4930") for name in "ABCDEF"]).find("+4930")
    assert known is not None
    assert known.name == "A, B, C"
