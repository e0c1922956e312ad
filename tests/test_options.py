"""The options: what each field does to what is kept and shown, and what changing them does to an account."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.forms import options_form
from custom_components.pbx.options import assist_number, shown_options, stored_options
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import InvalidInputError
from custom_components.pbx.telephony.models import CallState, Capability, Extension

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .house import living

type Json = dict[str, Any]

DIAL = {"dial_emergency": False, "dial_limit": 10}
DEFAULTS = {"call_slots": 4, "mask_numbers": False, "caller_places": True, "push": True, "assist": False, **DIAL}
COMMON = [
    *("country", "call_slots", "mask_numbers", "caller_places", "follow_extensions", "push"),
    *("dial_kinds", "dial_allow", "dial_deny", "dial_emergency", "dial_limit", "message_number"),
    *("assist", "assist_numbers"),
]
OWN = {
    "voipat": ["phones", "extensions", "rate_plan"],
    "voipstudio": ["webhook_username", "webhook_password"],
    "voipsun": ["extension_names"],
    "voxloud": ["notification_email"],
}


def entry_of(provider: str, **more: Any) -> MockConfigEntry:
    """Make an account that is not set up."""
    data = {"provider": provider, "webhook_id": "kept", "host": "pbx.example.com", **more.pop("data", {})}
    return MockConfigEntry(domain=DOMAIN, title="House", data=data, **more)


async def async_open(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    return result


async def async_change(hass: HomeAssistant, entry: MockConfigEntry, typed: Mapping[str, Any]) -> ConfigFlowResult:
    """Open the options, submit them, and wait for what follows."""
    result = await async_open(hass, entry)
    result = await hass.config_entries.options.async_configure(result["flow_id"], dict(typed))
    await hass.async_block_till_done()
    return result


def suggested(result: ConfigFlowResult) -> Json:
    """List what the form suggests."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description and "suggested_value" in marker.description
    }


# -- the form ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", OWN)
async def test_fields(hass: HomeAssistant, hass_client: ClientSessionGenerator, provider: str) -> None:
    """Each provider has the options that fit it, and the form reaches the browser."""
    entry = entry_of(provider)
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "config", {})
    await hass.config.async_update(internal_url="http://10.1.2.3:8123")
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client()
    answer = await client.post("/api/config/config_entries/options/flow", json={"handler": entry.entry_id})
    form = await answer.json()
    names = [fields["name"] for fields in form["data_schema"]]
    lacking = {"push"} if provider == "voipsun" else set()
    lacking |= set() if provider == "voipstudio" else {"message_number"}
    expected = [name for name in COMMON if name not in lacking]
    page = ["address"] if provider in ("voipat", "voipstudio") else []
    assert names == page + expected + OWN[provider]
    assert all("selector" in fields for fields in form["data_schema"])
    assert form["description_placeholders"]["provider"] == PROVIDERS[provider].name


@pytest.mark.parametrize(
    ("provider", "shown", "where", "names"),
    [
        (
            "voipat",
            "10.1.2.3:8123/api/webhook/kept?",
            "WebRTC Phone > CRM Settings",
            ["crm_url", "crm_agent_login_url", "crm_agent_logout_url"],
        ),
        ("voipstudio", "10.1.2.3:8123/api/webhook/kept", "Integrations > Webhooks", ["URL"]),
    ],
)
async def test_url_to_paste(hass: HomeAssistant, provider: str, shown: str, where: str, names: list[str]) -> None:
    """The URL to paste is found again, with where it is entered, and what for."""
    await hass.config.async_update(internal_url="http://10.1.2.3:8123")
    entry = entry_of(provider)
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert result["description_placeholders"] is not None
    said = result["description_placeholders"]["how"]
    assert shown in suggested(result)["address"]
    assert where in said
    assert "known only in your own network" in said
    assert [name for name in re.findall(r"`(\w+)`", said) if name in names] == names


async def test_url_to_paste_in_another_language(hass: HomeAssistant) -> None:
    """What to do with it is said in the language of Home Assistant."""
    await hass.config.async_update(internal_url="http://10.1.2.3:8123", language="de")
    entry = entry_of("voipstudio")
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert result["description_placeholders"] is not None
    assert "trage die Adresse unten als `URL` ein" in result["description_placeholders"]["how"]


@pytest.mark.parametrize("provider", ["voipsun", "voxloud"])
async def test_no_url_to_paste(hass: HomeAssistant, provider: str) -> None:
    """Where nothing is pasted, nothing is shown."""
    entry = entry_of(provider)
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["how"] == ""
    assert "address" not in suggested(result)


@pytest.mark.parametrize(
    ("external", "shown"),
    [("https://ha.example.com", "https://ha.example.com/api/webhook/kept"), (None, "https://h/9")],
)
async def test_cloudhook_to_paste(hass: HomeAssistant, external: str | None, shown: str) -> None:
    """The address in the cloud is shown unless there is one of Home Assistant's own."""
    await hass.config.async_update(external_url=external, internal_url="http://10.1.2.3:8123")
    entry = entry_of("voipstudio", data={"cloudhook_url": "https://h/9"})
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert suggested(result)["address"] == shown


async def test_url_with_credentials(hass: HomeAssistant) -> None:
    """Credentials of the webhook are part of the URL to paste."""
    await hass.config.async_update(external_url="https://ha.example.com")
    entry = entry_of("voipstudio", options={"webhook_username": "user", "webhook_password": "p w"})
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert suggested(result)["address"] == "https://user:p%20w@ha.example.com/api/webhook/kept"


async def test_credentials_without_an_address(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form opens even while Home Assistant knows no address of its own."""

    def get_url(*_arguments: object, **_more: object) -> str:
        raise NoURLAvailableError

    monkeypatch.setattr("homeassistant.components.webhook.get_url", get_url)
    entry = entry_of("voipstudio", options={"webhook_username": "user", "webhook_password": "p"})
    entry.add_to_hass(hass)
    result = await async_open(hass, entry)
    assert suggested(result)["address"] == "/api/webhook/kept"
    assert result["description_placeholders"] is not None
    assert "does not know its own address" in result["description_placeholders"]["how"]


async def test_extensions_are_offered(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """The extensions of a loaded account can be chosen; others can be typed."""
    await async_set_up(hass, fake_entry)
    result = await async_open(hass, fake_entry)
    schema = result["data_schema"]
    assert schema is not None
    selector = schema.schema["follow_extensions"]
    assert selector.config["options"] == [
        {"value": "101", "label": "101 Ann"},
        {"value": "102", "label": "102 Bob"},
    ]
    assert schema({**DEFAULTS, "follow_extensions": ["999"]})["follow_extensions"] == ["999"]


@pytest.mark.parametrize(
    ("provider", "typed"),
    [
        ("voipat", {"call_slots": 0}),
        ("voipat", {"call_slots": 21}),
        ("voipat", {"rate_plan": "gold"}),
        ("voipat", {"notification_email": "a@example.com"}),
        ("voipsun", {"push": True}),
        ("voipsun", {"follow_extensions": "101"}),
    ],
)
async def test_refused_by_the_form(hass: HomeAssistant, provider: str, typed: Json) -> None:
    """What does not fit its field does not get in."""
    entry = entry_of(provider)
    entry.add_to_hass(hass)
    with pytest.raises(InvalidData):
        await async_change(hass, entry, typed)


@pytest.mark.parametrize(
    ("provider", "typed", "kept"),
    [
        ("voipsun", {}, {"call_slots": 4, "mask_numbers": False, "caller_places": True, "assist": False, **DIAL}),
        ("voxloud", {}, DEFAULTS),
        ("voxloud", {"call_slots": 2.0}, {"call_slots": 2}),
        ("voxloud", {"country": "IT", "mask_numbers": True, "push": False}, None),
        ("voxloud", {"follow_extensions": ["101", "102"]}, None),
        ("voxloud", {"follow_extensions": []}, DEFAULTS),
        ("voxloud", {"assist": True, "assist_numbers": ["Mum = +390612345678"]}, None),
        ("voxloud", {"dial_kinds": ["premium"], "dial_allow": ["+44", "*72"], "dial_deny": ["*", "0900"]}, None),
        ("voxloud", {"dial_allow": ["", "+44"], "dial_deny": [" "]}, {"dial_allow": ["+44"]}),
        ("voxloud", {"assist_numbers": ["", "Mum = +390612345678"]}, {"assist_numbers": ["Mum = +390612345678"]}),
        ("voxloud", {"follow_extensions": ["101", ""]}, {"follow_extensions": ["101"]}),
        ("voxloud", {"follow_extensions": [""]}, DEFAULTS),
        ("voxloud", {"dial_limit": 30.0, "dial_emergency": True}, {"dial_limit": 30, "dial_emergency": True}),
        ("voxloud", {"notification_email": "a@example.com"}, None),
        ("voxloud", {"notification_email": ""}, DEFAULTS),
        ("voxloud", {"notification_email": "  "}, DEFAULTS),
        ("voxloud", {"notification_email": " a@example.com\n"}, {"notification_email": "a@example.com"}),
        ("voxloud", {"follow_extensions": [" 101", "102\t"]}, {"follow_extensions": ["101", "102"]}),
        ("voxloud", {"assist_numbers": ["\n+390612345678\n"]}, {"assist_numbers": ["+390612345678"]}),
        ("voipat", {"extensions": ["101"], "rate_plan": "enterprise"}, None),
        (
            "voipat",
            {"extensions": [" 101, 102; 103,", "anna.k"], "rate_plan": "standard"},
            {"extensions": ["101, 102; 103,", "anna.k"], "rate_plan": "standard"},
        ),
        ("voipstudio", {"webhook_username": " ", "webhook_password": ""}, DEFAULTS),
        ("asterisk", {"dial_context": " from-internal "}, {"dial_context": "from-internal"}),
        ("voipstudio", {"webhook_username": "u", "webhook_password": "p"}, None),
        (
            "voipsun",
            {
                "extension_names": [
                    {"user": "sip101", "number": "101", "name": "Ann Lee", "public": ["2223001"]},
                    {"user": "trunk", "hidden": True},
                    {"user": "sip102", "number": "", "hidden": False},
                ]
            },
            {
                "extension_names": {
                    "sip101": {"number": "101", "name": "Ann Lee", "public": ["2223001"], "hidden": False},
                    "trunk": {"number": "", "name": "", "public": [], "hidden": True},
                }
            },
        ),
    ],
)
async def test_kept(hass: HomeAssistant, provider: str, typed: Json, kept: Json | None) -> None:
    """What was typed is kept, without what is empty; opened again, the form shows the same."""
    entry = entry_of(provider, options={"country": "FR", "call_slots": 7})
    entry.add_to_hass(hass)
    result = await async_change(hass, entry, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    defaults: Json = {
        key: value for key, value in DEFAULTS.items() if key != "push" or provider not in {"asterisk", "voipsun"}
    }
    defaults |= {"rate_plan": "standard"} if provider == "voipat" else {}
    assert entry.options == {**defaults, **(typed if kept is None else kept)}
    assert isinstance(entry.options["call_slots"], int)
    again = await async_open(hass, entry)
    shown = suggested(again)
    assert "webhook_password" not in shown
    result = await hass.config_entries.options.async_configure(again["flow_id"], shown)
    before = dict(entry.options)
    assert result["data"] == before


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"user": "a", "number": "1"}, {"number": "1", "name": "", "public": [], "hidden": False}),
        (
            {"user": " a b ", "number": " 1 ", "name": " Ann "},
            {"number": "1", "name": "Ann", "public": [], "hidden": False},
        ),
        (
            {"user": "a", "public": ["22", "", "33"]},
            {"number": "", "name": "", "public": ["22", "33"], "hidden": False},
        ),
        ({"user": "a", "name": "Ann"}, {"number": "", "name": "Ann", "public": [], "hidden": False}),
        ({"user": "a", "hidden": True}, {"number": "", "name": "", "public": [], "hidden": True}),
        ({"user": "a"}, None),
        ({"user": "a", "number": "", "name": "", "public": [], "hidden": False}, None),
    ],
)
def test_rows_of_the_table(row: Json, kept: Json | None) -> None:
    """A row is read, and shown again as it is kept; one that says nothing is not kept."""
    kind = PROVIDERS["voipsun"]
    options = stored_options(kind, {"call_slots": 4, "extension_names": [row]}, {})
    user = str(row["user"]).strip()
    assert options.get("extension_names") == (None if kept is None else {user: kept})
    if kept is not None:
        shown = shown_options(kind, options)["extension_names"]
        assert shown == [{"user": user, **kept}]
        assert stored_options(kind, {"call_slots": 4, "extension_names": shown}, {}) == options


@pytest.mark.parametrize("row", [{"user": ""}, {"user": " ", "number": "5"}, {"user": "sip1", "number": "9"}])
async def test_unreadable_row(hass: HomeAssistant, row: Json) -> None:
    """A row without a SIP account, or with the one of another row, is refused, and what was typed stays."""
    entry = entry_of("voipsun")
    entry.add_to_hass(hass)
    sound = {"user": "sip1", "number": "1"}
    typed = {"call_slots": 3, "extension_names": [sound, row]}
    result = await async_change(hass, entry, typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"extension_names": "invalid_phone"}
    assert suggested(result)["extension_names"] == typed["extension_names"]
    assert entry.options == {}
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"extension_names": [sound]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("line", ["+49 30 1234567", "Müller = 101", "ext/1", "1/2", "😀"])
async def test_unreadable_extensions(hass: HomeAssistant, line: str) -> None:
    """A line that is no extension is refused and shown, instead of being looked for in vain."""
    entry = entry_of("voipat")
    entry.add_to_hass(hass)
    result = await async_change(hass, entry, {"call_slots": 3, "extensions": ["101", line]})
    assert result["errors"] == {"extensions": "invalid_extension_line"}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["line"] == line
    assert entry.options == {}


@pytest.mark.parametrize("line", ["Mum", "Mum = ", "Mum = soon", "Mum = +39", "= ", "Mum = 06 1234 5678 x"])
async def test_unreadable_assist_line(hass: HomeAssistant, line: str) -> None:
    """A number that could never be called is pointed at by its line, and what was typed stays."""
    entry = entry_of("voxloud")
    entry.add_to_hass(hass)
    typed = {**DEFAULTS, "assist_numbers": ["Dad = +390612345678", line]}
    result = await async_change(hass, entry, typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"assist_numbers": "invalid_assist_line"}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["line"] == line.strip()
    assert suggested(result)["assist_numbers"] == typed["assist_numbers"]
    assert entry.options == {}


@pytest.mark.parametrize(
    ("line", "country", "read"),
    [
        ("Mum = +39 06 1234 5678", "", ("Mum", "+390612345678")),
        ("Mum=06 1234 5678", "IT", ("Mum", "+390612345678")),
        ("a = b = 101", "", ("a = b", "101")),
        ("*97", "", ("", "*97")),
        ("tel:+390612345678", "", ("", "+390612345678")),
    ],
)
def test_assist_lines(line: str, country: str, read: tuple[str, str]) -> None:
    """A line is a name and a number, or a number alone; the country is that of the account, else Home Assistant's."""
    assert assist_number(line, country) == read
    options = {"call_slots": 4, "assist_numbers": [line]}
    for kind in PROVIDERS.values():
        assert stored_options(kind, options, {}, country) == options
        assert stored_options(kind, {**options, "country": country}, {}, "US")["assist_numbers"] == [line]


@pytest.mark.parametrize(
    ("known", "typed", "kept"),
    [
        ({"webhook_username": "u", "webhook_password": "p"}, {"webhook_username": "u"}, ("u", "p")),
        (
            {"webhook_username": "u", "webhook_password": "p"},
            {"webhook_username": "u", "webhook_password": "q"},
            ("u", "q"),
        ),
        ({"webhook_username": "u", "webhook_password": "p"}, {}, (None, None)),
    ],
    ids=["not shown", "changed", "removed"],
)
def test_webhook_password(known: Json, typed: Json, kept: tuple[str | None, str | None]) -> None:
    """The password is kept as long as its user is, without being shown."""
    options = stored_options(PROVIDERS["voipstudio"], {"call_slots": 4, **typed}, known)
    assert (options.get("webhook_username"), options.get("webhook_password")) == kept


@pytest.mark.parametrize(
    ("known", "typed", "field"),
    [
        ({}, {"webhook_username": "u"}, "webhook_password"),
        ({}, {"webhook_password": "p"}, "webhook_username"),
        ({"webhook_username": "u", "webhook_password": "p"}, {"webhook_username": "v"}, "webhook_password"),
    ],
)
async def test_half_of_the_credentials(hass: HomeAssistant, known: Json, typed: Json, field: str) -> None:
    """One half without the other is pointed at; a new user needs a password."""
    with pytest.raises(InvalidInputError) as error:
        stored_options(PROVIDERS["voipstudio"], {"call_slots": 4, **typed}, known)
    assert (error.value.field, error.value.problem) == (field, "required")
    entry = entry_of("voipstudio", options=known)
    entry.add_to_hass(hass)
    result = await async_change(hass, entry, typed)
    assert result["errors"] == {field: "required"}
    assert suggested(result).get("webhook_password") == typed.get("webhook_password")


# -- what a change does ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "FR"},
        {"call_slots": 2},
        {"mask_numbers": True},
        {"follow_extensions": ["101"]},
        {"push": False},
        {"assist": True},
        {"assist_numbers": ["Mum = +390612345678"]},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_one_reload(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, changed: Json
) -> None:
    """Changed options reload the account exactly once; the same ones again do not."""
    fake_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(fake_entry, options=DEFAULTS)
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    assert fake.script.times("account") == 1
    for _ in range(2):
        await async_change(hass, fake_entry, {**DEFAULTS, **changed})
        assert fake_entry.state is ConfigEntryState.LOADED
        assert fake_entry.runtime_data.coordinator is not coordinator
        assert fake.script.times("account") == 2
    assert fake_entry.options == {**DEFAULTS, **changed}


async def test_slots(hass: HomeAssistant, call_entities: None, fake_entry: MockConfigEntry) -> None:
    """As many calls get a sensor as the option says."""
    await async_set_up(hass, fake_entry)
    assert hass.states.get("sensor.house_call_4") is not None
    await async_change(hass, fake_entry, {**DEFAULTS, "call_slots": 2})
    assert hass.states.get("sensor.house_call_2") is not None
    states = [hass.states.get(f"sensor.house_call_{slot}") for slot in (3, 4)]
    assert all(state is None or state.state == "unavailable" for state in states)


async def test_mask(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """Numbers are masked in the states of the account as soon as the option says so."""
    number = "+390612345678"
    fake.script.calls = (incoming("c1", number=number),)
    await async_set_up(hass, fake_entry)
    assert number in str([state.as_dict() for state in hass.states.async_all()])
    await async_change(hass, fake_entry, {**DEFAULTS, "mask_numbers": True})
    assert number not in str([state.as_dict() for state in hass.states.async_all()])


async def test_country(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The provider is told the country of the options, else Home Assistant's."""
    await hass.config.async_update(country="DE")
    entry = fake_config_entry()
    await async_set_up(hass, entry)
    assert entry.runtime_data.coordinator.provider.settings.country == "DE"
    await async_change(hass, entry, {**DEFAULTS, "country": "FR"})
    assert entry.runtime_data.coordinator.provider.settings.country == "FR"


async def test_follow(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Only the followed extensions have entities; all of them again when nothing is chosen."""
    await async_set_up(hass, fake_entry)
    assert hass.states.get("sensor.bob_102_call_state") is not None
    await async_change(hass, fake_entry, {**DEFAULTS, "follow_extensions": ["101"]})
    assert hass.states.get("sensor.ann_101_call_state") is not None
    state = hass.states.get("sensor.bob_102_call_state")
    assert state is None or state.state == "unavailable"
    await async_change(hass, fake_entry, DEFAULTS)
    state = hass.states.get("sensor.bob_102_call_state")
    assert state is not None
    assert state.state == "idle"


async def test_follow_somebody_who_does_not_exist(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A number that is new to the list and that no phone has is refused; one that was there before stays."""
    fake_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(fake_entry, options={"follow_extensions": ["101", "103"]})
    await async_set_up(hass, fake_entry)
    typed = {**DEFAULTS, "follow_extensions": ["101", "103", "109"]}
    result = await async_change(hass, fake_entry, typed)
    assert result["errors"] == {"follow_extensions": "unknown_extension"}
    typed["follow_extensions"] = [" 102 ", "103"]
    result = await hass.config_entries.options.async_configure(result["flow_id"], typed)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("typed", "kept", "error"),
    [
        ("0170 1234567", "+491701234567", None),
        ("101", "101", None),
        ("", None, None),
        ("Anna", None, "invalid_number"),
    ],
)
async def test_number_for_messages(
    hass: HomeAssistant, fake_entry: MockConfigEntry, typed: str, kept: str | None, error: str | None
) -> None:
    """It is kept as it was read, so that another country makes no other number of it."""
    await hass.config.async_update(country="DE")
    await async_set_up(hass, fake_entry)
    result = await async_change(hass, fake_entry, {**DEFAULTS, "message_number": typed})
    if error is not None:
        assert result["errors"] == {"message_number": error}
    assert fake_entry.options.get("message_number") == kept


async def test_a_new_title_reloads_nothing(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A rename is no reason to lose the calls that are up."""
    fake.script.capabilities |= Capability.WEBHOOK
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.TALKING))
    hass.config_entries.async_update_entry(fake_entry, title="Another name")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake_entry.runtime_data.coordinator is coordinator
    assert fake.script.times("account") == 1
    assert "c1" in coordinator.data.calls
    state = hass.states.get("sensor.ann_101_call_state")
    assert state is not None
    assert state.state == "talking"


def test_no_options_of_somebody_else() -> None:
    """The form of a provider without pushes does not ask for them."""
    form = options_form(PROVIDERS["voipsun"], {"101": Extension(number="101")})
    assert "push" not in form.schema
    assert form.schema["follow_extensions"].config["options"] == [{"value": "101", "label": "101"}]
    assert m.Capability.WEBHOOK not in PROVIDERS["voipsun"].possible


# -- another address ---------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["voipat", "voipstudio", "voxloud"])
async def test_another_address(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str) -> None:
    """A click gives the account a new address, shown at once where a person enters it; the old one is dead."""
    async with living(hass, provider, hass_client_no_auth) as house:
        entry = house.entry
        old = entry.data["webhook_id"]
        coordinators = {id(house.coordinator)}
        result = await async_change(hass, entry, {"mask_numbers": True, "new_address": True})
        new = entry.data["webhook_id"]
        assert new != old
        if provider == "voxloud":
            subscribed = house.simulator.subscriptions
            await house.until(
                lambda: {item.callback_url.rpartition("/")[2] for item in subscribed.values()} == {new},
                "the subscriptions to move",
            )
        else:
            assert result["type"] is FlowResultType.FORM
            assert result["step_id"] == "address"
            shown = suggested(result)["address"]
            assert new in shown
            assert old not in shown
            result = await hass.config_entries.options.async_configure(result["flow_id"], {"address": shown})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert entry.options["mask_numbers"]
        assert "new_address" not in entry.options
        coordinators.add(id(house.coordinator))
        assert len(coordinators) == 2
        client = await hass_client_no_auth()
        for webhook_id in (old, new):
            await client.post(f"/api/webhook/{webhook_id}", json={"x": 1})
        await hass.async_block_till_done()
        webhook = entry.runtime_data.webhook
        assert webhook.received + webhook.bad + webhook.foreign == 1


@pytest.mark.parametrize("provider", ["voipsun", "voxloud"])
async def test_the_address_stays(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str
) -> None:
    """Without that click the address stays; an account that has none is not asked."""
    async with living(hass, provider, hass_client_no_auth) as house:
        before = house.entry.data["webhook_id"]
        result = await async_open(hass, house.entry)
        assert result["data_schema"] is not None
        assert ("new_address" in result["data_schema"].schema) is (provider == "voxloud")
        result = await hass.config_entries.options.async_configure(result["flow_id"], {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert house.entry.data["webhook_id"] == before
