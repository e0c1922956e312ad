"""What a person says of phones: what is kept of a table, and what it makes of a list."""

from typing import Any

import pytest

from custom_components.pbx.registry.directory import AccountDirectory
from custom_components.pbx.registry.named_phones import (
    NamedPhone,
    kept_rows,
    read_named,
    rows_of,
    shown,
)
from custom_components.pbx.telephony.errors import InvalidInputError
from custom_components.pbx.telephony.models import Directory, Extension

from ..fake_provider import NOON

ANN = Extension(number="101", name="Ann", registered=True)
BOB = Extension(number="102")
LINE = Extension(number="gw", name="gw", trunk=True)
FOUND = (ANN, BOB, LINE)


def test_an_untouched_table_keeps_nothing() -> None:
    """What the phone system says itself goes on following it."""
    assert kept_rows("phones", rows_of(FOUND, {}), FOUND) == {}


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"number": "101", "name": "Anna"}, {"101": {"name": "Anna"}}),
        ({"number": " 101 ", "name": " Ann "}, {}),
        ({"number": "101", "name": ""}, {}),
        ({"number": "101", "trunk": True}, {"101": {"trunk": True}}),
        ({"number": "gw", "trunk": False}, {"gw": {"trunk": False}}),
        ({"number": "gw", "trunk": True, "hidden": True}, {"gw": {"hidden": True}}),
        ({"number": "109"}, {"109": {}}),
        ({"number": "109", "name": "Cid"}, {"109": {"name": "Cid"}}),
    ],
)
def test_what_is_kept(row: dict[str, Any], kept: dict[str, Any]) -> None:
    """Only what a person says otherwise, and a number that was not found."""
    assert kept_rows("phones", [row], FOUND) == kept


@pytest.mark.parametrize(
    "rows",
    [[{"name": "Ann"}], [{"number": " "}], [{"number": 101}], ["101"], [{"number": "101"}, {"number": "101"}]],
    ids=["none", "blank", "no text", "no row", "twice"],
)
def test_a_row_that_cannot_be_kept(rows: list[Any]) -> None:
    """Each row is about one number, and each number has one row."""
    with pytest.raises(InvalidInputError) as refused:
        kept_rows("phones", rows, FOUND)
    assert (refused.value.field, refused.value.problem) == ("phones", "invalid_row")


def test_a_table_comes_back_as_it_was() -> None:
    """What is kept is shown again, with what is found by then, and kept again."""
    typed = [
        {"number": "101", "name": "Anna", "trunk": False, "hidden": False},
        {"number": "102", "name": "", "trunk": True, "hidden": False},
        {"number": "gw", "name": "gw", "trunk": True, "hidden": True},
        {"number": "109", "name": "Cid", "trunk": False, "hidden": False},
    ]
    kept = kept_rows("phones", typed, FOUND)
    assert rows_of(FOUND, read_named(kept)) == typed
    assert kept_rows("phones", rows_of(FOUND, read_named(kept)), FOUND) == kept


@pytest.mark.parametrize("kept", [None, "101", ["101"], {"101": "Anna"}, {"101": {"name": 7, "trunk": "no"}}])
def test_what_is_no_table_says_nothing(kept: object) -> None:
    """A damaged entry changes nothing of what is found."""
    assert shown(FOUND, read_named(kept)) == list(FOUND)


def test_a_list_is_shown_as_a_person_says() -> None:
    """Names and trunks, and without who is hidden; all else is what the phone system says."""
    named = {"101": NamedPhone(name="Anna"), "102": NamedPhone(trunk=True), "gw": NamedPhone(hidden=True)}
    assert shown(FOUND, named) == [
        Extension(number="101", name="Anna", registered=True),
        Extension(number="102", trunk=True),
    ]


def test_a_hidden_phone_is_none_of_the_outside() -> None:
    """It is in no list, and its number is still known to be inside."""
    directory = AccountDirectory({"102": NamedPhone(hidden=True)})
    directory.take(Directory(extensions=FOUND), NOON)
    assert set(directory.extensions) == {"101", "gw"}
    assert directory.found == FOUND
    assert not directory.is_outside("102")
    assert directory.is_outside("109")
