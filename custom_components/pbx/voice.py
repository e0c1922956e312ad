"""Voice without a language model: sentences for the built-in assistant, for accounts that allow it.

Each is a sentence trigger of the conversation integration. A trigger's `{name}` matches anything
and a match never falls through to other intents, so the names are listed in the sentences, and
these are registered again when a name changes.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_when_setup
from homeassistant.util.hass_dict import HassKey

from .const import ATTR_CALL_ID, ATTR_CONFIG_ENTRY_ID, ATTR_EXTENSION, ATTR_NUMBER, DOMAIN
from .data import PbxConfigEntry
from .devices import SubjectKind
from .llm import Somebody, allowed_accounts, may_read, people_of, placing_command, shown_party
from .phone_book.collection import async_get_phone_book
from .sentences import SENTENCES, Wish
from .telephony.models import EARLY, Call, CallState, Direction, Party
from .voice_names import alternatives, heard, plain
from .voice_reading import read_call

if TYPE_CHECKING:
    from hassil.recognize import RecognizeResult
    from homeassistant.components.conversation import ConversationInput

DATA_VOICE: HassKey[Voice] = HassKey(f"{DOMAIN}_voice")
CONVERSATION = "conversation"
MOST_NAMES = 200
MOST_TOLD = 5

type Answer = Callable[[Words, str, Context], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of the answers, in the language of whoever asks."""

    texts: dict[str, str]

    def say(self, key: str, **values: str) -> str:
        """Return an answer with what it is about."""
        text = self.texts.get(f"component.{DOMAIN}.common.voice_{key}", "")
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


class Voice:
    """The sentences that are registered, and what is done when one is said."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start without sentences."""
        self._hass = hass
        self._registered: dict[Wish, tuple[tuple[str, ...], CALLBACK_TYPE]] = {}
        self._answers: dict[Wish, Answer] = {
            Wish.CALL: self._async_call,
            Wish.CALLING: partial(self._async_who, early=True),
            Wish.ON_THE_PHONE: partial(self._async_who, early=False),
            Wish.HOLD: partial(self._async_control, action="hold", states={CallState.TALKING}),
            Wish.HANG_UP: partial(self._async_control, action="hangup", states=set(CallState)),
            Wish.MISSED: self._async_missed,
            Wish.LOG_IN: self._async_log_in,
        }

    @callback
    def async_update(self) -> None:
        """Register the sentences that are right now, and take back those that are not."""
        if CONVERSATION not in self._hass.config.components:
            return
        # The assistant is no dependency: a house without it has phones all the same.
        from homeassistant.components.conversation.agent_manager import (  # noqa: PLC0415
            get_agent_manager,
        )

        manager = get_agent_manager(self._hass)
        for wish in Wish:
            sentences = self._sentences(wish)
            known, remove = self._registered.get(wish, ((), _nothing))
            if known == sentences:
                continue
            remove()
            self._registered.pop(wish, None)
            if sentences:
                said = partial(self._async_said, wish)
                added = manager.register_trigger(list(sentences), said)
                self._registered[wish] = (sentences, added)

    def _sentences(self, wish: Wish) -> tuple[str, ...]:
        """Return the sentences for a wish in all languages; none while no account allows them.

        Who is on the phone is asked of every account: Home Assistant itself would say that nobody
        is, whoever talks.
        """
        if not allowed_accounts(self._hass) and not (
            wish is Wish.ON_THE_PHONE and self._hass.config_entries.async_loaded_entries(DOMAIN)
        ):
            return ()
        whom = self._whom()
        phones = [who.name for who in whom if who.extension]
        if wish is Wish.CALL and not phones:
            return ()
        names = [who.name for who in whom]
        return tuple(
            text.replace("<phones>", alternatives(phones, language)).replace(
                "<names>", alternatives(names, language)
            )
            for language, wishes in SENTENCES.items()
            for text in wishes[wish]
        )

    def _whom(self) -> list[Somebody]:
        """Return whom the accounts may call: phones, the option's list, and the phone book.

        Phones come by their numbers as well.
        """
        found: list[Somebody] = []
        numbers: list[Somebody] = []
        for entry in allowed_accounts(self._hass):
            if not placing_command(entry):
                continue
            people = list(people_of(entry))
            found += people
            numbers += (who._replace(name=who.number) for who in people if who.extension)
            for one in async_get_phone_book(self._hass).entries:
                if one.callable_numbers:
                    number = one.callable_numbers[0].number
                    found.append(
                        Somebody(entry=entry, name=one.label, number=number, extension=False)
                    )
        return [who for who in (*found, *numbers) if plain(who.name)][:MOST_NAMES]

    async def _async_said(
        self, wish: Wish, user_input: ConversationInput, _result: RecognizeResult
    ) -> str:
        """Do what somebody said, with that user's rights; return the answer."""
        words = await _async_words(self._hass, user_input.language)
        try:
            return await self._answers[wish](words, user_input.text, user_input.context)
        except Unauthorized:
            return words.say("not_allowed")
        except HomeAssistantError as err:
            return str(err)

    # -- asking ------------------------------------------------------------------------------------

    async def _readable(self, context: Context) -> list[PbxConfigEntry]:
        """Return the accounts whose calls a user may see; raise Unauthorized for none."""
        entries = allowed_accounts(self._hass)
        found = [entry for entry in entries if await may_read(self._hass, context, entry)]
        if entries and not found:
            raise Unauthorized(context)
        return found

    async def _async_who(self, words: Words, _text: str, context: Context, *, early: bool) -> str:
        """Say who calls, or who is on the phone."""
        told: list[str] = []
        for entry in await self._readable(context):
            coordinator = entry.runtime_data.coordinator
            if not coordinator.calls_known:
                told.append(words.say("unknown", account=entry.title))
            calls = coordinator.data.calls.values()
            told += (_told(words, entry, call) for call in calls if not early or _rings(call))
        if not told:
            told = await self._closed(words, context)
        if told:
            return " ".join(told[:MOST_TOLD])
        return words.say("nobody_calls" if early else "nobody")

    async def _closed(self, words: Words, context: Context) -> list[str]:
        """Return that some accounts tell nothing: nobody is said to be on the phone for that."""
        entries: list[PbxConfigEntry] = self._hass.config_entries.async_loaded_entries(DOMAIN)
        allowed = allowed_accounts(self._hass)
        closed = [entry for entry in entries if entry not in allowed]
        found = [entry for entry in closed if await may_read(self._hass, context, entry)]
        if closed and not found and not allowed:
            raise Unauthorized(context)
        return [words.say("closed", account=entry.title) for entry in found]

    async def _async_missed(self, words: Words, _text: str, context: Context) -> str:
        """Say how many calls were missed, and from whom the last ones were."""
        count, names = 0, dict[str, None]()
        for entry in await self._readable(context):
            data = entry.runtime_data
            missed = data.coordinator.data.missed
            count += missed
            for call in data.recent.newest(min(missed, MOST_TOLD), missed=True):
                party = Party(name=call.name, number=call.number)
                names[data.coordinator.wording.party(party) or words.say("hidden")] = None
        if not count:
            return words.say("none_missed")
        return words.say("missed", count=str(count), names=", ".join(list(names)[:MOST_TOLD]))

    # -- doing -------------------------------------------------------------------------------------

    async def _async_call(self, words: Words, text: str, context: Context) -> str:
        """Call somebody from the phone that was named, else from the user's own or the only one."""
        whom = self._whom()
        names = heard(text, {who.name for who in whom})
        others = [who for who in whom if who.name in names]
        phones = [who for who in others if who.extension]
        reading = None
        if len(names) > 1:
            reading = read_call(text, names, dict.fromkeys(who.name for who in phones))
        if reading is not None:
            others = [who for who in others if who.name == reading[0]]
            phones = [who for who in phones if who.name == reading[1]]
            phones = phones or await self._own_phones(whom, context, {who.number for who in others})
        elif len({who.name for who in others}) > 1 and phones:
            # Who is named last calls, in every language: "call Bob from Ann".
            phone = max(phones, key=lambda who: names[who.name])
            others = [who for who in others if who.name != phone.name]
            phones = [phone]
        else:
            phones = await self._own_phones(whom, context, {who.number for who in others})
        pairs = {
            (who.entry.entry_id, phone.number, who.number): (phone, who)
            for phone in phones
            for who in others
            if phone.entry is who.entry and phone.number != who.number
        }
        if not pairs:
            return words.say("which_phone")
        if len(pairs) > 1:
            return words.say("which_one")
        [(phone, who)] = pairs.values()
        phone.entry.runtime_data.guard.check_number(who.number, by_person=False)
        data = {
            ATTR_CONFIG_ENTRY_ID: phone.entry.entry_id,
            ATTR_EXTENSION: phone.number,
            ATTR_NUMBER: who.dialled,
        }
        await self._hass.services.async_call(
            DOMAIN, placing_command(phone.entry), data, blocking=True, context=context
        )
        return words.say("calling", name=who.name, phone=phone.name or phone.number)

    async def _own_phones(
        self, whom: Iterable[Somebody], context: Context, called: set[str]
    ) -> list[Somebody]:
        """Return the phones of the user's name, else the only other phone; else none."""
        phones = [who for who in whom if who.extension and who.number not in called]
        user = None
        if context.user_id is not None:
            user = await self._hass.auth.async_get_user(context.user_id)
        if user is not None and user.name:
            own = [who for who in phones if plain(who.name) == plain(user.name)]
            if own:
                return own
        only = len({(phone.entry.entry_id, phone.number) for phone in phones}) == 1
        named = [phone for phone in phones if phone.name != phone.number]
        return (named or phones) if only else []

    async def _async_control(
        self, words: Words, _text: str, context: Context, *, action: str, states: set[CallState]
    ) -> str:
        """Do something with the one call that is up."""
        found = [
            (entry, call)
            for entry in await self._readable(context)
            for call in entry.runtime_data.coordinator.data.calls.values()
            if call.state in states
        ]
        if not found:
            return words.say("no_call")
        if len(found) > 1:
            return words.say("several_calls")
        [(entry, call)] = found
        data = {ATTR_CONFIG_ENTRY_ID: entry.entry_id, ATTR_CALL_ID: call.id}
        await self._hass.services.async_call(DOMAIN, action, data, blocking=True, context=context)
        return words.say("done")

    async def _async_log_in(self, words: Words, _text: str, context: Context) -> str:
        """Log in the agent of the user's name, else the only one."""
        user = None
        if context.user_id is not None:
            user = await self._hass.auth.async_get_user(context.user_id)
        agents = [
            subject
            for entry in await self._readable(context)
            for subject in entry.runtime_data.devices.subjects.values()
            if subject.kind is SubjectKind.AGENT
        ]
        if user is not None and user.name:
            wanted = plain(user.name)
            own = [agent for agent in agents if plain(agent.device.name or "") == wanted]
            agents = own or agents
        if len(agents) != 1:
            return words.say("which_agent")
        data = {"device_id": [agents[0].device.id]}
        await self._hass.services.async_call(
            DOMAIN, "agent_login", data, blocking=True, context=context
        )
        return words.say("logged_in", name=agents[0].device.name or "")


@callback
def async_setup_voice(hass: HomeAssistant) -> None:
    """Register the sentences once the assistant is there, and whenever the phone book changes."""
    voice = hass.data[DATA_VOICE] = Voice(hass)

    async def async_ready(_hass: HomeAssistant, _component: str) -> None:
        """Register what is right by now."""
        voice.async_update()

    async def async_changed(_changes: Iterable[object]) -> None:
        """Register the names that are right now."""
        voice.async_update()

    @callback
    def is_renamed(data: dr.EventDeviceRegistryUpdatedData) -> bool:
        """Return whether a person gave a device another name."""
        return data["action"] == "update" and "name_by_user" in data["changes"]

    @callback
    def async_renamed(_event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        """Register the names that are right now."""
        voice.async_update()

    hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, async_renamed, event_filter=is_renamed)
    async_when_setup(hass, CONVERSATION, async_ready)
    async_get_phone_book(hass).async_add_change_set_listener(async_changed)


@callback
def async_update_voice(hass: HomeAssistant) -> None:
    """Register the sentences that are right now."""
    hass.data[DATA_VOICE].async_update()


async def _async_words(hass: HomeAssistant, language: str) -> Words:
    """Return the answers in a language, or in the one that has them nearest to it."""
    known = {each.partition("-")[0]: each for each in SENTENCES}
    nearest = language if language in SENTENCES else known.get(language.partition("-")[0], "en")
    return Words(texts=await async_get_translations(hass, nearest, "common", {DOMAIN}))


def _told(words: Words, entry: PbxConfigEntry, call: Call) -> str:
    """Return what one call is doing."""
    caller = shown_party(entry, call.caller) or words.say("somebody")
    if call.caller.hidden:
        caller = words.say("hidden")
    extensions = entry.runtime_data.coordinator.data.extensions
    phones = [
        extensions[number].name or number
        for number in call.extensions
        if number in extensions and number != call.caller.number
    ]
    callee = ", ".join(phones) or shown_party(entry, call.callee) or words.say("somebody")
    if call.direction is Direction.OUTGOING:
        callee = shown_party(entry, call.callee) or words.say("somebody")
    key = {CallState.TALKING: "talks", CallState.ON_HOLD: "holds"}.get(call.state, "calls")
    return words.say(key, caller=caller, callee=callee)


def _rings(call: Call) -> bool:
    """Return whether somebody is calling and was not answered yet."""
    return call.state in EARLY and call.direction is not Direction.OUTGOING


@callback
def _nothing() -> None:
    """Take nothing back."""
