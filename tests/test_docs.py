"""The documentation: every example runs, every table says what the code says, every link leads somewhere."""

import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import voluptuous as vol
from homeassistant.components import conversation, logger, recorder
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import async_capture_events, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx import condition, forms, services, trigger
from custom_components.pbx.const import CONF_MESSAGE_NUMBER, DOMAIN, EVENT_PBX, PLATFORMS
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.voipat.api import ENTERPRISE
from custom_components.pbx.services import action as services_action
from custom_components.pbx.services import target as targets
from custom_components.pbx.telephony.events import FIELDS
from custom_components.pbx.telephony.models import Capability, EventType

from .fake_provider import FakeProvider, async_set_up, fake_config_entry
from .house import House, living
from .stories import ANNA, OTHERS, STORIES, Play, agent_button, fax, joins, message, miss, read_again, voicemail
from .wishes import WISHES, FakeSwitch

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "info.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = json.loads((ROOT / "custom_components" / "pbx" / "translations" / "en.json").read_text(encoding="utf-8"))
FENCE = re.compile(
    r"^(?:<!-- run: (?P<marks>[\w ]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
NO = "\N{EN DASH}"
NAMES = {key: kind.name.removesuffix(" PBX") for key, kind in PROVIDERS.items()}

type Json = Any

pytestmark = pytest.mark.usefixtures("socket_enabled")


# -- reading -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Example:
    """A block of YAML; `marks` say where it runs, and `after` is the text that follows."""

    page: str
    line: int
    heading: str
    marks: tuple[str, ...]
    text: str
    after: str

    @property
    def content(self) -> Any:
        """What it says."""
        return parse_yaml(self.text)

    @property
    def alias(self) -> str:
        """How an automation is called; empty for anything else."""
        content = self.content
        return content.get("alias", "") if isinstance(content, dict) else ""

    def __str__(self) -> str:
        """Name it in the tests' output."""
        return self.alias or f"{self.page}:{self.line}"


def page(name: str) -> str:
    """Read a page of the folder."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def examples() -> Iterator[Example]:
    """List all blocks of YAML."""
    for file in PAGES:
        text = file.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            if found["language"] == "yaml":
                yield Example(
                    page=str(file.relative_to(ROOT)),
                    line=text.count("\n", 0, found.start()) + 1,
                    heading=re.findall(r"^#+ (.+)$", "# \n" + text[: found.start()], re.MULTILINE)[-1],
                    marks=tuple((found["marks"] or "").split()),
                    text=found["text"],
                    after=text[found.end() : found.end() + 12_000],
                )


def section(text: str, heading: str) -> str:
    """Give what stands below a heading, up to the next one of its kind or above."""
    level = heading.partition(" ")[0]
    start = text.index(f"{heading}\n") + len(heading)
    end = re.compile(rf"^#{{1,{len(level)}}} ", re.MULTILINE).search(text, start)
    return text[start : end.start() if end else len(text)]


def table(text: str) -> list[list[str]]:
    """Read the first table of a text, without its heading."""
    rows = re.search(r"^\|.*\n\|[-| :]+\|\n((?:\|.*\n?)+)", text, re.MULTILINE)
    assert rows is not None
    return [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows[1].splitlines()]


def codes(cell: str) -> list[str]:
    """List what is written as code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


EXAMPLES = list(examples())
WANTED = [example for example in EXAMPLES if example.page == "docs/i_want_to.md"]
ACTIONS = [example for example in EXAMPLES if example.page == "docs/actions.md"]
BOOK = [example for example in EXAMPLES if example.page == "docs/phone_book.md"]
AUTOMATIONS = [example for example in EXAMPLES if example.alias and example not in WANTED]
CARDS = [
    example
    for example in EXAMPLES
    if "card" in example.marks and "asterisk" not in example.marks and example not in WANTED
]
LAB_CARDS = [example for example in EXAMPLES if example.marks == ("asterisk", "card")]  # run at the real one
CONFIGURATION = [example for example in EXAMPLES if example.marks == ("configuration",)]
BEFORE = [example for example in EXAMPLES if example.marks == ("before",)]
SENTENCES = [example for example in EXAMPLES if example.marks[1:] in (("sentences",), ("intents",))]


def test_nothing_is_left_out() -> None:
    """Every example belongs to a group that is run."""
    groups = (ACTIONS, BOOK, AUTOMATIONS, CARDS, LAB_CARDS, CONFIGURATION, BEFORE, SENTENCES, WANTED)
    assert sum(len(group) for group in groups) == len(EXAMPLES)
    assert sorted(example.alias for example in AUTOMATIONS) == sorted(STORIES)


# -- actions -----------------------------------------------------------------------------------------


async def stage(house: House, scene: str) -> dict[str, Any]:
    """Let happen what an example presupposes; give the variables it uses."""
    simulator = house.simulator
    match scene:
        case "ringing":
            await house.ring(name="Bakery Schmidt")
        case "talking" | "held":
            call = await house.ring(name="Bakery Schmidt")
            await house.answer(call)
            if scene == "held":
                await simulator.hold(call, house.anna)
            await house.coordinator.async_refresh()
        case "finished" if house.provider == "voxloud":
            simulator.past_call(house.caller, house.anna, ago=600, duration=245)
        case "finished":
            call = await house.ring(name="Bakery Schmidt")
            await house.answer(call)
            await house.hang_up(call)
        case "paused":
            await simulator.agent_pause("1000")
        case "served":
            queue = simulator.queues["podpora"]
            queue.completed, queue.abandoned, queue.within_level = 57, 4, 52
        case "recorded":
            assert str(await simulator.add_record()) == "10000"
    return there(simulator, scene)


def there(simulator: Any, scene: str) -> dict[str, Any]:
    """Give the variables of an example for what the phone system has without anything happening."""
    match scene:
        case "click_to_call":
            return {"click_to_call_id": simulator.add_click_to_call("reception", "101", "+390655501000").id}
        case "contact":
            return {"contact_id": next(iter(simulator.contacts.values())).id}
    return {}


async def run(hass: HomeAssistant, example: Example, variables: dict[str, Any]) -> dict[str, Any]:
    """Run an action as a script does; give its response, empty where there is none."""
    content = example.content
    name = content["action"].partition(".")[2]
    steps: list[dict[str, Any]] = [content]
    if hass.services.supports_response(DOMAIN, name) is not SupportsResponse.NONE:
        steps = [{**content, "response_variable": "answer"}, {"stop": "Done", "response_variable": "answer"}]
    script = Script(hass, cv.SCRIPT_SCHEMA(steps), "Example", DOMAIN)
    result = await script.async_run(variables, Context())
    assert result is not None
    return dict(result.service_response or {})


def shape(value: Json, *, open_keys: bool = False) -> Json:
    """Reduce a response to its keys and types; what the phone system's own answer holds is open."""
    match value:
        case dict():
            return "open" if open_keys else {key: shape(one, open_keys=key == "raw") for key, one in value.items()}
        case list():
            return [shape(one) for one in value[:1]]
        case str():
            return "text"
        case bool() | None:
            return type(value).__name__
        case _:
            return "number"


def told(example: Example) -> Json:
    """Give the response that is told to an example."""
    found = re.match(r"\s*Response:\n\n```json\n(.*?)^```$", example.after, re.MULTILINE | re.DOTALL)
    return json.loads(found[1]) if found else {}


# What sends nothing to the phone system before it is over.
SILENT = {"pbx.get_calls", "pbx.notify_about_call", "pbx.rotate_address"}


@pytest.mark.parametrize("example", ACTIONS, ids=lambda example: example.content["action"])
async def test_action(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    expected_warnings: list[str],
    example: Example,
) -> None:
    """An action is carried out as its page says: the phone system gets a request, and the response has these fields."""
    provider, scene, *more = example.marks
    async with living(hass, provider, hass_client_no_auth) as house:
        variables = await stage(house, scene)
        before = len(house.simulator.requests)
        if more == ["refused"]:
            expected_warnings.append("cannot do this with this account")
            with pytest.raises(ServiceValidationError, match="cannot do this"):
                await run(hass, example, variables)
            return
        answer = await run(hass, example, variables)

        assert len(house.simulator.requests) > before or example.content["action"] in SILENT
        await hass.async_block_till_done()  # another address loads the account anew
        documented = shape(told(example))
        if "members" in documented:
            documented["members"] = shape(answer["members"])  # the ids of subentries are its keys
        assert shape(answer) == documented


def honored(action: services_action.Action, name: str) -> list[str]:
    """List the phone systems that honor a field of an action."""
    able = [key for key, kind in PROVIDERS.items() if action.needs in kind.possible]
    if name in action.own | targets.TARGET_FIELDS:
        return able
    return [key for key in able if name in PROVIDERS[key].fields.get(action.needs, frozenset())]


@pytest.mark.parametrize("action", services.ACTIONS, ids=lambda action: action.name)
def test_action_is_described(action: services_action.Action) -> None:
    """The page tells who can carry out an action, and of each field whether it is required and who honors it."""
    text = section(page("actions"), f"### pbx.{action.name}")
    able = [NAMES[key] for key, kind in PROVIDERS.items() if action.needs in kind.possible]
    assert f"\nProviders: {', '.join(able) or 'none'}.\n" in text

    common = {"config_entry_id", "entity_id", "device_id", "area_id", "floor_id", "label_id"}
    if "entity_id" in action.fields:
        common |= {"call_id", "expected_state"}
    expected = {}
    for marker in action.fields:
        if (name := str(marker)) not in common:
            names = [NAMES[key] for key in honored(action, name)]
            word = "all" if names == able and able else ", ".join(names) or "none"
            expected[name] = ["yes" if isinstance(marker, vol.Required) else "no", word]
    rows = table(text) if expected else []
    assert {codes(row[0])[0]: [row[1], row[3]] for row in rows} == expected


def test_actions_are_complete() -> None:
    """There is no action without a description, and none that does not exist."""
    headings = re.findall(r"^### pbx\.(\w+)$", page("actions"), re.MULTILINE)
    assert sorted(headings) == sorted(action.name for action in services.ACTIONS)
    assert [example.content["action"] for example in ACTIONS] == [f"pbx.{name}" for name in headings]


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("mute", {"entity_id": "sensor.anna_keller_101_call_state"}),
        ("click_to_call", {"extension": "101", "number": "102", "dial_first": "contact"}),
        ("originate", {"extension": "101", "number": "what?"}),
        ("originate", {"extension": "999", "number": "102"}),
        ("hold", {"entity_id": "sensor.anna_keller_101_call_state"}),
        ("hold", {"call_id": "gone"}),
        ("hold", {"entity_id": "sensor.luca_rossi_102_call_state", "expected_state": "ringing"}),
    ],
)
async def test_errors(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, action: str, data: dict[str, Any]
) -> None:
    """What goes wrong is worded as the page says."""
    messages = re.findall(r"\*([^*|]+)\*", section(page("actions"), "## Errors"))
    async with living(hass, "voipat", hass_client_no_auth) as house:
        call = await house.ring("102")
        await house.answer(call, "102")
        with pytest.raises(ServiceValidationError) as error:
            await hass.services.async_call(DOMAIN, action, data, blocking=True)
        said = str(error.value)
        assert any(re.fullmatch(re.escape(text.rstrip(".")).replace("…", ".+"), said) for text in messages), said


@pytest.mark.parametrize("text", re.findall(r"\*([^*|]+)\*", section(page("actions"), "## Errors")))
def test_error_exists(text: str) -> None:
    """Every message of the page is one of ours."""
    patterns = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(found["message"])) for found in TEXTS["exceptions"].values()]
    assert any(re.fullmatch(pattern, text) for pattern in patterns)


async def test_phone_book(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Its actions are carried out as its page says, one after the other."""
    async with living(hass, "voipat", hass_client_no_auth):
        await hass.config.async_update(country="DE")
        await hass.async_block_till_done()  # the account is set up anew
        for example in BOOK:
            assert await run(hass, example, {}) == told(example), example


def test_actions_of_the_phone_book_are_complete() -> None:
    """Every one is described with its fields, and none that does not exist."""
    headings = re.findall(r"^### pbx\.(\w+)$", page("phone_book"), re.MULTILINE)
    assert headings == [action.name for action in services.HOUSE_ACTIONS]
    for action in services.HOUSE_ACTIONS:
        rows = table(section(page("phone_book"), f"### pbx.{action.name}"))
        assert {codes(row[0])[0]: row[1] for row in rows} == {
            str(marker): "yes" if isinstance(marker, vol.Required) else "no" for marker in action.fields
        }


# -- automations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", AUTOMATIONS, ids=str)
async def test_automation(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, example: Example) -> None:
    """An automation does what its text promises when it happens, and nothing before."""
    story = STORIES[example.alias]
    async with living(hass, example.marks[0], hass_client_no_auth) as house:
        house.mock(*OTHERS)
        for entity_id, state in story.states.items():
            hass.states.async_set(entity_id, state)
        assert await async_setup_component(hass, "automation", {"automation": example.content})
        assert [state.state for state in hass.states.async_all("automation")] == ["on"]

        actions = [action for action, _ in story.does]
        if story.at_first is not None:
            await story.at_first(house)
            await house.settle()
            assert [action for action in actions if house.requested(action)] == []
            for call in house.simulator.truth():
                await house.hang_up(call.call_id)
        await story.plot(house)
        for action, data in story.does:
            await house.until(partial(house.requested, action), action)
            assert data.items() <= house.requested(action)[-1].items()
        await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.mark.parametrize("example", BEFORE, ids=str)
async def test_automation_to_be_rewritten(hass: HomeAssistant, example: Example) -> None:
    """What other integrations' users have is at least an automation."""
    content = example.content
    assert cv.SCRIPT_SCHEMA(content["actions"])
    assert cv.TRIGGER_SCHEMA(content["triggers"])


# -- wishes ------------------------------------------------------------------------------------------


@asynccontextmanager
async def at_home(
    hass: HomeAssistant, marks: tuple[str, ...], client: ClientSessionGenerator, fake: type[FakeProvider]
) -> AsyncIterator[House]:
    """Set an account up, also at a phone system that can do whatever an Asterisk can."""
    if marks[0] != "fake":
        options = {CONF_MESSAGE_NUMBER: "+447700900001"} if marks[0] == "voipstudio" else {}
        async with living(hass, marks[0], client, options=options, node="node" in marks) as house:
            yield house
        return
    everything = frozenset(str(field) for action in services.ACTIONS for field in action.fields)
    fake.fields = dict.fromkeys(Capability, everything)
    events, requests = async_capture_events(hass, EVENT_PBX), async_capture_events(hass, EVENT_CALL_SERVICE)
    entry = fake_config_entry()
    await async_set_up(hass, entry)
    switch = FakeSwitch(fake.script, entry.runtime_data.coordinator)
    yield House(hass=hass, simulator=switch, entry=entry, events=events, asked=requests)


async def begin(hass: HomeAssistant, example: Example) -> None:
    """Load an example, and run it if it is a script."""
    content = example.content
    if "triggers" in content:
        assert await async_setup_component(hass, "automation", {"automation": content})
        assert [state.state for state in hass.states.async_all("automation")] == ["on"]
    elif "sequence" in content:
        assert await async_setup_component(hass, "script", {"script": {"wish": content}})
        await hass.services.async_call("script", "wish", blocking=True)
    else:
        assert await async_setup_component(hass, "template", content)


@pytest.mark.parametrize("expected_lingering_timers", [True])  # a template that is updated now and then
@pytest.mark.parametrize("example", [one for one in WANTED if "card" not in one.marks], ids=lambda one: one.heading)
async def test_wish(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    fake: type[FakeProvider],
    expected_warnings: list[str],
    example: Example,
) -> None:
    """An example does what its heading wishes, at the phone system too, and nothing before it is time."""
    # An hour that is over at once is over for a request that is under way as well.
    expected_warnings.append(r"^ERROR custom_components\.pbx: Error fetching Office data: .* cannot be reached")
    story = WISHES[example.heading]
    for component in ("homeassistant", "conversation", "media_source"):
        assert await async_setup_component(hass, component, {})
    await hass.config.async_update(country="GB" if "voipstudio" in example.marks else "DE")
    async with at_home(hass, example.marks, hass_client_no_auth, fake) as house:
        house.mock(*OTHERS)
        for entity_id, state in story.states.items():
            hass.states.async_set(entity_id, state)
        await story.before(house)
        await begin(hass, example)
        if story.at_first is not None:
            await story.at_first(house)
            await house.settle()
            assert [action for action, _ in story.does if house.requested(action)] == []
            for call in house.simulator.truth():
                await house.hang_up(call.call_id)
        await story.plot(house)
        for action, _data in story.does:
            await house.until(partial(house.requested, action), action)
        await house.until(
            lambda: all(data.items() <= house.requested(action)[-1].items() for action, data in story.does),
            f"{story.does} and not {house.asked}",
        )
        await house.until(partial(story.then, house), "what becomes of it")
        for domain in {"automation", "script"} & set(hass.config.components):
            await hass.services.async_call(domain, "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.mark.usefixtures("call_entities")
@pytest.mark.parametrize("example", [one for one in WANTED if "card" in one.marks], ids=lambda one: one.heading)
async def test_wish_on_a_dashboard(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, example: Example
) -> None:
    """A card of the page shows entities that exist, and the caller; one of ours has settings that it knows."""
    async with living(hass, example.marks[0], hass_client_no_auth) as house:
        await house.hang_up(await house.ring(name="Bakery Schmidt"))
        content = example.content
        entities = set(re.findall(r"\b(?:sensor|button|switch|event|binary_sensor)\.\w+", example.text))
        assert {entity for entity in entities if hass.states.get(entity) is None} == set()
        if "content" in content:
            assert "Bakery Schmidt" in str(Template(content["content"], hass).async_render())
        if content["type"].startswith("custom:"):
            cards = {codes(row[1])[0]: row[2] for row in table(section(page("dashboards"), "## The cards"))}
            assert set(content) - {"type"} <= set(codes(cards[content["type"]]))
        else:
            assert entities


def test_wishes_are_answered() -> None:
    """Each wish has an example or a reason, almost all of them an example."""
    text = page("i_want_to")
    wishes = re.findall(r"^### (.+)$", text, re.MULTILINE)
    shown = [example.heading for example in WANTED]
    refused = [wish for wish in wishes if "Not possible, because" in section(text, f"### {wish}")]
    assert sorted([*shown, *refused]) == sorted(wishes)
    assert len(set(wishes)) == len(wishes)
    assert (len(wishes), len(refused)) == (62, 5)
    cards = {example.heading for example in WANTED if "card" in example.marks}
    assert set(WISHES) == set(shown) - cards


# -- the rest of the examples ------------------------------------------------------------------------


@pytest.mark.usefixtures("call_entities")
@pytest.mark.parametrize("example", CARDS, ids=str)
async def test_card(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, example: Example) -> None:
    """A card shows entities that exist, calls actions that exist, and its templates give something."""
    dial = {"name": "Call the bakery", "extension": "101", "number": ANNA}
    async with living(hass, example.marks[0], hass_client_no_auth, speed_dials=[dial]) as house:
        await house.ring(name="Bakery Schmidt")
        entities = set(re.findall(r"\b(?:sensor|button|switch|event|binary_sensor)\.\w+", example.text)) - {
            "button.press"
        }
        assert entities
        assert {entity for entity in entities if hass.states.get(entity) is None} == set()
        for action in re.findall(r"perform_action: (\w+)\.(\w+)", example.text):
            assert hass.services.has_service(*action)
        if "content" in example.content:
            text = str(Template(example.content["content"], hass).async_render())
            assert "**Bakery Schmidt** → Anna Keller" in " ".join(text.split())


async def tap(hass: HomeAssistant, card: Json) -> None:
    """Do what a tap on a card does."""
    action = card["tap_action"]
    domain, _, name = action["perform_action"].partition(".")
    await hass.services.async_call(domain, name, action["data"], target=action.get("target"), blocking=True)


PLACING = [example for example in CARDS if "perform_action: pbx.originate" in example.text]
PLACING += [example for example in CARDS if "perform_action: pbx.click_to_call" in example.text]


@pytest.mark.parametrize("example", PLACING, ids=str)
async def test_card_that_places_a_call(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, example: Example
) -> None:
    """A tap on the card places one call, from the extension to the number that the card names."""
    data = example.content["tap_action"]["data"]
    async with living(hass, example.marks[0], hass_client_no_auth) as house:
        await tap(hass, example.content)
        (placed,) = house.simulator.placed
        assert placed.source == data["extension"]
        assert placed.destination.removeprefix("+") == re.sub(r"\D", "", data["number"])


def test_every_phone_system_has_a_card_that_places_a_call() -> None:
    """No phone system is left without an example."""
    assert {example.marks[0] for example in (*PLACING, *LAB_CARDS)} == set(PROVIDERS)


@pytest.mark.parametrize("example", CONFIGURATION, ids=str)
def test_configuration(example: Example) -> None:
    """A piece of configuration is valid."""
    schemas = {"recorder": recorder.CONFIG_SCHEMA, "logger": logger.CONFIG_SCHEMA}
    ((domain, _),) = example.content.items()
    assert schemas[domain](example.content)


async def test_sentences(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, tmp_path: Path) -> None:
    """The built-in assistant places a call, and says who is on the phone."""
    sentences, intents = SENTENCES
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "custom_sentences" / "en"
    folder.mkdir(parents=True)
    (folder / "pbx.yaml").write_text(sentences.text, encoding="utf-8")
    components = ["homeassistant", "conversation"]
    async with living(hass, "voipat", hass_client_no_auth, components=components) as house:
        assert await async_setup_component(hass, "intent_script", intents.content)

        async def say(text: str) -> str:
            result = await conversation.async_converse(hass, text, None, Context(), language="en")
            return str(result.response.speech["plain"]["speech"]).strip()

        assert await say("Who is on the line?") == "Nobody is on the phone."
        assert await say("Call the bakery") == "Pick up, please."
        assert [(call.source, call.destination) for call in house.simulator.placed] == [("101", ANNA)]
        await house.ring("102", caller="+493023125102", name="Dr. Weber")
        assert "Dr. Weber" in await say("Who is on the line?")


# -- what tables say ---------------------------------------------------------------------------------

LABELS = {
    Capability.CALLS: "Active calls",
    Capability.WEBHOOK: "Pushes to a webhook",
    Capability.SUBSCRIPTIONS: "The webhook sets itself up",
    Capability.STREAM: "Pushes over a WebSocket",
    Capability.REGISTRATION: "Registration of phones",
    Capability.DND: "Do not disturb of phones",
    Capability.VOICEMAIL_COUNT: "Number of unread voicemails",
    Capability.RECORDINGS: "Play recordings",
    Capability.VOICEMAILS: "Play voicemail",
    Capability.AGENTS: "Agents",
    Capability.QUEUES: "Queues",
    Capability.QUEUE_FIGURES: "Figures of queues",
    Capability.USER_AGENTS: "You add the agents",
    Capability.USER_QUEUES: "You add the queues",
    Capability.QUEUE_LOGIN: "Agents log in per queue",
    Capability.SET_DND: "Switch do not disturb of phones",
    Capability.FORWARDING: "Forward the calls of phones",
}


def matrix() -> str:
    """Make the table of what each phone system can do."""
    kinds = list(PROVIDERS.values())
    lines = ["| | " + " | ".join(NAMES.values()) + " |", "|---|" + "---|" * len(kinds)]
    for capability in Capability:
        name = str(capability.name).lower()
        label = LABELS.get(capability) or f"[`pbx.{name}`](actions.md#pbx{name})"
        marks = " | ".join("yes" if capability in kind.possible else NO for kind in kinds)
        lines.append(f"| {label} | {marks} |")
    return "\n".join(lines)


def test_matrix() -> None:
    """The table of what each phone system can do is the code's."""
    assert f"<!-- matrix -->\n{matrix()}\n<!-- end of matrix -->" in page("providers")


READ_ME = {
    "Hang up": Capability.HANGUP,
    "Hold and resume": Capability.HOLD,
    "Transfer": Capability.TRANSFER,
    "Answer": Capability.ANSWER,
    "Place a call": Capability.ORIGINATE,
    "Send key presses": Capability.SEND_DTMF,
    "Call and speak a text": Capability.ANNOUNCE,
    "Text messages": Capability.SEND_SMS,
    "Agents": Capability.AGENTS,
    "Play a sound or speak a text at a phone": Capability.PLAY_SOUND,
    "Queues": Capability.QUEUES,
    "Call history": Capability.GET_CALL_HISTORY,
    "Recordings and voicemail": Capability.RECORDINGS | Capability.VOICEMAILS,
    "Contacts": Capability.SEARCH_CONTACTS,
    "Webhook": Capability.WEBHOOK,
}


def test_short_matrix() -> None:
    """The shorter table of the first page agrees."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1:] for row in table(section(text, "## Phone systems"))}
    for label, capability in READ_ME.items():
        able = [capability in kind.possible for kind in PROVIDERS.values()]
        assert [cell != NO for cell in rows[label]] == able, label


def test_intervals() -> None:
    """The times between polls, and the budgets, are the code's."""
    text = section(page("installation"), "## How often is data updated?")
    rows = {row[0].removesuffix(" PBX"): row[1:] for row in table(text)}
    for key, kind in PROVIDERS.items():
        times = kind.intervals
        asked = key != "voxloud"
        assert rows[NAMES[key]] == [
            f"{times.busy} s" if asked else "only pushed",
            f"{times.idle} s" if asked else "only pushed",
            f"{times.pushed} s" if asked and (Capability.STREAM in kind.possible or kind.pushes_every_call) else NO,
            f"{times.directory} s",
        ]
    budgets = {row[0].removesuffix(" PBX"): row[1] for row in table(text[text.index("number of requests:") :])}
    for key, kind in PROVIDERS.items():
        if key == "asterisk":
            continue  # no requests, but one connection
        limits = [*kind.limits, *(ENTERPRISE if key == "voipat" else ())]
        assert re.findall(r"[\d,]+", budgets[NAMES[key]]) == [f"{limit.requests:,}" for limit in limits]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_form(provider: str) -> None:
    """The page of a phone system explains each field of its form, in order."""
    labels = TEXTS["config"]["step"][provider]["data"]
    rows = table(section(page(provider), "## The form"))
    assert [row[0] for row in rows] == [labels[str(marker)] for marker in forms.FORMS[provider].schema]


def test_options() -> None:
    """The page explains each option, where it belongs."""
    labels, text = TEXTS["options"]["step"]["init"]["data"], page("options")
    common = [row[0] for row in table(section(text, "## For all phone systems"))]
    push = [row[0] for row in table(section(text, "## For phone systems with a webhook"))]
    messages = [row[0] for row in table(section(text, "## For phone systems that send text messages"))]
    for key, kind in PROVIDERS.items():
        own = [row[0] for row in table(section(text, f"## {kind.name}"))]
        assert own == [labels[str(marker)] for marker in forms.PROVIDER_OPTIONS[key]]
        shown = {labels[str(marker)] for marker in forms.options_form(kind, {}).schema}
        more = push if Capability.WEBHOOK in kind.possible else []
        more = [*more, *messages] if Capability.SEND_SMS in kind.possible else more
        assert shown == {*common, *own, *more}


def event_types() -> dict[str, list[str]]:
    """Read which phone systems tell which types of event."""
    able = {"all": list(PROVIDERS), "all that push": ["voipat", "voipstudio", "voxloud"]}
    keys = {name: key for key, name in NAMES.items()}
    rows = table(section(page("events"), "## The types of pbx_event"))
    return {
        codes(row[0])[0]: able[row[2]] if row[2] in able else [keys[name] for name in row[2].split(", ")]
        for row in rows
    }


def test_event_types() -> None:
    """The page lists each type of event."""
    assert list(event_types()) == [kind.value for kind in EventType]


def test_event_fields() -> None:
    """The page lists each field that an event may hold, and no other."""
    rows = re.findall(r"^\| (`.+?) \|", section(page("events"), "## The fields"), re.MULTILINE)
    ours = {"config_entry_id", "device_id", "entity_id", "provider", "extension_name"}
    ours |= {"caller_groups", "caller_place", "caller_country"}
    assert {name for row in rows for name in codes(row)} == ours.union(*FIELDS.values())


async def busy_day(house: House) -> None:
    """Let happen whatever this phone system can tell of."""
    simulator, anna, other = house.simulator, house.anna, "1002" if house.provider == "voipstudio" else "102"

    def agrees() -> bool:
        real = {(leg.extension, leg.state) for call in simulator.truth() for leg in call.legs if leg.extension}
        legs = [leg for call in house.coordinator.data.calls.values() for leg in call.legs]
        return real == {(leg.extension, leg.state) for leg in legs if leg.extension and leg.state != "ended"}

    async def look() -> None:
        await house.settle()
        await house.coordinator.async_refresh()
        await house.settle()
        if house.provider == "voipat":  # a list asked for right after an event may be older, and is not believed
            await house.until(agrees, "what the phones do")

    call = await house.ring(name="Bakery Schmidt")
    await house.answer(call)
    await look()
    for verb in (simulator.hold, simulator.resume):
        await verb(call, anna)
        await look()
    if house.provider == "voipat":
        await simulator.start_recording(call)
        await simulator.press(call, anna, "5")
    elif house.provider == "voipstudio":
        await simulator.press(call, "5", anna)
    # Nobody hands a call over within the second in which it was answered, finer than which some times are not told.
    simulator.clock = lambda: time.time() + 2
    transfer = simulator.hand_over if house.provider == "voipstudio" else simulator.transfer
    await transfer(call, anna, other)
    await look()
    await simulator.answer(call, other)
    await look()
    for up in simulator.truth():
        await simulator.hang_up(up.call_id)
        await look()
    await look()
    dialled = await simulator.dial(anna, house.caller)
    await look()
    await simulator.answer(dialled)
    await look()
    await simulator.hang_up(dialled)
    await house.until(lambda: not house.coordinator.data.calls, "the end of the call")
    await miss()(house)
    await OWN_DAYS[house.provider](house)
    await house.settle()
    # What is asked some seconds after a call is asked now.
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=20))


async def voipat_day(house: House) -> None:
    """Log an agent in and out in the browser."""
    await agent_button(house)


async def voipstudio_day(house: House) -> None:
    """Let agents come and go, a message arrive and a recording be finished."""
    for joined in (False, True):
        await joins("601", "1001", joined=joined)(house)
    await house.simulator.wraps_up("601", "1001", "opened")
    await message(house)
    await house.simulator.recording_ready(str(next(call.id for call in house.simulator.ended.values() if call.last)))


async def voipsun_day(house: House) -> None:
    """Let an agent pause, and go and come."""
    simulator = house.simulator
    for verb in (simulator.agent_pause, simulator.agent_unpause, simulator.agent_logout):
        await verb("1000")
        await read_again(house)
    await simulator.agent_login("1000", "102")
    await read_again(house)


async def voxloud_day(house: House) -> None:
    """Let somebody leave a message, and faxes come and go."""
    await voicemail(house)
    await fax(house)
    await house.simulator.fax("+390655501000", "+390655502001", direction="outbound")


OWN_DAYS: Mapping[str, Play] = {
    "voipat": voipat_day,
    "voipstudio": voipstudio_day,
    "voipsun": voipsun_day,
    "voxloud": voxloud_day,
}


@pytest.mark.parametrize("provider", OWN_DAYS)
async def test_events(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str) -> None:
    """A phone system tells all types of event that the page says, and no other."""
    promised = {kind for kind, keys in event_types().items() if provider in keys} - {"unknown", "call_corrected"}
    async with living(hass, provider, hass_client_no_auth) as house:
        await busy_day(house)
        await house.until(lambda: promised <= set(house.told()), f"all of {promised}")

        # A day on which everything is told rightly corrects nothing.
        assert set(house.told()) - {"call_corrected"} == promised


def test_triggers() -> None:
    """The page lists each trigger with its name and its filters, and has an example of each."""
    text = page("triggers-and-conditions")
    rows = table(section(text, "## Triggers"))
    assert {codes(row[0])[0]: row[1] for row in rows} == {
        f"pbx.{key}": TEXTS["triggers"][key]["name"] for key in trigger.TRIGGERS
    }
    groups = {
        "all": set(trigger.TRIGGERS),
        "calls": {
            *("call_incoming", "call_unanswered", "call_answered", "call_missed", "call_ended"),
            *("call_held", "call_resumed", "call_transferred"),
        },
        "messages": {"sms_received", "voicemail_received", "fax_received", "call_record", "recording_ready"},
        "agents": {kind for kind in trigger.TRIGGERS if kind.startswith("agent_")},
        **{f"`{kind}`": {kind} for kind in trigger.TRIGGERS},
    }
    filters = {
        codes(row[0])[0]: set().union(*(groups[part] for part in row[1].split(", ")))
        for row in table(section(text, "### Filters"))
    }
    for key, kind in trigger.TRIGGERS.items():
        assert {name for name, keys in filters.items() if key in keys} == {str(marker) for marker in kind.fields}
        assert f"trigger: pbx.{key}" in section(text, f"### pbx.{key}")


def test_conditions() -> None:
    """The page lists each condition with its name, and has an example of each."""
    text = page("triggers-and-conditions")
    rows = table(section(text, "## Conditions"))
    assert {codes(row[0])[0]: row[1] for row in rows} == {
        f"pbx.{key}": TEXTS["conditions"][key]["name"] for key in condition.CONDITIONS
    }
    for key in condition.CONDITIONS:
        assert f"condition: pbx.{key}" in section(text, f"### pbx.{key}")


@pytest.mark.parametrize("kind", ["triggers", "conditions"])
def test_steps_in_the_editor(kind: str) -> None:
    """Each trigger and condition is shown by clicks too: by its name there, and by the fields of the example."""
    for key, texts in TEXTS[kind].items():
        part = section(page("triggers-and-conditions"), f"### pbx.{key}")
        found = re.search(r"^In the editor: (.+)$", part, re.MULTILINE)
        assert found is not None, key
        assert f"**{texts['name']}**" in found[1]
        used = re.search(rf"{kind.removesuffix('s')}: pbx\.{key}\n(?:.*\n)*?(?= *(?:conditions|actions):)", part)
        assert used is not None, key
        options = re.search(r"options:\n((?: {6,}.*\n)+)", used[0])
        names = re.findall(r"^\s+(\w+):", options[1] if options else "", re.MULTILINE)
        for name in names:
            if name in texts["fields"]:
                assert f"*{texts['fields'][name]['name']}*" in found[1], (key, name)


def test_entities() -> None:
    """The page names each entity with its kind, and no other."""
    listed = {
        (row[1], name)
        for heading in ("Account", "Extension", "Agent", "Queue")
        for row in table(section(page("entities"), f"## {heading}"))
        for name in [
            row[0]
            .replace("Call 1, Call 2 …", "Call {slot}")
            .replace("message to …", "message to {name}")
            .replace("to …", "to {queue}")
        ]
    }
    speed_dial = ("button", "Call")
    known = {
        (platform.replace("_", " "), text["name"])
        for platform in PLATFORMS
        for text in TEXTS["entity"][platform].values()
    }
    assert listed == known - {speed_dial}


def test_issues() -> None:
    """The page tells what to do about each repair issue."""
    titles = {issue["title"].replace("{title}", "…") for issue in TEXTS["issues"].values()}
    rows = table(section(page("troubleshooting"), "## Repair issues"))
    assert {row[0].strip("*") for row in rows} == titles


def test_flow_errors() -> None:
    """The errors of the form that are explained exist."""
    errors = {re.sub(r"{\w+}", "…", text) for text in TEXTS["config"]["error"].values()}
    errors |= set(TEXTS["config"]["abort"].values())
    assert {row[0] for row in table(section(page("installation"), "## Add an account"))} <= errors


def test_blueprints() -> None:
    """Each blueprint has an address and a chapter."""
    text = page("blueprints")
    files = {file.stem for file in (ROOT / "blueprints" / "automation" / "pbx").glob("*.yaml")}
    assert {codes(row[2])[0].rpartition("/")[2] for row in table(text)} == {f"{name}.yaml" for name in files}
    for row in table(text):
        assert quote(codes(row[2])[0], safe="") in row[1]  # what the button imports
    for name in files:
        title = re.search(
            r"^  name: (.+)$", (ROOT / f"blueprints/automation/pbx/{name}.yaml").read_text(), re.MULTILINE
        )
        assert title is not None
        assert f"\n## {title[1]}\n" in text


# -- links -------------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """List what can be linked to on a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links(file: Path) -> None:
    """Every link to a page, a heading or a picture of ours leads there."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (file.parent / name).resolve() if name else file
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_is_linked() -> None:
    """A reader finds every page from another one."""
    texts = {file: file.read_text(encoding="utf-8") for file in PAGES}
    for file in PAGES[2:]:
        link = re.compile(rf"\((?:docs/)?{re.escape(file.name)}[)#]")
        assert any(link.search(text) for other, text in texts.items() if other != file), file.name
