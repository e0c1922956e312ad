"""From a config entry to the client of its phone system."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.accounts import async_session, configure, make_provider
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.telephony import models as m

from .fake_provider import FakeProvider, async_set_up, fake_config_entry

AGENT = {"name": "Ann Lee", "number": "1000", "pin": "0417"}


def _subentries(*, extension: str | None = None) -> list[dict[str, object]]:
    agent = AGENT if extension is None else {**AGENT, "extension": extension}
    made: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("a1", "agent", "Ann", agent),
        ("q1", "queue", "Support", {"name": "podpora"}),
        ("s1", "speed_dial", "", {}),
    )
    return [
        {"subentry_id": key, "subentry_type": kind, "title": title, "data": data, "unique_id": None}
        for key, kind, title, data in made
    ]


@pytest.mark.parametrize("provider", ["voipat", "voipstudio", "voipsun", "voxloud"])
async def test_every_provider(hass: HomeAssistant, provider: str) -> None:
    """An entry names its provider; making the client asks nothing."""
    entry = MockConfigEntry(domain=DOMAIN, data={"provider": provider, "host": "pbx", "api_key": "k"})
    client = make_provider(hass, entry)
    assert type(client) is PROVIDERS[provider]


@pytest.mark.parametrize(
    ("home", "data", "options", "country"),
    [
        ("IT", {}, {}, "IT"),
        (None, {}, {}, ""),
        ("IT", {"country": "DE"}, {}, "DE"),
        ("IT", {"country": "DE"}, {"country": "FR"}, "FR"),
    ],
)
async def test_country(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    home: str | None,
    data: dict[str, str],
    options: dict[str, str],
    country: str,
) -> None:
    """The options decide, then the data, then Home Assistant."""
    hass.config.country = home
    client = make_provider(hass, fake_config_entry(data=data, options=options))
    assert client.settings.country == country


@pytest.mark.parametrize(("data", "verify"), [({}, True), ({"verify_ssl": True}, True), ({"verify_ssl": False}, False)])
async def test_session(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    monkeypatch: pytest.MonkeyPatch,
    data: dict[str, bool],
    *,
    verify: bool,
) -> None:
    """Certificates are checked unless the user said otherwise; the session is the account's own."""
    sessions: list[object] = []
    monkeypatch.setattr(fake, "__init__", lambda *arguments: sessions.append(arguments[1]))
    monkeypatch.setattr(fake, "configure", lambda *_arguments, **_more: None)
    entry = fake_config_entry(data=data)
    make_provider(hass, entry)
    assert sessions == [async_session(hass, entry.entry_id, verify_ssl=verify)]
    assert sessions != [async_session(hass, entry.entry_id, verify_ssl=not verify)]
    assert sessions != [async_get_clientsession(hass, verify_ssl=verify)]


async def test_session_outlives_a_reload(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """A command that is under way gets its answer though the account is loaded anew; a removal ends the session."""
    await async_set_up(hass, fake_entry)
    session = async_session(hass, fake_entry.entry_id)
    await hass.config_entries.async_reload(fake_entry.entry_id)
    assert async_session(hass, fake_entry.entry_id) is session
    assert not session.closed
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert session.closed


@pytest.mark.parametrize("extension", [None, "102"])
async def test_what_the_user_made(hass: HomeAssistant, fake: type[FakeProvider], extension: str | None) -> None:
    """Agents and queues of the user's are told by their subentry, agents under the subentry's title."""
    client = make_provider(hass, fake_config_entry(subentries_data=_subentries(extension=extension)))
    assert isinstance(client, FakeProvider)
    assert client.agents == [m.UserAgent(id="a1", name="Ann", number="1000", pin="0417", extension=extension or "")]
    assert client.queues == [m.UserQueue(id="q1", name="podpora")]
    configure(client, fake_config_entry())
    assert client.agents == []
    assert client.queues == []
