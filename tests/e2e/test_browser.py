"""The screens as a person sees them, clicked through in Chromium: our texts are there, and nothing raw is."""

import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, override

import pytest
import pytest_socket
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as Unseen

from .accounts import Voipat
from .house import House, lived_in
from .process import FULL, INTEGRATION, HassProcess
from .screenshot import CHROMIUM, FLAGS, entries

TRANSLATIONS = INTEGRATION / "translations"
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
PATIENCE = 60_000
# A key stands alone; in an entity id it has a dot before it, in a URL or in code other company.
KEY = r"(?<![\w./-])(?:{})(?![\w./=-])"
UNFILLED = re.compile(r"component\.pbx\b|\{\w+\}|translation error|MISSING_VALUE", re.IGNORECASE)
# Almost all of the user interface is in shadow roots, of which the text of the body has nothing.
VISIBLE_TEXT = """() => {
    const lines = [];
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) {
            lines.push(node.data.trim());
        } else if (!["SCRIPT", "STYLE", "TEMPLATE"].includes(node.tagName)) {
            if (node instanceof Element && !node.checkVisibility({visibilityProperty: true})
                && getComputedStyle(node).display !== "contents") return;
            for (const child of node.shadowRoot?.childNodes ?? []) walk(child);
            for (const child of node.childNodes) walk(child);
        }
    };
    walk(document.body);
    return lines.filter((line) => line).join("\\n");
}"""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"There is no {CHROMIUM}"),
]


class Screens(House[Voipat]):
    """A Home Assistant with its user interface, and somebody who sits in front of it."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        """Prepare; each stop leaves a picture."""
        super().__init__(folder, Voipat(seed=3, auto_answer=0.1))
        self.process = HassProcess(folder, components=FULL)
        self.language = "en"
        self.said: list[str] = []
        """What the browser's console complained of."""
        self._pictures = pictures
        self._playwright: Playwright
        self._browser: Browser
        self.page: Page

    @override
    async def open(self) -> None:
        await super().open()
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        await self.sit_down()

    @override
    async def close(self) -> None:
        if hasattr(self, "_browser"):
            await self._browser.close()
        if hasattr(self, "_playwright"):
            await self._playwright.stop()
        await super().close()

    async def sit_down(self) -> None:
        """Open a window in which the user is signed in."""
        self.page = page = await self._browser.new_page(
            viewport={"width": 1280, "height": 1000}, locale="en-GB", timezone_id="Europe/Berlin"
        )
        page.set_default_timeout(PATIENCE)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error.stack)))
        remembered = entries(self.client)
        await page.add_init_script(f"for (const [key, value] of {remembered}) localStorage.setItem(key, value)")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.said.append(f"{message.text} ({message.location['url']})")

    async def speak(self, language: str) -> None:
        """Change the language of the profile, and that in which Home Assistant names entities."""
        self.language = language
        # Home Assistant says so of the platforms of every integration when its language changes.
        self.expected.append(r"Failed to load integration for translation: Invalid domain pbx\.")
        await self.client.command("frontend/set_user_data", key="language", value={"language": language})
        await self.client.command("config/core/update", language=language)
        await self.client.post(f"/api/config/config_entries/entry/{self.account.entry_id}/reload")
        await self.client.loaded(self.account.entry_id)
        await self.page.close()
        await self.sit_down()

    # -- what a person does -------------------------------------------------------------------------

    async def go(self, path: str) -> None:
        """Open a page."""
        await self.page.goto(self.process.url + path)

    async def click(self, text: str) -> None:
        """Click what has exactly this text."""
        await self._find(self.page.get_by_text(text, exact=True), text, lambda found: found.click())

    async def press(self, name: str) -> None:
        """Press a button."""
        await self._find(self.page.get_by_role("button", name=name), name, lambda found: found.click())

    async def type(self, name: str, text: str) -> None:
        """Type into a field."""
        await self._find(self.page.get_by_role("textbox", name=name), name, lambda found: found.fill(text))

    async def search(self, name: str, text: str) -> None:
        """Type into a field that is named by its placeholder alone."""
        await self._find(self.page.get_by_placeholder(name), name, lambda found: found.fill(text))

    async def read(self, name: str, *texts: str) -> str:
        """Look until all these texts are there; then keep a picture, and see that nothing raw is among what is seen."""
        for text in texts:
            await self._find(self.page.get_by_text(text), text, lambda found: found.wait_for())
        await self._picture(f"{self.language}-{name}")
        lines = str(await self.page.evaluate(VISIBLE_TEXT)).splitlines()
        seen = "\n".join(line for line in lines if not line.startswith(self.process.url))
        assert [text for text in texts if text not in seen] == []
        assert UNFILLED.findall(seen) + raw_keys().findall(seen) == [], seen
        return seen

    async def _find(self, found: Locator, text: str, act: Callable[[Locator], Awaitable[None]]) -> None:
        try:
            await act(found.filter(visible=True).first)
        except Unseen:
            file = await self._picture("unseen")
            raise AssertionError(f"There is no {text!r} on {self.page.url}; see {file}") from None

    async def _picture(self, name: str) -> Path:
        # Given a path, Playwright would write in a thread, which the tests of Home Assistant take for a forgotten one.
        picture = await self.page.screenshot()
        file = self._pictures / f"{name}.png"
        file.write_bytes(picture)
        return file


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Read a translation file."""
    content: Mapping[str, Any] = json.loads((TRANSLATIONS / f"{language}.json").read_text())
    return content


@cache
def raw_keys() -> re.Pattern[str]:
    """Match our keys where they stand as a text; one of a single word could be the word itself."""

    def keys(node: object) -> Iterator[str]:
        if isinstance(node, Mapping):
            yield from node
            for child in node.values():
                yield from keys(child)

    return re.compile(KEY.format("|".join(sorted({key for key in keys(texts("en")) if "_" in key}))))


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
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    """Keep a Home Assistant without an account and a browser; neither may complain of the integration."""
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("screens")
    screens = Screens(folder, tmp_path_factory.mktemp("pictures"))
    try:
        try:
            screens.run(screens.open())
            yield screens
        finally:
            screens.run(screens.close())
        complaints = [text for text in screens.said if "pbx" in text.lower()]
        complaints += screens.process.complaints(screens.expected)
        if complaints:
            raise AssertionError("Complaints of the browser or of Home Assistant:\n" + "\n".join(complaints))
    finally:
        screens.close_loop()
        shutil.rmtree(folder, ignore_errors=True)


@lived_in
async def test_set_up(house: Screens) -> None:
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
async def test_device(house: Screens) -> None:
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
async def test_options(house: Screens) -> None:
    """Every field of the options has its name and its help; what is changed is kept."""
    await house.go("/config/integrations/integration/pbx")
    await house.press("Configure")
    await house.read("options", "Options of VOIP@ Cloud", *option_texts("en"), "Standard", "Enterprise")
    await house.click("Enterprise")
    await house.press("Submit")
    await house.read("saved", "Options successfully saved.")
    await house.client.loaded(house.account.entry_id)


@lived_in
async def test_automation(house: Screens) -> None:
    """The editor offers our trigger with all its fields, and takes it."""
    await house.go("/config/automation/edit/new")
    await house.click("Add trigger")
    await house.search("Search", "Call came in")
    await house.read("search", "Triggers when a phone begins to ring for an incoming or internal call.")
    await house.click("Call came in")
    fields = ("Add target", "Direction", "Caller numbers", "Caller groups", "Queue")
    choices = ("Internal", "Anybody", "Known caller", "Unknown number", "Hidden number")
    seen = await house.read("trigger", "Only calls in this direction.", *fields, *choices)
    assert "Outgoing" not in seen


@lived_in
async def test_german(house: Screens) -> None:
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
    await house.read("trigger", trigger["description"], *fields, ours("selector.caller_kind.options.any"))
