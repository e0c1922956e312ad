"""Automations that a person clicks together in the editor: no YAML, no id and no template is typed; then they run."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import override

import pytest
from playwright.async_api import Locator

from tests.simulators.voipat_wire import Profile

from .accounts import Voipat, Voipsun
from .client import Json
from .house import lived_in, opened
from .process import FULL, until
from .screens import MARKS, Screens

HELPERS = "Helpers"
SWITCH = "Input boolean"
PHONE = ("Devices", "Luca Rossi (102)")
RECEPTION = "Chloé Martin (105)"
BAKERY = "+493023125101"
STRANGER = "+493023125777"
KNOWS_DEVICES = """() => {
    const hass = document.querySelector("home-assistant")?.hass;
    return [hass?.devices, hass?.entities].every((known) => Object.keys(known ?? {}).length);
}"""

pytestmark = MARKS


class Builder(Screens[Voipat]):
    """Somebody who builds automations by clicks alone, in a house with a gate, a bell and a person."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        """Prepare a phone system that tells who pressed which key, and one with agents."""
        self.sun = Voipsun(seed=3)
        account = Voipat(seed=3, auto_answer=0.1, profile=Profile.NODE)
        super().__init__(folder, pictures, account, self.sun, components=(*FULL, "input_boolean", "person", "zone"))

    @override
    async def open(self) -> None:
        """Start everything, and furnish the house."""
        await super().open()
        for account in self.accounts:
            await account.set_up(self.client)
            await account.complete(self.client)
        for name in ("Gate", "Bell", "Night"):
            await self.client.command("input_boolean/create", name=name)
        await self.client.command("person/create", name="Petr", device_trackers=[])
        await self.client.act("pbx.add_to_phone_book", name="Bakery Schmidt", numbers=[BAKERY], groups=["vip"])

    # -- clicks -------------------------------------------------------------------------------------

    async def pick(self, text: str, *, whole: bool = True) -> None:
        """Click the uppermost of what has this text, as a whole or among others."""
        found = self.page.get_by_text(text, exact=whole).filter(visible=True)
        await self._find(found.last, text, lambda seen: seen.click())

    async def add(self, what: str, target: tuple[str, ...], name: str) -> None:
        """Add a trigger, a condition or an action: look for the target in the tree, and pick what is offered there."""
        await self.pick(f"Add {what}")
        await self.page.get_by_placeholder("Search", exact=True).last.wait_for()
        for branch in target:
            await (self.open_helpers() if branch == HELPERS else self.pick(branch))
        await self.pick(name, whole=False)
        await self.page.get_by_placeholder("Search", exact=True).last.wait_for(state="hidden")

    async def open_helpers(self) -> None:
        """Open the branch with the helpers, which are among the entities until the page has heard of their kind."""
        await self.pick("Entities")
        helpers, kind = (self.page.get_by_text(text, exact=True).filter(visible=True) for text in (HELPERS, SWITCH))
        await helpers.or_(kind).first.wait_for()
        if not await kind.count():
            await helpers.last.click()

    def field(self, name: str) -> Locator:
        """Find a field of what was added."""
        named = self.page.get_by_text(name, exact=True)
        return self.page.locator("ha-settings-row").filter(has=named).filter(visible=True).last

    async def choose(self, field: str, option: str) -> None:
        """Tick a field, open its list, and pick from it."""
        row = self.field(field)
        if await row.locator("ha-checkbox").count():
            await row.locator("ha-checkbox").first.click()
        await row.locator("ha-selector ha-picker-field, ha-selector ha-generic-picker").first.click()
        await self.pick(option)

    async def save(self) -> str:
        """Save the automation under the name that it has anyway; return its entity."""
        known = {state["entity_id"] for state in await self.automations()}
        save = self.page.get_by_role("button", name="Save").filter(visible=True)
        await save.last.click()
        await self.page.get_by_text("Add description").last.wait_for()
        await save.last.click()

        async def made() -> str | None:
            new = [state["entity_id"] for state in await self.automations() if state["entity_id"] not in known]
            return new[0] if new else None

        entity_id = str(await until(made, "the automation", 20))
        await self.client.wait_state(entity_id, "on")
        return entity_id

    async def begin(self) -> None:
        """Open the editor; nothing that was built before may take part in what comes."""
        for state in await self.automations():
            await self.client.act("automation.turn_off", entity=state["entity_id"])
        for call in self.account.simulator.truth():
            await self.account.simulator.hang_up(call.call_id)
        await self.all_idle()
        await self.sit_down()  # anew, for the last page may still be on its way to what was saved
        await self.go("/config/automation/edit/new")
        await self.page.wait_for_function(KNOWS_DEVICES)  # a dialog makes its tree once, of what the page knows then

    # -- what comes of it ---------------------------------------------------------------------------

    async def automations(self) -> list[Json]:
        """List the automations."""
        states = await self.client.get("/api/states")
        return [state for state in states if state["entity_id"].startswith("automation.")]

    async def ring(self, caller: str = BAKERY, name: str = "Bakery Schmidt") -> str:
        """Let somebody call the phone, as far as Home Assistant knows of it."""
        before = len(self.events.of(type="call_incoming"))
        call = await self.account.simulator.ring(caller, "102", name=name)

        async def told() -> bool:
            return len(self.events.of(type="call_incoming")) > before

        await until(told, "the call", 15)
        return call

    async def notices(self) -> list[str]:
        """List what the notifications say."""
        return [one["message"] for one in await self.client.command("persistent_notification/get")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Keep a house with two phone systems; neither it nor the browser may complain of the integration."""
    with opened(Builder(tmp_path_factory.mktemp("builder"), tmp_path_factory.mktemp("pictures"))) as builder:
        yield builder


@lived_in
async def test_known_caller_is_announced(house: Builder) -> None:
    """Call for a phone from a known contact: a notification with the name."""
    await house.begin()
    await house.add("trigger", PHONE, "Call came in")
    await house.pick("Known caller")
    await house.add("action", PHONE, "Notify about the call")
    await house.save()

    await house.account.simulator.hang_up(await house.ring(STRANGER, name=""))
    await house.all_idle()
    await house.ring()

    async def told() -> bool:
        return await house.notices() == ["Bakery Schmidt calls Luca Rossi"]

    await until(told, "the notification", 15)


@lived_in
async def test_missed_call_is_called_back(house: Builder) -> None:
    """A missed call: the phone that missed it calls back."""
    sim = house.account.simulator
    await house.begin()
    await house.add("trigger", PHONE, "Call was missed")
    await house.add("action", PHONE, "Call back")
    await house.save()

    before = len(sim.placed)
    await sim.hang_up(await house.ring())

    async def placed() -> list[tuple[str, str]] | None:
        return [(call.source, call.destination[-9:]) for call in sim.placed[before:]] or None

    assert await until(placed, "the call back", 15) == [("102", BAKERY[-9:])]


@lived_in
async def test_who_leaves_home_is_logged_out(house: Builder) -> None:
    """A person leaves home: the agent is logged out at the phone system."""
    agent = next(agent for agent in house.sun.simulator.agents.values() if agent.full_name == "Petr Novák")
    assert agent.extension is not None
    await house.begin()
    await house.add("trigger", ("Entities", "Person", "Petr"), "Zone left")
    await house.pick("Select an entity", whole=False)
    await house.page.locator("ha-combo-box-item").filter(has_text="Home").last.click()
    await house.add("action", ("Devices", "Petr Novák"), "Log agent out")
    await house.save()

    for state, zones in (("home", ["zone.home"]), ("not_home", [])):
        body = {"state": state, "attributes": {"friendly_name": "Petr", "in_zones": zones}}
        await house.client.post("/api/states/person.petr", body)

    async def gone() -> bool:
        return agent.extension is None

    await until(gone, "the logout", 15)


@lived_in
async def test_important_callers_ring_at_night(house: Builder) -> None:
    """A VIP calls at night: a bell rings; by day, and for others, it does not."""
    await house.begin()
    await house.add("trigger", PHONE, "Call came in")
    await house.choose("Caller groups", "VIP")
    await house.page.keyboard.press("Escape")
    await house.add("condition", (HELPERS, SWITCH, "Night"), "Switch is on")
    await house.add("action", (HELPERS, SWITCH, "Bell"), "Turn on input boolean")
    automation = await house.save()

    sim, client = house.account.simulator, house.client
    await sim.hang_up(await house.ring())  # by day
    await house.all_idle()
    await client.act("input_boolean.turn_on", entity="input_boolean.night")
    await sim.hang_up(await house.ring(STRANGER, name=""))
    await house.all_idle()
    assert (await client.state("input_boolean.bell"))["state"] == "off"
    await house.ring()
    await client.wait_state("input_boolean.bell", "on")
    assert (await client.state(automation))["attributes"]["last_triggered"]


@lived_in
async def test_key_of_the_caller_opens_the_gate(house: Builder) -> None:
    """Key 5 opens the gate if the caller pressed it; another key, or the same at the phone, does not."""
    await house.begin()
    await house.add("trigger", PHONE, "Key was pressed")
    await house.choose("Keys", "5")
    await house.field("Pressed by").locator("ha-checkbox").first.click()
    await house.pick("The caller")
    await house.add("action", (HELPERS, SWITCH, "Gate"), "Turn on input boolean")
    await house.save()

    sim = house.account.simulator
    call = await house.ring()
    await sim.answer(call, "102")
    await house.wait_state("extension_102", "call_state", "talking")
    await asyncio.sleep(1)  # nobody presses a key before the list knows the legs of the call
    for who, key in (("102", "5"), ("", "4")):
        await sim.press(call, who, key)
        await house.events.wait(type="dtmf_received", digits=key)
    assert (await house.client.state("input_boolean.gate"))["state"] == "off"
    await sim.press(call, "", "5")
    await house.client.wait_state("input_boolean.gate", "on")


@lived_in
async def test_reception_takes_over(house: Builder) -> None:
    """Nobody picks up for 20 seconds: the call rings at the reception."""
    await house.begin()
    await house.add("trigger", PHONE, "Call is not answered")
    await house.add("action", PHONE, "Transfer call")
    await house.pick("Phone")
    await house.choose("Number", RECEPTION)
    await house.save()

    await house.ring()
    await house.wait_state("extension_105", "call_state", "ringing", 40)
    await house.wait_state("extension_102", "call_state", "idle")
