"""Activity: what happens is a sentence with names, in every language, and little else is drawn."""

from typing import Any

import pytest
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx import logbook
from custom_components.pbx.activity import UNTOLD, activity_data
from custom_components.pbx.const import CONF_MASK_NUMBERS, DOMAIN, EVENT_ACTIVITY
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome
from custom_components.pbx.wording import Wording

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed

LANGUAGES = ["ar", "cs", "de", "en", "es", "fr", "it", "pl", "pt-BR", "uk"]
EVERYTHING = {
    "name": "Bakery Schmidt",
    "phone": "Anna Keller",
    "agent": "Anna Keller",
    "transferred_to": "102",
    "digits": "5",
}


async def told(hass: HomeAssistant, *events: dict[str, Any]) -> list[str | None]:
    """Say how events are told."""
    described: dict[str, Any] = {}
    logbook.async_describe_events(hass, lambda domain, event, describe: described.update({event: (domain, describe)}))
    domain, describe = described[EVENT_ACTIVITY]
    assert domain == DOMAIN
    return [describe(Event(EVENT_ACTIVITY, data))["message"] for data in events]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_event_is_a_sentence(hass: HomeAssistant, language: str) -> None:
    """It names who it is about, and no placeholder is left; no two kinds of events are told the same."""
    await hass.config.async_update(language=language)
    assert await async_setup_component(hass, DOMAIN, {})
    kinds: list[dict[str, Any]] = [{"type": kind.value} for kind in EventType if kind not in UNTOLD]
    kinds.append({"type": "call_ended", "duration": 252})
    sentences = await told(hass, *({**EVERYTHING, **kind} for kind in kinds))
    for kind, text in zip(kinds, sentences, strict=True):
        assert text is not None
        assert "{" not in text, kind
        if kind["type"] != EventType.USER_EVENT:  # which may be about nobody
            assert "Bakery Schmidt" in text or "Anna Keller" in text, kind
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"type": "call_missed", "name": "Dr. Weber", "phone": "Anna Keller"}, "Anna Keller:"),
        ({"type": "agent_logged_in", "agent": "Petr Novák"}, "Petr Novák:"),
        ({"type": "user_event"}, ""),
    ],
)
async def test_whom_it_is_about(hass: HomeAssistant, event: dict[str, Any], name: str) -> None:
    """The phone, else the agent, stands before the sentence."""
    assert await async_setup_component(hass, DOMAIN, {})
    described: list[Any] = []
    logbook.async_describe_events(hass, lambda _domain, _event, describe: described.append(describe))
    assert described[0](Event(EVENT_ACTIVITY, event))["name"] == name


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_plus_stays_in_front(hass: HomeAssistant, language: str) -> None:
    """A number among words that are written from right to left is kept together."""
    await hass.config.async_update(language=language)
    assert await async_setup_component(hass, DOMAIN, {})
    [text] = await told(hass, {"type": "call_incoming", "number": "+493023125777", "phone": "Anna Keller"})
    assert text is not None
    assert ("\u2068+493023125777\u2069" in text) == (language == "ar")
    assert "+493023125777" in text


def test_icons() -> None:
    """Only what is told has an icon of its own."""
    assert not set(logbook.ICONS) & set(UNTOLD)


async def test_calls(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """What a person reads of calls that were answered, missed and placed."""
    await async_set_up(hass, fake_entry)
    events = async_capture_events(hass, EVENT_ACTIVITY)
    push = fake_entry.runtime_data.coordinator.async_push
    bakery = {"caller": m.Party(number="+390612345678", name="Bakery Schmidt")}
    push(pushed("c1", CallState.RINGING, "101", **bakery))
    push(pushed("c1", CallState.TALKING, "101", **bakery))
    push(pushed("c1", CallState.ENDED, "101", final=True, talk_time=252, **bakery))
    push(pushed("c2", CallState.RINGING, "102", caller=m.Party(number="+390699999999")))
    push(pushed("c2", CallState.ENDED, "102", final=True))
    push(pushed("c3", CallState.RINGING, "102", caller=m.Party(hidden=True)))
    push(pushed("c3", CallState.ENDED, "102", final=True, caller=m.Party(hidden=True)))
    out = {"direction": Direction.OUTGOING, "caller": m.Party(number="101"), "callee": m.Party(number="+390611")}
    push(pushed("c4", CallState.DIALING, "101", **out))
    push(pushed("c4", CallState.ENDED, "101", final=True, **out))
    await hass.async_block_till_done()
    assert await told(hass, *(dict(event.data) for event in events)) == [
        "Bakery Schmidt calls Ann",
        "The call with Bakery Schmidt ended",
        "+390699999999 calls Bob",
        "Missed: +390699999999",
        "Hidden number calls Bob",
        "Missed: Hidden number",
        "Ann calls +390611",
        "The call with +390611 ended (unanswered)",
    ]


async def test_a_phone_that_was_renamed(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Activity calls a phone as the person does who gave its device a name."""
    await async_set_up(hass, fake_entry)
    ann = fake_entry.runtime_data.devices.subjects[SubjectKind.EXTENSION, "101"].device.id
    dr.async_get(hass).async_update_device(ann, name_by_user="Kitchen phone")
    events = async_capture_events(hass, EVENT_ACTIVITY)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, "101"))
    assert await told(hass, *(dict(event.data) for event in events)) == ["+390612345678 calls Kitchen phone"]


async def test_correction(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """What the record corrects is told with how the call ended in truth, and how it had seemed to."""
    await async_set_up(hass, fake_entry)
    events = async_capture_events(hass, EVENT_ACTIVITY)
    coordinator = fake_entry.runtime_data.coordinator
    bakery = m.Party(number="+390612345678", name="Bakery Schmidt")
    coordinator.async_push(pushed("c1", CallState.RINGING, "101", caller=bakery))
    coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True, caller=bakery))
    record = m.CallRecord(
        id="r1", call_id="c1", direction=Direction.INCOMING, caller=bakery, outcome=Outcome.ANSWERED, duration=40
    )
    coordinator.async_push(m.RecordPush(provider_event="cdr", record=record))
    assert (await told(hass, *(dict(event.data) for event in events)))[1:] == [
        "Missed: Bakery Schmidt",
        "Corrected: the call with Bakery Schmidt was answered, not missed",
    ]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ("Anna hat 1:01 mit unterdrückter Nummer gesprochen", "Sprachnachricht von unterdrückter Nummer")),
        ("en", ("Anna talked to a hidden number for 1:01", "Voicemail from a hidden number")),
        ("fr", ("Anna a parlé à un numéro masqué pendant 1:01", "Message vocal de numéro masqué")),
        ("it", ("Anna ha parlato con un numero nascosto per 1:01", "Messaggio vocale da un numero nascosto")),
        ("pl", ("Rozmowa Anna z ukrytym numerem trwała 1:01", "Wiadomość głosowa od ukrytego numeru")),
        ("cs", ("Hovor Anna s utajeným číslem trval 1:01", "Hlasová zpráva od utajeného čísla")),
        ("uk", ("Розмова Anna з прихованим номером тривала 1:01", "Голосове повідомлення від прихованого номера")),
        ("es", ("Anna habló con un número oculto durante 1:01", "Mensaje de voz de un número oculto")),
        ("pt-BR", ("Anna falou com um número oculto por 1:01", "Mensagem de voz de um número oculto")),
    ],
)
async def test_hidden_number(hass: HomeAssistant, language: str, sentences: tuple[str, str]) -> None:
    """Whoever hides the number is called as each sentence wants it."""
    await hass.config.async_update(language=language)
    assert await async_setup_component(hass, DOMAIN, {})
    talk = {"type": "call_ended", "phone": "Anna", "duration": 61}
    assert await told(hass, talk, {"type": "voicemail_received"}) == list(sentences)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("ar", ("Anna يتصل بـ رقم غير معروف", "تحدث Anna مع رقم غير معروف لمدة 1:01")),
        ("de", ("Anna ruft eine unbekannte Nummer an", "Anna hat 1:01 mit unbekannter Nummer gesprochen")),
        ("en", ("Anna calls an unknown number", "Anna talked to an unknown number for 1:01")),
        ("fr", ("Anna appelle un numéro inconnu", "Anna a parlé à un numéro inconnu pendant 1:01")),
        ("it", ("Anna chiama un numero sconosciuto", "Anna ha parlato con un numero sconosciuto per 1:01")),
        ("pl", ("Anna dzwoni do nieznanego numeru", "Rozmowa Anna z nieznanym numerem trwała 1:01")),
        ("cs", ("Anna volá neznámé číslo", "Hovor Anna s neznámým číslem trval 1:01")),
        ("uk", ("Anna телефонує до невідомого номера", "Розмова Anna з невідомим номером тривала 1:01")),
        ("es", ("Anna llama a un número desconocido", "Anna habló con un número desconocido durante 1:01")),
        ("pt-BR", ("Anna está ligando para um número desconhecido", "Anna falou com um número desconhecido por 1:01")),
    ],
)
async def test_unknown_number(hass: HomeAssistant, language: str, sentences: tuple[str, str]) -> None:
    """Whoever is called hides nothing: the number is only not known."""
    await hass.config.async_update(language=language)
    assert await async_setup_component(hass, DOMAIN, {})
    out = {"phone": "Anna", "direction": "outgoing"}
    shown = await told(hass, out | {"type": "call_outgoing"}, out | {"type": "call_ended", "duration": 61})
    assert [text.replace("\u2068", "").replace("\u2069", "") for text in shown if text] == list(sentences)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_how_a_call_ended(hass: HomeAssistant, language: str) -> None:
    """Each outcome is told in its own words, also as what had been told before; but where nothing is to be said."""
    await hass.config.async_update(language=language)
    assert await async_setup_component(hass, DOMAIN, {})
    corrected = {"type": "call_corrected", "name": "Bakery Schmidt"}
    sentences = await told(
        hass,
        *({"type": "call_ended", "name": "Bakery Schmidt", "outcome": outcome.value} for outcome in Outcome),
        *({**corrected, "outcome": outcome.value, "outcome_before": "missed"} for outcome in Outcome),
        *({**corrected, "outcome": "missed", "outcome_before": outcome.value} for outcome in Outcome),
    )
    ended, so, before = sentences[:10], sentences[10:20], sentences[20:]
    assert len(set(ended)) == len(Outcome) - 1
    assert len(set(so)) == len(set(before)) == len(Outcome)
    assert all("Bakery Schmidt" in (text or "") and "{" not in (text or "") for text in sentences)


async def test_agent(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """An agent is told of by name, and by id where the name is not known."""
    fake.script.directory = m.Directory(agents=(m.Agent(id="501", name="Petr Novák"),))
    await async_set_up(hass, fake_entry)
    events = async_capture_events(hass, EVENT_ACTIVITY)
    for agent in ("501", "777"):
        notice = m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent=agent)
        fake_entry.runtime_data.coordinator.async_push(notice)
    assert await told(hass, *(dict(event.data) for event in events)) == ["Petr Novák logged in", "777 logged in"]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"type": "agent_logged_in", "queue": "podpora", "extension": "102"}, "Petr Novák logged in (podpora)"),
        ({"type": "agent_paused", "queue": "podpora"}, "Petr Novák takes a break (podpora)"),
        ({"type": "agent_unpaused"}, "Petr Novák is back from the break"),
        ({"type": "call_missed", "from_name": "Dr. Weber"}, "Missed: Dr. Weber (Berlin)"),
        ({"type": "call_missed"}, "Missed: +493023125102 (Berlin)"),
        ({"type": "call_incoming"}, "+493023125102 (Berlin) calls 102"),
        ({"type": "call_incoming", "from_name": "Dr. Weber"}, "Dr. Weber calls 102"),
        ({"type": "call_outgoing", "direction": "outgoing", "to_number": "+43123"}, "102 calls +43123"),
    ],
)
@pytest.mark.parametrize("masked", [False, True])
async def test_where(hass: HomeAssistant, event: dict[str, Any], sentence: str, *, masked: bool) -> None:
    """The queue of an agent is named, and the town of a caller who has no name or who was missed."""
    assert await async_setup_component(hass, DOMAIN, {})
    told_of = {"from_number": "+493023125102", "extension": "102", "caller_place": "Berlin", **event}
    if event.get("direction"):
        told_of["from_number"] = "102"
    kept = activity_data(told_of, "Petr Novák", Wording(masked=masked))
    [text] = await told(hass, kept)
    if not masked:
        assert text == sentence
    assert text is not None
    assert ("podpora" in text) == ("podpora" in sentence)
    assert ("Berlin" in text) == ("Berlin" in sentence and not masked)


@pytest.mark.parametrize("masked", [False, True])
async def test_what_is_kept_of_a_transfer(hass: HomeAssistant, *, masked: bool) -> None:
    """A number is a number wherever it stands: as a name, and as whom a call is handed to."""
    assert await async_setup_component(hass, DOMAIN, {})
    handed = {
        "type": "call_transferred",
        "direction": "incoming",
        "extension": "102",
        "from_name": "030 23125102",
        "transferred_to": "+4915123456789",
    }
    kept = activity_data(handed, "", Wording(masked=masked))
    mask = "The call with •••••••••102 was transferred to •••••••••••789"
    plain = "The call with 030 23125102 was transferred to +4915123456789"
    assert await told(hass, kept) == [mask if masked else plain]
    inside = activity_data({**handed, "transferred_to": "104"}, "", Wording(masked=masked))
    assert inside["transferred_to"] == "104"


INSIDE = {"direction": "internal", "from_number": "101", "from_name": "Ann", "to_number": "102", "to_name": "Bob"}
OUT = {"direction": "outgoing", "from_number": "101", "to_number": "+43123", "to_name": "Zoe"}
IN = {"direction": "incoming", "from_number": "+43123", "from_name": "Zoe", "to_number": "101"}
ANN = {"extension": "101", "extension_name": "Ann"}
BOB = {"extension": "102", "extension_name": "Bob"}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"type": "call_outgoing", **INSIDE, **ANN}, "Ann calls Bob"),
        ({"type": "call_incoming", **INSIDE, **BOB}, "Ann calls Bob"),
        ({"type": "call_incoming", **INSIDE}, "Ann calls Bob"),
        ({"type": "call_ended", **INSIDE, **ANN, "outcome": "missed"}, "The call with Bob ended (missed)"),
        ({"type": "call_ended", **INSIDE, **BOB, "duration": 61}, "Bob talked to Ann for 1:01"),
        ({"type": "call_ended", **INSIDE, **ANN, "duration": 61}, "Ann talked to Bob for 1:01"),
        ({"type": "dtmf_received", **IN, **ANN, "digits": "1"}, "Zoe pressed 1"),
        ({"type": "dtmf_received", **IN, **ANN, "digits": "1", "pressed_by": "caller"}, "Zoe pressed 1"),
        ({"type": "dtmf_received", **IN, **ANN, "digits": "1", "pressed_by": "callee"}, "Ann pressed 1"),
        ({"type": "dtmf_received", **OUT, **ANN, "digits": "1", "pressed_by": "caller"}, "Ann pressed 1"),
        ({"type": "dtmf_received", **OUT, **ANN, "digits": "1", "pressed_by": "callee"}, "Zoe pressed 1"),
        ({"type": "dtmf_received", **INSIDE, **BOB, "digits": "1", "pressed_by": "caller"}, "Ann pressed 1"),
        ({"type": "dtmf_received", **INSIDE, **BOB, "digits": "1", "pressed_by": "callee"}, "Bob pressed 1"),
    ],
)
async def test_who_does_it(hass: HomeAssistant, event: dict[str, Any], sentence: str) -> None:
    """A phone that calls another one calls that one; a key is pressed by whoever pressed it."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert await told(hass, activity_data(event, "", Wording(masked=False))) == [sentence]


async def test_how_long_and_what_strangers_write(hass: HomeAssistant) -> None:
    """The length of a talk is a time; a name that looks like a placeholder is a name."""
    assert await async_setup_component(hass, DOMAIN, {})
    call = {"type": "call_ended", "name": "{agent} {phone}", "phone": "101", "duration": 61}
    assert await told(hass, call) == ["101 talked to {agent} {phone} for 1:01"]


async def test_masked(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Where numbers are masked, Activity does not know them, and the recorder does not get them."""
    entry = fake_config_entry(options={CONF_MASK_NUMBERS: True})
    await async_set_up(hass, entry)
    events = async_capture_events(hass, EVENT_ACTIVITY)
    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, "101"))
    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    assert await told(hass, dict(events[-1].data)) == ["Missed: ••••••••••678"]
    assert "+390612345678" not in {value for event in events for value in event.data.values()}
