"""What an account may not dial is refused in words, by every way to dial, and nothing is sent."""

from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState

from .every_action import BY_NAME, commands
from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

PREMIUM = "0900 3123456"
HARMLESS = "030 23125101"


@pytest.fixture(autouse=True)
async def _germany(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Be in Germany, with a phone system that can do everything."""
    await hass.config.async_update(country="DE")
    fake.fields = dict.fromkeys(m.Capability, frozenset(str(key) for one in BY_NAME.values() for key in one.fields))


async def account(hass: HomeAssistant, **options: Any) -> MockConfigEntry:
    """Set up an account with these options."""
    entry = fake_config_entry(options=options)
    await async_set_up(hass, entry)
    return entry


async def refusal(hass: HomeAssistant, number: str, context: Context | None = None, **more: Any) -> str | None:
    """Place a call, and give the key of the refusal, or nothing if it was placed."""
    data = {"extension": "101", "number": number, **more}
    try:
        await hass.services.async_call(DOMAIN, "originate", data, blocking=True, context=context)
    except ServiceValidationError as err:
        return err.translation_key
    return None


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (PREMIUM, "dial_premium"),
        ("0180 5123456", "dial_shared_cost"),
        ("0700 12345678", "dial_personal"),
        ("11833", "dial_directory"),
        ("01013 030123456", "dial_carrier_selection"),
        ("+881612345678", "dial_satellite"),
        ("+37012345678", "dial_unknown_abroad"),
        ("*21*030123456#", "dial_forwarding"),
        ("110", "dial_emergency"),
        (HARMLESS, None),
        ("102", None),
    ],
)
async def test_off_by_default(hass: HomeAssistant, fake: type[FakeProvider], number: str, key: str | None) -> None:
    """What costs or changes something is refused with the rule, and the other calls are placed."""
    await account(hass)
    assert await refusal(hass, number) == key
    assert commands(fake) == ([] if key else ["originate"])


@pytest.mark.parametrize(
    ("options", "number", "key"),
    [
        ({"dial_kinds": ["premium"]}, PREMIUM, None),
        ({"dial_kinds": ["premium"]}, "0180 5123456", "dial_shared_cost"),
        ({"dial_kinds": ["forwarding"]}, "*21*030123456#", None),
        ({"dial_allow": ["0900 3"]}, PREMIUM, None),
        ({"dial_allow": ["+49 900 3*"]}, PREMIUM, None),
        ({"dial_allow": ["0900 4"]}, PREMIUM, "dial_premium"),
        ({"dial_allow": ["*21"]}, "*21*030123456#", None),
        ({"dial_deny": ["030"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["030"]}, "+49 30 23125101", "dial_denied"),
        ({"dial_deny": ["030"]}, "*31#03023125101", "dial_denied"),
        ({"dial_deny": ["+49"], "dial_allow": ["030"]}, HARMLESS, None),
        ({"dial_deny": ["030"], "dial_allow": ["+49"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["*"], "dial_allow": ["030"]}, HARMLESS, None),
        ({"dial_deny": ["*"], "dial_allow": ["030"]}, "040 1234567", "dial_denied"),
        ({"dial_deny": ["+49 (0)30"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["0049 (0) 30*"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["004930"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["tel:+49-30"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["\uff10\uff13\uff10"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["\u202a030\u202c"]}, HARMLESS, "dial_denied"),
        ({"dial_deny": ["030"]}, "0049 (0)30 23125101", "dial_denied"),
        ({"dial_deny": ["030"]}, "sip:%2B493023125101@host", "dial_denied"),
        ({"dial_deny": ["030"]}, "4930 23125101", "dial_denied"),
        ({"dial_allow": ["+49 (0)900 3"]}, PREMIUM, None),
        ({"dial_deny": ["*"]}, "102", None),
        ({"dial_deny": ["*"]}, "600", None),
        ({"country": "GB"}, "0870 1234567", "dial_premium"),
    ],
)
async def test_rules(
    hass: HomeAssistant, fake: type[FakeProvider], options: dict[str, Any], number: str, key: str | None
) -> None:
    """The longer beginning decides, in whatever form it was typed; what is inside the house is always allowed."""
    fake.script.directory = m.Directory(
        extensions=fake.script.directory.extensions, agents=(), queues=(m.Queue(id="q1", name="Help", number="600"),)
    )
    await account(hass, **options)
    assert await refusal(hass, number) == key


@pytest.mark.parametrize("number", ["110", "112"])
async def test_emergency(hass: HomeAssistant, fake: type[FakeProvider], number: str) -> None:
    """A person may always call for help; an automation only by the option, whatever else is forbidden."""
    entry = await account(hass, dial_deny=["*"], dial_kinds=["premium"])
    user = await hass.auth.async_create_user("Somebody", group_ids=[GROUP_ID_USER])
    assert await refusal(hass, number, Context(user_id=user.id)) is None
    assert await refusal(hass, number, Context()) == "dial_emergency"
    hass.config_entries.async_update_entry(entry, options={"dial_emergency": True, "dial_deny": ["*"]})
    await hass.async_block_till_done()
    assert await refusal(hass, number, Context()) is None


async def test_pace(hass: HomeAssistant, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch) -> None:
    """No more calls than the limit are placed within a minute; a refused one does not count."""
    await account(hass, dial_limit=2)
    now = hass.loop.time()
    monkeypatch.setattr(hass.loop, "time", lambda: now)
    assert [await refusal(hass, number) for number in (HARMLESS, PREMIUM, "102", HARMLESS)] == [
        None,
        "dial_premium",
        None,
        "dial_limit",
    ]
    now += 60
    assert await refusal(hass, HARMLESS) is None


@pytest.mark.parametrize(
    "wrong",
    [{"extension": "999"}, {"number": "reception"}, {"number": "+"}, {"caller_id_number": "nobody"}],
    ids=["extension", "name", "number", "caller ID"],
)
async def test_what_was_not_sent_does_not_count(
    hass: HomeAssistant, fake: type[FakeProvider], wrong: dict[str, Any]
) -> None:
    """Whoever errs may try again, as often as it takes."""
    await account(hass, dial_limit=1)
    number = str(wrong.get("number", HARMLESS))
    for _ in range(3):
        assert await refusal(hass, **{"number": number, **wrong}) not in (None, "dial_limit")
    assert await refusal(hass, HARMLESS) is None
    assert await refusal(hass, HARMLESS) == "dial_limit"


async def test_pace_outlives_a_reload(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Whoever loads the account anew may not place more calls for that; another account has its own."""
    entry = await account(hass, dial_limit=1)
    assert await refusal(hass, HARMLESS) is None
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await refusal(hass, HARMLESS) == "dial_limit"
    other = fake_config_entry("other", options={"dial_limit": 1})
    fake.script.account = m.Account(id="other", title="Other")
    await async_set_up(hass, other)
    assert await refusal(hass, HARMLESS, config_entry_id=other.entry_id) is None


@pytest.mark.parametrize("before", [None, "GB", "US"])
async def test_the_country_of_now_counts(hass: HomeAssistant, fake: type[FakeProvider], before: str | None) -> None:
    """A number is judged as it is read when it is dialled, also if the house has moved since the start."""
    hass.config.country = before
    await account(hass, dial_deny=["030"])
    await hass.config.async_update(country="DE")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await refusal(hass, PREMIUM) == "dial_premium"
    assert await refusal(hass, "+493023125101") == "dial_denied"
    assert commands(fake) == []


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("originate", {"extension": "101"}),
        ("click_to_call", {"extension": "101"}),
        ("dial", {"context": "menu", "route_name": "out"}),
        ("announce", {"message": "Hello"}),
        ("send_sms", {"message": "Hello"}),
        ("transfer", {"call_id": "c1"}),
    ],
)
async def test_every_action_that_dials(
    hass: HomeAssistant, fake: type[FakeProvider], action: str, data: dict[str, Any]
) -> None:
    """None of them reaches the phone system."""
    fake.script.calls = (incoming("c1", state=CallState.TALKING),)
    await account(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(DOMAIN, action, {"number": PREMIUM, **data}, blocking=True)
    assert refused.value.translation_key == "dial_premium"
    assert commands(fake) == []


async def test_buttons(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A caller from a premium number is not called back, and a speed dial obeys too."""
    entry = fake_config_entry(
        subentries_data=[
            {
                "data": {"extension": "101", "number": "+499003123456"},
                "subentry_type": "speed_dial",
                "title": "Hotline",
                "unique_id": None,
            }
        ]
    )
    await async_set_up(hass, entry)
    push = entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, caller=m.Party(number="+499003123456")))
    push(pushed("c1", CallState.ENDED, final=True))
    for button in ("button.ann_101_call_back", "button.hotline"):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
        assert refused.value.translation_key == "dial_premium"
    assert commands(fake) == []


@pytest.mark.parametrize("number", ["50037903", "+356 5003 7903"])
async def test_what_is_read_as_by_hand_is_judged_so(hass: HomeAssistant, fake: type[FakeProvider], number: str) -> None:
    """Two readings in an action are one on a dial pad, in an option and for a caller: a premium number in Malta."""
    await hass.config.async_update(country="MT")
    speed_dial = {
        "data": {"extension": "101", "number": number},
        "subentry_type": "speed_dial",
        "title": "Hotline",
        "unique_id": None,
    }
    entry = fake_config_entry(options={"message_number": number}, subentries_data=[speed_dial])
    await async_set_up(hass, entry)
    push = entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, caller=m.Party(number=number)))
    push(pushed("c1", CallState.ENDED, final=True))
    message = next(state.entity_id for state in hass.states.async_all("notify"))
    for domain, action, data in (
        ("button", "press", {"entity_id": "button.ann_101_call_back"}),
        ("button", "press", {"entity_id": "button.hotline"}),
        ("pbx", "call_back", {"extension": "101"}),
        ("notify", "send_message", {"entity_id": message, "message": "Hello"}),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(domain, action, data, blocking=True)
        assert refused.value.translation_key == "dial_premium", (domain, action)
    assert commands(fake) == []


@pytest.mark.parametrize(
    "caller", ["reception", "0900 3123456,,1", "0900 3123456 oder 110", "030 1|SIP/102", "+49 30 1\u00b2", "*21*0301#x"]
)
async def test_a_caller_who_is_no_number_is_not_called_back(
    hass: HomeAssistant, fake: type[FakeProvider], caller: str
) -> None:
    """A caller chooses what stands there: what could not be judged is not sent."""
    entry = fake_config_entry()
    await async_set_up(hass, entry)
    push = entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, caller=m.Party(number=caller)))
    push(pushed("c1", CallState.ENDED, final=True))
    for domain, action, data in (
        ("button", "press", {"entity_id": "button.ann_101_call_back"}),
        ("pbx", "call_back", {"extension": "101"}),
    ):
        with pytest.raises(ServiceValidationError):
            await hass.services.async_call(domain, action, data, blocking=True)
    assert commands(fake) == []


async def test_assist(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Assist is no person who dials for help, whoever speaks to it."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})
    await account(hass, assist=True, assist_numbers=["Help = 112", "Fortune teller = 0900 3123456"])
    user = await hass.auth.async_create_user("Somebody", group_ids=[GROUP_ID_USER])
    context = llm.LLMContext(
        platform="test", context=Context(user_id=user.id), language="en", assistant="conversation", device_id=None
    )
    instance = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)
    for name in ("Help", "Fortune teller"):
        arguments = {"to": name, "from": "Ann (101)"}
        answer = await instance.async_call_tool(llm.ToolInput(tool_name="pbx__call", tool_args=arguments))
        assert answer.error
        assert "Not dialed" in str(answer.data)
    assert commands(fake) == []
