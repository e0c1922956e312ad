"""Values are read as phone systems really send them, and nothing that is sent breaks the reading."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers import values
from custom_components.pbx.telephony.text import line

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(anything)
def test_a_copy_that_can_be_shown_holds_clean_lines(value: object) -> None:
    """However deep, and no deeper than anybody reads."""

    def texts(item: object) -> list[str]:
        """Return the texts in a value."""
        if isinstance(item, dict):
            return [text for key, entry in item.items() for text in (key, *texts(entry))]
        if isinstance(item, list):
            return [text for entry in item for text in texts(entry)]
        return [item] if isinstance(item, str) else []

    for text in texts(values.cleaned(value)):
        assert text == line(text)
    deep: object = "a\x00b"
    for _ in range(values.DEEPEST):
        deep = [deep]
    assert texts(values.cleaned(deep)) == ["ab"]
    assert texts(values.cleaned([deep])) == []


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(anything)
def test_nothing_that_json_can_hold_breaks_the_reading(value: object) -> None:
    """What cannot be read is absent, and what is read is of its kind."""
    assert isinstance(values.mapping(value), dict)
    assert all(isinstance(item, dict) for item in values.mappings(value))
    read = values.text(value)
    assert read == read.strip()
    assert read.encode().decode() == read
    assert "" not in values.texts(value)
    assert isinstance(values.integer(value), int | None)
    assert values.boolean(value) in {True, False, None}
    figure = values.number(value)
    assert figure is None or abs(figure) < float("inf")
    moment = values.instant(value, ROME)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"a": 1}, {"a": 1}),
        ([], {}),
        ("{}", {}),
        (None, {}),
    ],
)
def test_mapping(value: object, read: object) -> None:
    """An object, or an empty one."""
    assert values.mapping(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([{"a": 1}, None, "x", {"b": 2}], ({"a": 1}, {"b": 2})),
        ({"0": {"a": 1}, "2": {"b": 2}, "count": 2}, ({"a": 1}, {"b": 2})),
        ("[]", ()),
        (None, ()),
        (7, ()),
    ],
)
def test_mappings(value: object, read: object) -> None:
    """A list of objects, or an object in whose values they hide."""
    assert values.mappings(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" a ", "a"),
        (101, "101"),
        (1.5, "1.5"),
        (101.0, "101"),
        (390612345678.0, "390612345678"),
        (1e300, "1e+300"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ([], ""),
        ({}, ""),
        ("Jürgen", "Jürgen"),
        ("half \ud83d", "half ?"),
        ("\u00a0", ""),
    ],
)
def test_text(value: object, read: str) -> None:
    """Text for numbers and truth values; nothing for what has parts."""
    assert values.text(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [(["a", " ", 1, None, {}], ("a", "1")), ("a,b", ()), (None, ()), ({"a": 1}, ())]
)
def test_texts(value: object, read: tuple[str, ...]) -> None:
    """Those of a list that are not empty."""
    assert values.texts(value) == read


@pytest.mark.parametrize(
    ("value", "read", "whole"),
    [
        (5, 5.0, 5),
        ("5", 5.0, 5),
        (" 5.7 ", 5.7, 5),
        ("-3", -3.0, -3),
        (0, 0.0, 0),
        ("", None, None),
        ("five", None, None),
        (True, None, None),
        (None, None, None),
        ([], None, None),
        (float("inf"), None, None),
        (float("nan"), None, None),
        ("nan", None, None),
        (10**400, None, None),
        ("1e400", None, None),
        (1e308, None, None),  # a whole number of 309 digits is in no JSON that Home Assistant sends
        ("1e308", None, None),
        (2**64, None, None),
        (-(2**64), None, None),
        (1_700_000_000_000_000, 1.7e15, 1_700_000_000_000_000),
    ],
)
def test_number_and_integer(value: object, read: float | None, whole: int | None) -> None:
    """Also from text; never infinite."""
    assert values.number(value) == read
    assert values.integer(value) == whole


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *product((35, "35", 35.0, " 35 ", "00:00:35", "0:35", "00:35", "00:00:35.000"), (35,)),
        *product(("1:02:03", "01:02:03", 3723), (3723,)),
        *product((0, "0", "00:00", "0:00:00"), (0,)),
        *product(("", None, -1, "-1", "-00:01", "1e300", "nan", True, [], "35 s", "1:2", ":35", "a:35"), (None,)),
    ],
)
def test_lengths(value: object, read: float | None) -> None:
    """Seconds, or as a clock shows them; never negative."""
    assert values.seconds(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *product((True, "true", "True", " TRUE ", 1, "1", "t", "yes", "on"), (True,)),
        *product((False, "false", "False", 0, "0", "f", "no", "off"), (False,)),
        *product((None, "", "maybe", 2, "2", [], {}, 1.5), (None,)),
    ],
)
def test_boolean(value: object, read: bool | None) -> None:  # noqa: FBT001
    """Never guessed."""
    assert values.boolean(value) is read


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-28T12:00:00Z",
        "2026-03-28T12:00:00.000Z",
        "2026-03-28T12:00:00.000000Z",
        "2026-03-28T13:00:00+01:00",
        "2026-03-28 13:00:00",
        " 2026-03-28T13:00:00 ",
        1774699200,
        "1774699200",
        1774699200000,
        "1774699200000",
        1774699200.0,
        *(1774699200000000, "1774699200000000", 1774699200000000000),
        *("2026-03-28 12:00:00 UTC", "2026-03-28 12:00:00 GMT", "2026-03-28T07:00:00\u221205:00"),
        *("2026-03-28 01:00:00 PM", "03/28/2026 1:00 pm", "03/28/2026, 01:00:00 p.m.", "28/03/2026 13:00:00"),
        *("28.03.2026 13:00", "2026/03/28 13:00:00", "2026-3-28 13:00:00.000", "28-03-2026 13:00"),
        *("Sat, 28 Mar 2026 12:00:00 GMT", "28 Mar 2026 13:00:00 +0100", "Sat Mar 28 13:00:00 2026"),
    ],
)
def test_instant(value: object) -> None:
    """ISO text, other dates of one meaning, an epoch; a time without a zone is that of the phone system."""
    assert values.instant(value, ROME) == NOON


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "0", 0, -5, "yesterday", True, [], {}, 10**30, "9" * 400, "0001-01-01T00:00:00+14:00"),
        # What programs write for "never", and what no clock of a house can show.
        *("1970-01-01", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1900-01-01", 1, "2026", "20260615"),
        *("9999-12-31T23:59:59Z", 253402300799, 253402300799000, float("nan"), float("inf"), 1.7e21),
        # Which day that is nobody knows, or there is none.
        *(
            "03/04/2026 12:00:00",
            "31.02.2026 12:00",
            "2026-03-28 25:00:00",
            "28.03.26 12:00",
            "Sat, 28 Foo 2026 12:00:00 GMT",
        ),
    ],
)
def test_no_instant(value: object) -> None:
    """Nothing, or nonsense."""
    assert values.instant(value) is None


@pytest.mark.parametrize("value", [2**64, -(2**64), 10**300, 1e308, float("nan"), float("inf")])
def test_a_copy_that_can_be_shown_has_no_number_that_cannot(value: float) -> None:
    """JSON of 64 bits has no place for it."""
    assert values.cleaned({"a": [value, 5, 1.5, True]}) == {"a": [None, 5, 1.5, True]}


@pytest.mark.parametrize(
    ("value", "hour"), [("12:00 AM", 0), ("12:30 am", 0), ("1:00 AM", 1), ("12:00 PM", 12), ("11:59 pm", 23)]
)
def test_a_clock_of_twelve_hours(value: str, hour: int) -> None:
    """Noon and midnight are twelve."""
    moment = values.instant(f"03/04/2026 {value}")
    assert moment is not None
    assert (moment.month, moment.day, moment.hour) == (3, 4, hour)


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25 01:59:59", "2026-10-24T23:59:59+00:00"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_the_nights_in_which_the_clocks_change(value: str, utc: str) -> None:
    """The zone's own rules count."""
    moment = values.instant(value, ROME)
    assert moment is not None
    assert moment.isoformat() == utc


def test_a_time_at_home_is_in_utc() -> None:
    """Where nothing else is known."""
    assert values.instant("2026-03-28 12:00:00") == NOON
    assert values.instant("2026-03-28 12:00:00", timezone(timedelta(hours=2))) == NOON - timedelta(hours=2)


@pytest.mark.parametrize(
    ("secrets", "shortest", "left"),
    [
        ((), 1, "the key abcdef ab 12"),
        (("",), 1, "the key abcdef ab 12"),
        (("ab", "abcdef"), 1, "the key … … 12"),
        (("ab", "abcdef", "12"), 3, "the key … ab 12"),
    ],
)
def test_secrets_are_taken_out(secrets: tuple[str, ...], shortest: int, left: str) -> None:
    """The longest goes first, for what is left of it would be told; short words are no secrets."""
    assert values.without("the key abcdef ab 12", secrets, shortest=shortest) == left
