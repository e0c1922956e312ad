"""A fresh set-up of each provider, clicked through in Chromium: found by a user's word, and ended with proof."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from tests.asterisk.lab import NoAsteriskError, asterisk_root

from .accounts import Asterisk, Voipat, Voipstudio, Voipsun, Voxloud
from .house import lived_in, opened
from .process import until
from .screens import MARKS, Screens

pytestmark = MARKS


class Newcomer(Screens[Voipat]):
    """Somebody who has every phone system there is, and has set up none yet."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        """Prepare the other phone systems as well."""
        self.studio = Voipstudio(seed=3)
        self.sun = Voipsun(seed=3)
        self.vox = Voxloud(seed=3)
        super().__init__(folder, pictures, Voipat(seed=3, auto_answer=0.1), self.studio, self.sun, self.vox)

    async def choose(self, provider: str) -> None:
        """Find the integration by a word that people use, and choose a phone system."""
        await self.go("/config/integrations/dashboard")
        await self.click("Add integration")
        await self.search("Search for a brand name", "phone sys")
        # The name may also be on the page behind the list.
        listed = self.page.get_by_text("Phone system (PBX)", exact=True).filter(visible=True)
        await listed.last.click()
        await self.click(provider)

    async def address(self) -> str:
        """Read the address that the page shows to copy."""
        field = self.page.get_by_role("textbox", name="Address to copy").first
        await field.wait_for()
        return await field.input_value()

    async def finish(self) -> None:
        """Leave the question for the areas of the devices."""
        await self.press("Skip and finish")

    async def entry_of(self, provider: str) -> str:
        """Return the id of the account of a phone system."""

        async def there() -> str | None:
            return (await self.client.accounts_by_provider()).get(provider)

        return str(await until(there, f"the account at {provider}", 30))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Keep a Home Assistant without an account; neither it nor the browser may complain of the integration."""
    with opened(Newcomer(tmp_path_factory.mktemp("newcomer"), tmp_path_factory.mktemp("pictures"))) as screens:
        yield screens


@lived_in
async def test_voipstudio_with_proof(house: Newcomer) -> None:
    """After a typo the key is still there; the address is pasted, a phone is called, and the form says so."""
    sim = house.studio.simulator
    await house.choose("VoIPstudio")
    await house.read("voipstudio", "Administration > Users", "API key", "Manual")
    await house.type("API key", sim.api_key)
    await house.type("Address", "http://127.0.0.1:1/nowhere")
    await house.press("Submit")
    await house.read("voipstudio-typo", "The phone system cannot be reached at this address. Check")
    assert await house.page.get_by_role("textbox", name="API key").first.input_value() == sim.api_key
    await house.type("Address", sim.url)
    await house.press("Submit")
    await house.read("voipstudio-paste", "Address to copy", "Call State Change", "Test it with a call now")
    await sim.add_webhook(await house.address())
    await house.press("Next")
    await house.read("voipstudio-wait", "Call one of your phones now.")
    await sim.ring("442079460123", "1001")
    await house.read("voipstudio-proved", "It works", "has reported your call")
    await house.press("Submit")
    await house.finish()


@lived_in
async def test_voipat_with_proof(house: Newcomer) -> None:
    """There is one address for three settings, and a push of the browser phone is the proof."""
    sim = house.account.simulator
    await house.choose("VOIP@ Cloud")
    await house.type("Address", sim.url)
    await house.type("API key", sim.api_key)
    await house.press("Submit")
    await house.read("voipat-paste", "crm_agent_logout_url", "Address to copy", "known only in your own network")
    assert await house.page.get_by_role("textbox", name="Address to copy").count() == 1
    await house.account.connect([await house.address()] * 3)
    await house.press("Next")
    await house.read("voipat-wait", "Call one of your phones now.")
    await sim.ring("+493023125101", "101")
    await house.read("voipat-proved", "It works")
    await house.press("Next")
    await house.read("voipat-phones", "Name your phones", "101")
    await house.press("Submit")
    await house.finish()


@lived_in
async def test_a_webhook_that_was_never_pasted(house: Newcomer) -> None:
    """After the first call that nobody reported there is a repair, whose page has the address and the proof."""
    sim = house.studio.simulator
    await house.client.remove(await house.entry_of("voipstudio"))
    sim.hooks.clear()
    for call in sim.truth():
        await sim.hang_up(call.call_id)
    await house.choose("VoIPstudio")
    await house.type("API key", sim.api_key)
    await house.type("Address", sim.url)
    await house.press("Submit")
    await house.read("never-pasted", "Address to copy")
    await house.click("Test it with a call now")
    await house.press("Next")
    await house.finish()
    await house.client.loaded(await house.entry_of("voipstudio"))

    call_id = await sim.ring("442079460124", "1001")
    title = "does not report calls to Home Assistant"
    await house.go("/config/repairs")
    await house.page.get_by_text(title).first.click()
    await house.read("never-pasted-repair", "told Home Assistant of none of them", "Address to copy")
    await sim.hang_up(call_id)
    await sim.add_webhook(await house.address())
    await house.press("Submit")
    await house.read("never-pasted-wait", "Call one of your phones now.")
    await sim.ring("442079460123", "1001")
    await house.go("/config/repairs")
    await house.page.get_by_text(title).first.wait_for(state="detached")


@lived_in
async def test_voxloud(house: Newcomer) -> None:
    """Nothing is pasted, and nothing is asked beside the key."""
    sim = house.vox.simulator
    await house.choose("Voxloud")
    await house.type("API key", sim.api_key)
    await house.type("Address", sim.url)
    await house.press("Submit")
    await house.finish()
    await house.entry_of("voxloud")


@lived_in
async def test_voipsun_and_a_name_later(house: Newcomer) -> None:
    """The lines that were found are shown; one is named later, and its entities keep their ids."""
    form = house.sun.form
    await house.choose("VoIPSUN PBX")
    await house.type("Host", str(form["host"]))
    await house.page.get_by_role("spinbutton").first.fill(str(form["port"]))
    await house.type("Username", str(form["username"]))
    await house.type("Password", str(form["password"]))
    await house.press("Submit")
    await house.read("voipsun-phones", "Name your phones", "sip101", "trunk-odchozi")
    await house.press("Submit")
    await house.finish()
    entry_id = await house.entry_of("voipsun")
    await house.client.loaded(entry_id)
    before = {one["entity_id"]: one["unique_id"] for one in await house.client.entities(entry_id)}
    state = str((await house.client.entity(entry_id, "extension_sip101", "call_state"))["entity_id"])
    await house.go("/config/integrations/integration/pbx")
    account = house.page.locator("ha-config-entry-row").filter(has_text="VoIPSUN PBX")
    await account.get_by_role("button", name="Configure").first.click()
    line = house.page.locator("ha-selector-object ha-md-list-item").filter(has_text="sip101")
    await line.locator("ha-icon-button").first.click()
    for field, text in (("Number", "7101"), ("Name", "Anna Keller")):
        await house.page.get_by_role("textbox", name=field, exact=True).last.fill(text)
    await house.page.get_by_role("button", name="Save").filter(visible=True).last.click()
    await house.press("Submit")
    await house.read("voipsun-renamed", "Options successfully saved.")
    await house.client.loaded(entry_id)
    after = {one["entity_id"]: one["unique_id"] for one in await house.client.entities(entry_id)}
    assert {entity_id: after.get(entity_id) for entity_id in before if "sip101" in before[entity_id]} == {
        entity_id: unique_id for entity_id, unique_id in before.items() if "sip101" in unique_id
    }
    await house.go(f"/config/devices/device/{await house.client.device(entry_id, 'extension_sip101')}")
    await house.read("voipsun-named", "Anna Keller (7101)")
    assert await house.client.state(state)


@pytest.fixture(scope="module")
def real(house: Newcomer) -> Iterator[Asterisk]:
    """Keep a real Asterisk with its phones, where one can be had."""
    pytest_socket.enable_socket()  # each test forbids it again before it asks for this
    try:
        asterisk_root()
    except NoAsteriskError as error:
        pytest.skip(str(error))
    account = Asterisk(seed=3)
    house.run(account.simulator.start())
    yield account
    house.run(account.simulator.stop())


def test_asterisk_with_proof(house: Newcomer, real: Asterisk) -> None:
    """A manager user is entered, a phone is called over SIP, the form says so, and shows phones and trunks by name."""

    @lived_in
    async def walk(house: Newcomer) -> None:
        form, sim = real.form, real.simulator
        await house.choose("Asterisk / FreePBX")
        await house.read("asterisk", "Settings > Asterisk Manager Users", "Lines for manager.conf", "writetimeout")
        await house.type("Host", str(form["host"]))
        await house.page.get_by_role("spinbutton").first.fill(str(form["port"]))
        await house.type("Username", str(form["username"]))
        await house.type("Password", "wrong")
        await house.press("Submit")
        await house.read("asterisk-wrong", "The credentials are refused.")
        await house.type("Password", str(form["password"]))
        await house.press("Submit")
        await house.read("asterisk-prove", "Test it with a call", "Home Assistant is connected to Asterisk")
        await house.press("Next")
        await house.read("asterisk-wait", "Call one of your phones now.")
        call = await sim.ring("+420222333601", "101", name="Hotel Brno")
        await house.read("asterisk-proved", "It works", "+420222333601")
        await sim.hang_up(call)
        await house.press("Next")
        await house.read("asterisk-phones", "Name your phones", "Anna Keller", "Petr Novak")
        await house.press("Submit")
        await house.finish()
        entry_id = await house.entry_of("asterisk")
        await house.client.loaded(entry_id)
        phone = str((await house.client.entity(entry_id, "extension_101", "call_state"))["entity_id"])
        call = await sim.ring("+420222333601", "101", name="Hotel Brno")
        await house.client.wait_state(phone, "ringing", 20, caller_name="Hotel Brno")
        await sim.hang_up(call)
        await house.client.wait_state(phone, "idle", 20)
        await house.client.remove(entry_id)

    walk(house)
