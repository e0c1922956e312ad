"""A browser in a house, and what a person does in front of it."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, override

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as Unseen

from .accounts import Account
from .house import House
from .process import FULL, INTEGRATION
from .screenshot import CHROMIUM, FLAGS, entries

TRANSLATIONS = INTEGRATION / "translations"
PATIENCE = 60_000
WORDS_WITHIN = 5_000
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

MARKS = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"There is no {CHROMIUM}"),
]


class Screens[A: Account[Any]](House[A]):
    """A Home Assistant with its user interface, and somebody who sits in front of it."""

    flags: ClassVar[Sequence[str]] = FLAGS

    def __init__(
        self, folder: Path, pictures: Path, account: A, *others: Account[Any], components: Sequence[str] = FULL
    ) -> None:
        """Prepare; each stop leaves a picture."""
        super().__init__(folder, account, *others, components=components)
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
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=list(self.flags))
        await self.sit_down()

    @override
    async def close(self) -> None:
        if hasattr(self, "_browser"):
            await self._browser.close()
        if hasattr(self, "_playwright"):
            await self._playwright.stop()
        await super().close()

    @override
    def complaints(self) -> list[str]:
        return [text for text in self.said if "pbx" in text.lower()] + super().complaints()

    async def window(self, url: str = "", **more: Any) -> BrowserContext:
        """Open a window in which the user is signed in."""
        context = await self._browser.new_context(
            viewport={"width": 1280, "height": 1000}, locale="en-GB", timezone_id="Europe/Berlin", **more
        )
        context.set_default_timeout(PATIENCE)
        remembered = entries(self.client).replace(self.process.url, url or self.process.url)
        await context.add_init_script(
            "if (location.protocol.startsWith('http'))"
            f" for (const [key, value] of {remembered}) localStorage.setItem(key, value)"
        )
        return context

    async def sit_down(self) -> Page:
        """Look at an empty page in a new window, in place of the last one."""
        if hasattr(self, "page"):
            await self.page.context.close()
        self.page = page = await (await self.window()).new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error.stack)))
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.said.append(f"{message.text} ({message.location['url']})")

    async def speak(self, language: str) -> None:
        """Change the language of the profile, and that in which Home Assistant names entities."""
        self.language = language
        # Home Assistant says so of the platforms of every integration when its language changes.
        self.expected.append(r"Failed to load integration for translation: Invalid domain pbx\.")
        await self.client.speak(language, self.account.entry_id)
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

    async def open_anew_until(self, word: str) -> None:
        """Close the trigger and open it again if a select in it does not have its words.

        The front end of Home Assistant 2026.11 draws a select as soon as a trigger is added, and not again when the
        words of the integration come a moment later.
        """
        try:
            await self.page.get_by_text(word, exact=True).filter(visible=True).first.wait_for(timeout=WORDS_WITHIN)
        except Unseen:
            for _ in ("close", "open"):
                await self.page.locator("ha-automation-trigger-row").first.click()

    async def read(self, name: str, *texts: str) -> str:
        """Look until all these texts are there; then keep a picture, and see that nothing raw is among what is seen."""
        for text in texts:
            await self._find(self.page.get_by_text(text), text, lambda found: found.wait_for())
        await self.picture(f"{self.language}-{name}")
        lines = str(await self.page.evaluate(VISIBLE_TEXT)).splitlines()
        seen = "\n".join(line for line in lines if not line.startswith(self.process.url))
        assert [text for text in texts if text not in seen] == []
        assert UNFILLED.findall(seen) + raw_keys().findall(seen) == [], seen
        return seen

    async def _find(self, found: Locator, text: str, act: Callable[[Locator], Awaitable[None]]) -> None:
        try:
            await act(found.filter(visible=True).first)
        except Unseen:
            file = await self.picture("unseen")
            raise AssertionError(f"There is no {text!r} on {self.page.url}; see {file}") from None

    async def picture(self, name: str) -> Path:
        """Keep a picture of what is seen."""
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
