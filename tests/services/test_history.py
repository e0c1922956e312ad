"""Actions that look into what is over: records, the phone system's own table, and figures."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import Direction, Outcome

from ..every_action import ROME, act, plain
from ..fake_provider import NOON, FakeProvider


@pytest.mark.usefixtures("able_entry")
async def test_records_and_figures(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The answers are JSON; what is unknown is absent."""
    fake.script.answers |= {
        "history": m.HistoryPage(
            records=(
                m.CallRecord(
                    id="r1",
                    call_id="c0",
                    direction=Direction.INCOMING,
                    outcome=Outcome.ANSWERED,
                    caller=m.Party(number=ROME, name="Rossi"),
                    started_at=NOON,
                    duration=61.0,
                    details={"labels": ("vip",), "archived": False},
                ),
                m.CallRecord(id="r2"),
            ),
            total=7,
        ),
        "statistics": m.Statistics(total=4, answered=3, mean_duration=12.5, by_direction={Direction.INCOMING: 4}),
    }
    assert plain(await act(hass, "get_call_history")) == {
        "records": [
            {
                "record_id": "r1",
                "call_id": "c0",
                "direction": "incoming",
                "from_number": ROME,
                "from_name": "Rossi",
                "caller_hidden": False,
                "started_at": NOON.isoformat(),
                "outcome": "answered",
                "duration": 61.0,
                "labels": ["vip"],
                "archived": False,
            },
            {"record_id": "r2", "outcome": "unknown"},
        ],
        "total": 7,
    }
    assert plain(await act(hass, "get_call_statistics")) == {
        "total": 4,
        "answered": 3,
        "mean_duration": 12.5,
        "by_direction": {"incoming": 4},
    }


async def test_history_has_the_names_that_are_known(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry
) -> None:
    """A record without names gets those of our own phones, as everywhere else."""
    known = next(one for one in able_entry.runtime_data.coordinator.data.extensions.values() if one.name)
    record = m.CallRecord(id="r1", direction=Direction.INTERNAL, caller=m.Party(number=known.number))
    fake.script.answers["history"] = m.HistoryPage(records=(record,), total=1)
    (told,) = plain(await act(hass, "get_call_history"))["records"]
    assert (told["from_number"], told["from_name"]) == (known.number, known.name)


@pytest.mark.usefixtures("able_entry")
async def test_history_as_csv(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The phone system's own table comes as text; an unknown total is null."""
    fake.script.answers["history"] = m.HistoryPage(csv="id;from\n1;2\n")
    answer = plain(await act(hass, "get_call_history", format="csv"))
    assert answer == {"records": [], "total": None, "csv": "id;from\n1;2\n"}
    query = fake.script.arguments("history")[0][0]
    assert (query.limit, query.offset, query.sort) == (100, 0, m.Sort.NEWEST)
