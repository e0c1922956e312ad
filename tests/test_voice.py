"""What the built-in assistant understands and answers, in every language, and that the docs show it."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.pbx.const import CONF_ASSIST
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.sentences import SENTENCES, Wish
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

PAGE = Path(__file__).parents[1] / "docs" / "assist.md"
NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "it": "Italian",
    "es": "Spanish",
    "pt-BR": "Portuguese (Brazil)",
    "pl": "Polish",
    "cs": "Czech",
    "uk": "Ukrainian",
    "ar": "Arabic",
}
# What somebody says, and what is answered while Zoe calls Ann and has called before in vain.
TABLE: dict[str, dict[Wish, tuple[str, str]]] = {
    "en": {
        Wish.CALL: ("Call Zoe from Bob", "Calling Zoe. Pick up Bob, please."),
        Wish.CALLING: ("Who is calling?", "Zoe is calling Ann."),
        Wish.ON_THE_PHONE: ("Who is on the phone?", "Zoe is calling Ann."),
        Wish.HOLD: ("Hold the call", "Done."),
        Wish.HANG_UP: ("Hang up", "Done."),
        Wish.MISSED: ("Any missed calls?", "Missed calls: 1. The last ones: Zoe."),
        Wish.LOG_IN: ("Log me in", "Agatha is logged in."),
    },
    "de": {
        Wish.CALL: ("Ruf Zoe von Bob an", "Zoe wird angerufen. Bitte Bob abheben."),
        Wish.CALLING: ("Wer ruft an?", "Zoe ruft Ann an."),
        Wish.ON_THE_PHONE: ("Wer telefoniert?", "Zoe ruft Ann an."),
        Wish.HOLD: ("Halte das Gespräch", "Erledigt."),
        Wish.HANG_UP: ("Bitte auflegen", "Erledigt."),
        Wish.MISSED: ("Gibt es verpasste Anrufe?", "Verpasste Anrufe: 1. Zuletzt: Zoe."),
        Wish.LOG_IN: ("Melde mich an", "Agatha ist angemeldet."),
    },
    "fr": {
        Wish.CALL: ("Appelle Zoe depuis Bob", "Appel de Zoe. Décrochez Bob."),
        Wish.CALLING: ("Qui appelle ?", "Zoe appelle Ann."),
        Wish.ON_THE_PHONE: ("Qui est au téléphone ?", "Zoe appelle Ann."),
        Wish.HOLD: ("Mets l'appel en attente", "C'est fait."),
        Wish.HANG_UP: ("Raccroche", "C'est fait."),
        Wish.MISSED: ("Ai-je des appels manqués ?", "Appels manqués : 1. Les derniers : Zoe."),
        Wish.LOG_IN: ("Connecte-moi", "Agatha est connecté."),
    },
    "it": {
        Wish.CALL: ("Chiama Zoe da Bob", "Chiamo Zoe. Rispondi su Bob."),
        Wish.CALLING: ("Chi sta chiamando?", "Zoe chiama Ann."),
        Wish.ON_THE_PHONE: ("Chi è al telefono?", "Zoe chiama Ann."),
        Wish.HOLD: ("Metti la chiamata in attesa", "Fatto."),
        Wish.HANG_UP: ("Riaggancia", "Fatto."),
        Wish.MISSED: ("Ci sono chiamate perse?", "Chiamate perse: 1. Le ultime: Zoe."),
        Wish.LOG_IN: ("Collegami", "Agatha è collegato."),
    },
    "es": {
        Wish.CALL: ("Llama a Zoe desde Bob", "Llamando a Zoe. Descuelga Bob."),
        Wish.CALLING: ("¿Quién llama?", "Zoe llama a Ann."),
        Wish.ON_THE_PHONE: ("¿Quién está al teléfono?", "Zoe llama a Ann."),
        Wish.HOLD: ("Pon la llamada en espera", "Hecho."),
        Wish.HANG_UP: ("Cuelga", "Hecho."),
        Wish.MISSED: ("¿Hay llamadas perdidas?", "Llamadas perdidas: 1. Las últimas: Zoe."),
        Wish.LOG_IN: ("Conéctame", "Agatha está conectado."),
    },
    "pt-BR": {
        Wish.CALL: ("Ligue para Zoe de Bob", "Ligando para Zoe. Atenda Bob."),
        Wish.CALLING: ("Quem está ligando?", "Zoe está ligando para Ann."),
        Wish.ON_THE_PHONE: ("Quem está no telefone?", "Zoe está ligando para Ann."),
        Wish.HOLD: ("Coloque a chamada em espera", "Pronto."),
        Wish.HANG_UP: ("Desligue", "Pronto."),
        Wish.MISSED: ("Há chamadas perdidas?", "Chamadas perdidas: 1. As últimas: Zoe."),
        Wish.LOG_IN: ("Me conecte", "Agatha está conectado."),
    },
    "pl": {
        Wish.CALL: ("Połącz mnie z Zoe", "Dzwonię: Zoe. Proszę odebrać Bob."),
        Wish.CALLING: ("Kto dzwoni?", "Zoe dzwoni do: Ann."),
        Wish.ON_THE_PHONE: ("Kto rozmawia przez telefon?", "Zoe dzwoni do: Ann."),
        Wish.HOLD: ("Wstrzymaj połączenie", "Gotowe."),
        Wish.HANG_UP: ("Rozłącz się", "Gotowe."),
        Wish.MISSED: ("Czy są nieodebrane połączenia?", "Nieodebrane połączenia: 1. Ostatnie: Zoe."),
        Wish.LOG_IN: ("Zaloguj mnie", "Zalogowano: Agatha."),
    },
    "cs": {
        Wish.CALL: ("Zavolej Zoe z Bob", "Volám: Zoe. Zvedněte prosím Bob."),
        Wish.CALLING: ("Kdo volá?", "Zoe volá: Ann."),
        Wish.ON_THE_PHONE: ("Kdo telefonuje?", "Zoe volá: Ann."),
        Wish.HOLD: ("Přidrž hovor", "Hotovo."),
        Wish.HANG_UP: ("Zavěs", "Hotovo."),
        Wish.MISSED: ("Mám nějaké zmeškané hovory?", "Zmeškané hovory: 1. Poslední: Zoe."),
        Wish.LOG_IN: ("Přihlas mě", "Přihlášeno: Agatha."),
    },
    "uk": {
        Wish.CALL: ("Подзвони Zoe з Bob", "Телефоную: Zoe. Зніміть, будь ласка, Bob."),
        Wish.CALLING: ("Хто дзвонить?", "Zoe телефонує: Ann."),
        Wish.ON_THE_PHONE: ("Хто на телефоні?", "Zoe телефонує: Ann."),
        Wish.HOLD: ("Постав виклик на утримання", "Готово."),
        Wish.HANG_UP: ("Поклади слухавку", "Готово."),
        Wish.MISSED: ("Чи є пропущені дзвінки?", "Пропущені дзвінки: 1. Останні: Zoe."),
        Wish.LOG_IN: ("Зареєструй мене", "Увійшли: Agatha."),
    },
    "ar": {
        Wish.CALL: ("اتصل ب Zoe من Bob", "جارٍ الاتصال بـ Zoe. ارفع Bob من فضلك."),
        Wish.CALLING: ("من يتصل؟", "Zoe يتصل بـ Ann."),
        Wish.ON_THE_PHONE: ("من على الهاتف؟", "Zoe يتصل بـ Ann."),
        Wish.HOLD: ("ضع المكالمة قيد الانتظار", "تم."),
        Wish.HANG_UP: ("أنه المكالمة", "تم."),
        Wish.MISSED: ("هل هناك مكالمات فائتة؟", "المكالمات الفائتة: 1. الأخيرة: Zoe."),
        Wish.LOG_IN: ("سجل دخولي", "تم تسجيل دخول Agatha."),
    },
}
COMMANDS = {Wish.CALL: "originate", Wish.HOLD: "hold", Wish.HANG_UP: "hangup", Wish.LOG_IN: "agent_login"}
ZOE = "+390612345678"


@dataclass(frozen=True, kw_only=True)
class Home:
    """A house with an assistant, two phones and an agent."""

    hass: HomeAssistant
    fake: type[FakeProvider]
    coordinator: PbxCoordinator
    context: Context

    async def say(self, text: str, language: str = "en") -> str:
        """Say something to the built-in assistant."""
        result = await conversation.async_converse(self.hass, text, None, self.context, language=language)
        return str(result.response.speech["plain"]["speech"])

    async def ring(self, call_id: str = "c1", state: CallState = CallState.RINGING) -> None:
        """Let Zoe call Ann, as a push and as every list says."""
        self.fake.script.calls = (incoming(call_id, "101", state=state, number=ZOE),)
        self.coordinator.async_push(pushed(call_id, state, "101", caller=m.Party(number=ZOE)))
        await self.hass.async_block_till_done()

    async def give_up(self, call_id: str) -> None:
        """Let a call end."""
        self.fake.script.calls = ()
        self.coordinator.async_push(pushed(call_id, CallState.ENDED, "101", final=True))
        await self.hass.async_block_till_done()


@pytest.fixture
async def home(hass: HomeAssistant, fake: type[FakeProvider]) -> Home:
    """Set up the assistant, and an account that allows it."""
    for component in ("homeassistant", "conversation"):
        assert await async_setup_component(hass, component, {})
    fake.script.directory = m.Directory(
        extensions=fake.script.directory.extensions,
        agents=(m.Agent(id="a1", name="Agatha", number="501", logged_in=False),),
        queues=(),
    )
    entry = fake_config_entry(options={CONF_ASSIST: True})
    await async_set_up(hass, entry)
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Zoe", "numbers": [ZOE]})
    user = await hass.auth.async_create_user("Bob")
    await hass.auth.async_update_user(user, group_ids=["system-admin"])
    return Home(hass=hass, fake=fake, coordinator=entry.runtime_data.coordinator, context=Context(user_id=user.id))


@pytest.mark.parametrize("language", TABLE)
async def test_table(hass: HomeAssistant, fake: type[FakeProvider], home: Home, language: str) -> None:
    """Every wish is understood, done once and answered, in every language."""
    for number, (wish, (said, answer)) in enumerate(TABLE[language].items()):
        home.coordinator.async_take(home.coordinator.data.acknowledge_missed())
        await home.ring(f"missed{number}")
        await home.give_up(f"missed{number}")
        await home.ring(f"c{number}", CallState.TALKING if wish is Wish.HOLD else CallState.RINGING)
        assert await home.say(said, language) == answer, said
        if wish in COMMANDS:
            assert fake.script.times(COMMANDS[wish]) == 1, said
        await home.give_up(f"c{number}")
    assert fake.script.arguments("originate")[0][0].number == ZOE
    assert fake.script.arguments("originate")[0][0].extension == "102"


def test_table_is_whole() -> None:
    """There are sentences and answers for every wish in the ten languages."""
    assert set(TABLE) == set(SENTENCES) == set(NAMES)
    for language, rows in TABLE.items():
        assert set(rows) == set(SENTENCES[language]) == set(Wish)


def test_the_page_shows_it() -> None:
    """The page's table is this one."""
    lines = ["| Language | Say | Answer |", "|---|---|---|"]
    for language, rows in TABLE.items():
        lines += [f"| {NAMES[language]} | {said} | {answer} |" for said, answer in rows.values()]
    shown = re.search(r"<!-- sentences -->\n(.*?)\n<!-- end of sentences -->", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1] == "\n".join(lines)


async def test_nobody(home: Home) -> None:
    """When all is quiet, that is what is said."""
    assert await home.say("Who is on the phone?") == "Nobody is on the phone."
    assert await home.say("Who is calling?") == "Nobody is calling."
    assert await home.say("Hang up") == "There is no call."
    assert await home.say("Any missed calls?") == "There are no missed calls."


async def test_somebody_talks(home: Home) -> None:
    """Whoever talks is on the phone, and calls nobody."""
    await home.ring(state=CallState.TALKING)
    assert await home.say("Who's on the phone") == "Zoe is talking to Ann."
    assert await home.say("Who is calling") == "Nobody is calling."


async def test_not_allowed_without_the_option(hass: HomeAssistant, fake: type[FakeProvider], home: Home) -> None:
    """An account that does not allow it is not spoken about, and its names are none of the assistant's."""
    entry = home.coordinator.config_entry
    hass.config_entries.async_update_entry(entry, options={CONF_ASSIST: False})
    await hass.async_block_till_done()
    await home.say("Call Zoe")
    await home.say("Hang up")
    assert [fake.script.times(command) for command in ("originate", "hangup")] == [0, 0]


async def test_who_is_on_the_phone_without_the_option(hass: HomeAssistant, home: Home) -> None:
    """Nobody is never the answer while somebody talks at an account that tells nothing."""
    entry = home.coordinator.config_entry
    hass.config_entries.async_update_entry(entry, options={CONF_ASSIST: False})
    await hass.async_block_till_done()
    said = "The options of House do not allow Assist to say this."
    assert await home.say("Who is on the phone?") == said
    guest = MockUser(name="Guest", groups=[]).add_to_hass(hass)
    stranger = Home(hass=hass, fake=home.fake, coordinator=home.coordinator, context=Context(user_id=guest.id))
    assert await stranger.say("Who is on the phone?") == "You are not allowed to do this."


async def test_a_user_without_rights(hass: HomeAssistant, fake: type[FakeProvider], home: Home) -> None:
    """Whoever speaks may do what that user may do."""
    user = MockUser(name="Bob", groups=[]).add_to_hass(hass)
    await home.ring()
    guest = Home(hass=hass, fake=home.fake, coordinator=home.coordinator, context=Context(user_id=user.id))
    for said in ("Call Zoe", "Hang up", "Who is on the phone?", "Any missed calls?", "Log me in"):
        assert await guest.say(said) == "You are not allowed to do this.", said
    assert [fake.script.times(command) for command in COMMANDS.values()] == [0, 0, 0, 0]


async def test_names_change(hass: HomeAssistant, fake: type[FakeProvider], home: Home) -> None:
    """Somebody new in the phone book can be called at once; whoever left it, no more."""
    book = async_get_phone_book(hass)
    ada = await book.async_add({"name": "Ada (Rossi) | {x}", "numbers": ["+390655501000"]})
    await hass.async_block_till_done()
    assert await home.say("Call Ada Rossi x") == "Calling Ada (Rossi) | {x}. Pick up Bob, please."
    await book.async_delete_item(ada.id)
    await hass.async_block_till_done()
    await home.say("Call Ada Rossi x")
    assert fake.script.times("originate") == 1


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Call Ann", "Calling Ann. Pick up Bob, please."),
        ("Call Bob from Ann", "Calling Bob. Pick up Ann, please."),
        ("Call Bob", "Calling Bob. Pick up Ann, please."),
    ],
)
async def test_phones(home: Home, said: str, answer: str) -> None:
    """The phone that was said calls, else the user's own, else the only other one."""
    assert await home.say(said) == answer


async def test_a_phone_that_was_renamed(hass: HomeAssistant, home: Home) -> None:
    """A phone can be called, and call, by the name that its device was given, and by its own still."""
    ann = home.coordinator.devices.subjects[SubjectKind.EXTENSION, "101"].device.id
    dr.async_get(hass).async_update_device(ann, name_by_user="Kitchen phone")
    await hass.async_block_till_done()
    assert await home.say("Call Kitchen phone") == "Calling Kitchen phone. Pick up Bob, please."
    assert await home.say("Call Zoe from kitchen phone") == "Calling Zoe. Pick up Kitchen phone, please."
    assert await home.say("Call Ann") == "Calling Ann. Pick up Bob, please."
    assert await home.say("Call Bob") == "Calling Bob. Pick up Kitchen phone, please."  # the only other
    dr.async_get(hass).async_update_device(ann, name_by_user=None)
    await hass.async_block_till_done()
    assert not (await home.say("Call Kitchen phone")).startswith("Calling")


async def test_an_unknown_user(hass: HomeAssistant, fake: type[FakeProvider], home: Home) -> None:
    """Nobody guesses from which of two phones."""
    nobody = Home(hass=hass, fake=home.fake, coordinator=home.coordinator, context=Context())
    assert (await nobody.say("Call Zoe")).startswith("From which phone?")
    assert fake.script.times("originate") == 0


async def test_several_calls(fake: type[FakeProvider], home: Home) -> None:
    """Nobody guesses which of two calls."""
    await home.ring("c1")
    home.coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=m.Party(number="+39065550000")))
    await home.hass.async_block_till_done()
    assert (await home.say("Hang up")).startswith("There are several calls.")
    assert fake.script.times("hangup") == 0


@pytest.mark.parametrize(
    ("name", "language", "said", "answer"),
    [
        ("Ring", "en", "Ring Zoe", "Calling Zoe. Pick up Bob, please."),
        ("Call", "en", "Call Zoe from Ann", "Calling Zoe. Pick up Ann, please."),
        ("Ring", "en", "Ring Ring", "Calling Ring. Pick up Bob, please."),
        ("From", "en", "Call From from Ann", "Calling From. Pick up Ann, please."),
        ("An", "de", "Ruf Zoe an", "Zoe wird angerufen. Bitte Bob abheben."),
        ("An", "de", "Ruf An an", "An wird angerufen. Bitte Bob abheben."),
        ("Von", "de", "Ruf Von von Ann an", "Von wird angerufen. Bitte Ann abheben."),
        ("Da", "it", "Chiama Zoe da Ann", "Chiamo Zoe. Rispondi su Ann."),
        ("Do", "pl", "Zadzwoń do Zoe z Ann", "Dzwonię: Zoe. Proszę odebrać Ann."),
    ],
)
async def test_a_name_that_is_a_word_of_the_sentence(
    hass: HomeAssistant, home: Home, name: str, language: str, said: str, answer: str
) -> None:
    """It is heard as what it is in the sentence."""
    await async_get_phone_book(hass).async_add({"name": name, "numbers": ["+390655501000"]})
    await hass.async_block_till_done()
    assert await home.say(said, language) == answer


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Call 101", "en"),
        ("Call one zero one", "en"),
        ("Call 1 0 1 please", "en"),
        ("please call 101 from 102", "en"),
        ("Ruf bitte eins null eins an", "de"),
        ("Appelle 101 s'il te plaît", "fr"),
        ("Zavolej 101 prosím", "cs"),
    ],
)
async def test_a_phone_by_its_number(fake: type[FakeProvider], home: Home, said: str, language: str) -> None:
    """The number of a phone is a name as well, also digit by digit, and politely."""
    await home.say(said, language)
    [(request,)] = fake.script.arguments("originate")
    assert (request.extension, request.number) == ("102", "101")


@pytest.mark.parametrize("said", ["Call Jürgen Müller", "Call Jurgen Muller", "Call Juergen Mueller"])
async def test_a_name_from_abroad(hass: HomeAssistant, home: Home, said: str) -> None:
    """Letters that an engine or a keyboard has not are said and typed as others."""
    await async_get_phone_book(hass).async_add({"name": "Jürgen Müller", "numbers": ["+390655501000"]})
    await hass.async_block_till_done()
    assert await home.say(said) == "Calling Jürgen Müller. Pick up Bob, please."


async def test_names_that_are_written_alike(hass: HomeAssistant, home: Home) -> None:
    """Whoever is named as it is written is meant."""
    book = async_get_phone_book(hass)
    for name, number in (("Müller", "+390655501001"), ("Muller", "+390655501002"), ("Mueller", "+390655501003")):
        await book.async_add({"name": name, "numbers": [number]})
    await hass.async_block_till_done()
    for name in ("Müller", "Muller", "Mueller"):
        assert await home.say(f"Call {name}") == f"Calling {name}. Pick up Bob, please."
