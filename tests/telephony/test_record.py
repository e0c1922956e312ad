"""Records: what they promise, and that whoever asks for a place reads a number once."""

from dataclasses import replace
from unittest.mock import patch

import phonenumbers
import pytest

from custom_components.pbx.telephony import places
from custom_components.pbx.telephony.models import CallState, LegPush, Party
from custom_components.pbx.telephony.record import record


@record
class Point:
    """A record with a field that has no default."""

    x: int
    y: int = 0


def test_record_is_its_fields() -> None:
    """Records with the same fields are the same, wherever they are looked up."""
    one, same, other = Point(x=1), replace(Point(x=2), x=1), Point(x=1, y=2)
    assert one == same
    assert one != other
    assert {one, same, other} == {one, other}
    assert repr(one).endswith("Point(x=1, y=0)")


def test_record_has_names_and_no_room_for_others() -> None:
    """Fields have to be named, and there is nothing but fields."""
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # type: ignore[attr-defined]


def test_messages_are_records() -> None:
    """What is pushed is made without the setter of a frozen data class, which takes several times as long."""
    push = LegPush(
        provider_event="ring", call_id="1", leg_id="2", extension="101", state=CallState.RINGING, caller=Party()
    )
    assert type(push).__setattr__ is object.__setattr__


def test_number_is_read_once_for_its_place() -> None:
    """The country and the town of a number are asked for one after the other."""
    with patch("phonenumbers.parse", wraps=phonenumbers.parse) as parse:
        assert places.country_of("+442079460999") == "GB"
        assert places.has_town("+442079460999")
    assert parse.call_count == 1
