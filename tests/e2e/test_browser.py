"""The screens as a person sees them, clicked through in Chromium: our texts are there, and nothing raw is."""

from collections.abc import Iterator
from typing import Any

import pytest

from .accounts import Voipat
from .house import lived_in, opened
from .screens import MARKS, TRANSLATIONS, Screens, texts

OPTIONS = (
    "country",
    "call_slots",
    "mask_numbers",
    "follow_extensions",
    "push",
    "assist",
    "assist_numbers",
    "extensions",
    "rate_plan",
)
pytestmark = MARKS


def text(language: str, path: str, **placeholders: str) -> str:
    """Look a text up."""
    node: Any = texts(language)
    for key in path.split("."):
        node = node[key]
    return str(node).format(**placeholders)


def option_texts(language: str) -> list[str]:
    """List the names and the help of the options that this provider has."""
    words = texts(language)["options"]["step"]["init"]
    return [words[kind][key] for key in OPTIONS for kind in ("data", "data_description")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens[Voipat]]:
    """Keep a Home Assistant without an account and a browser; neither may complain of the integration."""
    folder, pictures = tmp_path_factory.mktemp("screens"), tmp_path_factory.mktemp("pictures")
    with opened(Screens(folder, pictures, Voipat(seed=3, auto_answer=0.1))) as screens:
        yield screens


@lived_in
async def test_set_up(house: Screens[Voipat]) -> None:
    """From the settings to an account with its devices, by way of a wrong key."""
    account, sim = house.account, house.account.simulator
    await house.go("/config")
    await house.click("Devices & services")
    await house.click("Add integration")
    await house.search("Search for a brand name", "PBX")
    await house.click("Phone system (PBX)")
    menu = await house.read("menu", "Choose your phone system", "Which provider is your phone system from?")
    assert menu.splitlines()[-4:] == ["VOIP@ Cloud", "VoIPstudio", "VoIPSUN PBX", "Voxloud"]

    await house.click("VOIP@ Cloud")
    fields = ("Address", "API key", "Domain", "Verify certificate")
    await house.read("form", "You find it in the portal under Accounts > Users.", *fields)
    await house.type("Address", sim.url)
    await house.type("API key", "wrong")
    await house.press("Submit")
    refused = await house.read("refused", "The credentials are refused.", *fields)
    assert sim.api_key not in refused
    await house.type("API key", sim.api_key)
    await house.press("Submit")
    await house.read(
        "paste", "Let VOIP@ Cloud report calls", "Keep the address secret.", "crm_url", "crm_agent_logout_url"
    )
    address = await house.page.get_by_role("textbox", name="Address to copy").first.input_value()
    await account.connect([address] * 3)
    await house.press("Next")
    await house.read("wait", "Call one of your phones now.")
    call = await sim.ring("+493023125101", "101")
    await house.read("proved", "It works")
    await sim.hang_up(call)
    await house.press("Next")
    await house.read("phones", "Name your phones", "101")
    await house.press("Submit")
    await house.press("Skip and finish")
    await house.go("/config/integrations/integration/pbx")
    page = await house.read("account", sim.domain, "Anna Keller (101)", "Sofie Jansen (103)", "Add speed dial")
    assert "Custom integration" in page

    (entry,) = await house.client.accounts()
    account.entry_id = entry["entry_id"]
    await account.connect(await house.client.urls_to_paste(account.entry_id))


@lived_in
async def test_device(house: Screens[Voipat]) -> None:
    """The page of an extension has the state in words, also during a call."""
    sim = house.account.simulator
    await house.go(f"/config/devices/device/{await house.device('extension_101')}")
    idle = ("by VOIP@ Cloud", "Connected via", "Call back", "Hang up", "Hold", "Call state", "Idle")
    await house.read("device", "Anna Keller (101)", *idle)
    call = await sim.ring("+493023125101", "101", name="Bakery Schmidt")
    await house.read("ringing", "Ringing", "Bakery Schmidt")
    await sim.hang_up(call)
    await house.read("missed", "Idle", "Bakery Schmidt")


@lived_in
async def test_options(house: Screens[Voipat]) -> None:
    """Every field of the options has its name and its help; what is changed is kept."""
    await house.go("/config/integrations/integration/pbx")
    await house.press("Configure")
    await house.read("options", "Options of VOIP@ Cloud", *option_texts("en"), "Standard", "Enterprise")
    await house.click("Enterprise")
    await house.press("Submit")
    await house.read("saved", "Options successfully saved.")
    await house.client.loaded(house.account.entry_id)


@lived_in
async def test_automation(house: Screens[Voipat]) -> None:
    """The editor offers our trigger with all its fields, and takes it."""
    await house.go("/config/automation/edit/new")
    await house.click("Add trigger")
    await house.search("Search", "Call came in")
    await house.read("search", "Triggers when a phone begins to ring for an incoming or internal call.")
    await house.click("Call came in")
    fields = ("Add target", "Direction", "Caller numbers", "Caller groups", "Queue")
    choices = ("Internal", "Anybody", "Known caller", "Unknown number", "Hidden number")
    await house.open_anew_until("Anybody")
    seen = await house.read("trigger", "Only calls in this direction.", *fields, *choices)
    assert "Outgoing" not in seen


@lived_in
async def test_german(house: Screens[Voipat]) -> None:
    """With a German profile, all that is ours is German."""
    if not (TRANSLATIONS / "de.json").exists():
        pytest.skip("There is no German translation")

    def ours(path: str, **placeholders: str) -> str:
        return text("de", path, **placeholders)

    await house.speak("de")
    await house.go("/config/integrations/dashboard/add?domain=pbx")
    await house.press("OK")
    await house.read("menu", ours("config.step.user.title"), ours("config.step.user.description"))
    await house.click("VoIPstudio")
    form = texts("de")["config"]["step"]["voipstudio"]
    asked = form["description"].partition(" [")[0]  # before the link
    await house.read("form", asked, *form["data"].values(), *form["data_description"].values())
    await house.go(f"/config/devices/device/{await house.device('extension_101')}")
    names = [ours(f"entity.{key}.name") for key in ("sensor.call_state", "button.hang_up", "switch.hold")]
    await house.read("device", *names, ours("entity.sensor.call_state.state.idle"))
    await house.go("/config/integrations/integration/pbx")
    await house.press("Konfigurieren")
    title = ours("options.step.init.title", provider="VOIP@ Cloud")
    await house.read("options", title, *option_texts("de"))
    await house.go("/config/automation/edit/new")
    await house.click("Auslöser hinzufügen")
    await house.search("Suche", ours("triggers.call_incoming.name"))
    await house.click(ours("triggers.call_incoming.name"))
    trigger = texts("de")["triggers"]["call_incoming"]
    fields = [field["name"] for field in trigger["fields"].values()]
    await house.open_anew_until(ours("selector.caller_kind.options.any"))
    await house.read("trigger", trigger["description"], *fields, ours("selector.caller_kind.options.any"))
