"""A page with the cards and a Home Assistant that says what a test tells it, looked at through Chromium."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Playwright, Route, async_playwright

from ..e2e.screenshot import CHROMIUM, FLAGS

PROJECT = Path(__file__).parents[2]
WWW = PROJECT / "custom_components" / "pbx" / "www"
TRANSLATIONS = PROJECT / "custom_components" / "pbx" / "translations"
AXE = PROJECT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ADDRESS = "http://stage.test"
RIGHT_TO_LEFT = {"ar"}

type Json = dict[str, Any]

# What Home Assistant's default themes say, as far as the cards ask.
LIGHT = {
    "primary-text-color": "#141414",
    "secondary-text-color": "#5e5e5e",
    "primary-color": "#009ac7",
    "divider-color": "rgba(0, 0, 0, 0.12)",
    "card-background-color": "#ffffff",
    "primary-background-color": "#fafafa",
}
DARK = {
    "primary-text-color": "#e1e1e1",
    "secondary-text-color": "#9b9b9b",
    "primary-color": "#009ac7",
    "divider-color": "rgba(225, 225, 225, 0.12)",
    "card-background-color": "#1c1c1c",
    "primary-background-color": "#111111",
}

HOUSE = """
window.sent = [];
window.asked = [];
window.answers = {};
window.refusal = null;
window.absent = 0;
const wait = () => new Promise((done) => setTimeout(done, 0));
window.makeHass = (language, words) => ({
  language, locale: {language, time_format: "24", time_zone: "server"}, config: {time_zone: "Europe/Berlin"},
  user: {id: "u", name: "Dev", is_admin: true}, entities: {}, devices: {}, areas: {},
  localize: (key, values = {}) => (words[key] ?? "").replace(/\\{(\\w+)\\}/g, (all, name) => values[name] ?? all),
  loadBackendTranslation: async () => undefined,
  callWS: async (message) => {
    window.asked.push(message);
    await wait();
    const answer = window.answers[message.type];
    if (answer === undefined) throw {code: "unknown_command", message: "Unknown command."};
    if (message.type === "pbx/me/set") {
      const {type, ...chosen} = message;
      window.me = {...window.me, ...chosen};
      window.tell({type: "me", me: window.me});
    }
    return typeof answer === "function" ? answer(message) : answer;
  },
  callService: async (domain, service, data, target) => {
    window.sent.push({service, data, target: target ?? null});
    await wait();
    if (window.refusal) throw window.refusal;
  },
  connection: {
    addEventListener: (_type, listener) => { window.reconnect = listener; },
    subscribeMessage: async (callback) => {
      if (window.absent-- > 0) throw {code: "unknown_command", message: "Unknown command."};
      window.tell = callback;
      for (const message of window.first) callback(message);
      return async () => undefined;
    },
  },
});
customElements.define("ha-card", class extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({mode: "open"}).innerHTML =
      `<style>:host { display: block; background: var(--card-background-color); border-radius: 12px;
        border: 1px solid var(--divider-color); }</style><slot></slot>`;
  }
});
customElements.define("home-assistant", class extends HTMLElement {
  provided = [];
  provideHass(element) {
    this.provided.push(element);
    element.hass = this.hass;
  }
});
"""

AUDIT = """async () => {
  const ours = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName.startsWith("pbx-") && element.localName !== "pbx-since") ours.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  const found = [];
  for (const element of ours) {
    const result = await axe.run(element, {resultTypes: ["violations"]});
    for (const violation of result.violations) {
      for (const node of violation.nodes) {
        found.push(`${element.localName}: ${violation.id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`);
      }
    }
  }
  return found;
}"""


def words(language: str) -> dict[str, str]:
    """Give the texts of a language by the keys under which Home Assistant has them."""
    texts = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    found: dict[str, str] = {}

    def walk(node: Mapping[str, Any], path: str) -> None:
        for key, value in node.items():
            if isinstance(value, str):
                found[f"{path}.{key}"] = value
            else:
                walk(value, f"{path}.{key}")

    walk(texts, "component.pbx")
    return found


class Stage:
    """A browser, and a page in it."""

    def __init__(self) -> None:
        """Prepare; `open` opens the browser."""
        self._runner = asyncio.Runner()
        self._playwright: Playwright
        self._browser: Browser
        self.page: Page
        self.complaints: list[str] = []

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop on which the browser is spoken to."""
        return self._runner.run(work)

    def __enter__(self) -> Self:
        """Open the browser."""
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.run(self._close())
        self._runner.close()

    async def _open(self) -> None:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))

    async def _close(self) -> None:
        await self._browser.close()
        await self._playwright.stop()

    async def show(
        self,
        *cards: str | Json,
        accounts: list[Json],
        me: Json | None = None,
        language: str = "en",
        dark: bool = False,
        width: int = 1200,
        height: int = 900,
        answers: Json | None = None,
        **more: Any,
    ) -> Page:
        """Open a page with these cards, given by their tag or their configuration.

        More are the `version` of the contract, the `query` of the page's address, what the browser has `kept` of
        the parts of pages, and whether the script is `late`, so that Home Assistant shows an error in place of our
        dashboard already.
        """
        if hasattr(self, "page"):
            await self.page.context.close()
        self.complaints.clear()
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.page = page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error.stack)))
        await page.route(f"{ADDRESS}/**", self._serve)
        await page.goto(f"{ADDRESS}/{more.get('query', '')}")
        if "kept" in more:
            await page.evaluate("(kept) => localStorage.setItem('pbx-parts', kept)", more["kept"])
        colours = ";".join(f"--{name}:{value}" for name, value in (DARK if dark else LIGHT).items())
        chosen = {"extension": None, "caller_id": None, "popup": None, "sound": False, "seen": None, **(me or {})}
        configured = [{"type": f"custom:{card}"} if isinstance(card, str) else card for card in cards]
        setting = {
            "style": f"{colours};background:var(--primary-background-color);color:var(--primary-text-color);"
            "font-family:Roboto,'DejaVu Sans',sans-serif;margin:0",
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
            "language": language,
            "words": words(language),
            "first": [
                {"type": "snapshot", "version": more.get("version", 1), "accounts": accounts},
                {"type": "me", "me": chosen},
            ],
            "me": chosen,
            "answers": {
                "pbx/search": {"contacts": [], "failed": []},
                "pbx/history": {"records": [], "cursor": None, "failed": []},
                "pbx/me/set": {},
                "pbx/recent": {"calls": []},
                "pbx/phone_book/list": {"entries": [], "groups": []},
                **(answers or {}),
            },
            "cards": configured,
            "late": more.get("late", False),
        }
        await page.evaluate(
            """async (setting) => {
                document.documentElement.lang = setting.language;
                document.documentElement.dir = document.dir = setting.direction;
                document.documentElement.style.cssText = setting.style;
                document.body.style.margin = "0";
                document.title = "Stage";
                window.first = setting.first; window.me = setting.me; window.answers = setting.answers;
                const main = document.createElement("home-assistant");
                main.hass = window.hass = window.makeHass(setting.language, setting.words);
                document.body.append(main);
                if (setting.late) {
                    const root = document.createElement("hui-root");
                    root.lovelace = {
                        rawConfig: {strategy: {type: "custom:pbx"}}, config: {views: [{title: "Error", cards: [{}]}]},
                    };
                    window.refreshed = 0;
                    root.addEventListener("config-refresh", () => {
                        window.refreshed++;
                        root.lovelace = {...root.lovelace, config: {views: [{path: "calls", sections: []}]}};
                    });
                    const panel = document.createElement("div");
                    panel.attachShadow({mode: "open"}).append(root);
                    document.body.append(panel);
                }
                await import("/www/pbx.js");
                const room = document.createElement("main");
                room.style.cssText = "display:grid;gap:8px;padding:8px;grid-template-columns:minmax(0,1fr)";
                document.body.append(room);
                for (const config of setting.cards) {
                    const card = document.createElement(config.type.replace("custom:", ""));
                    card.setConfig(config);
                    card.hass = window.hass;
                    room.append(card);
                }
            }""",
            setting,
        )
        expected = sum(str(card["type"]).endswith("-card") for card in configured)
        if expected:
            await page.locator("ha-card").nth(expected - 1).wait_for()
        return page

    async def _serve(self, route: Route) -> None:
        """Answer the browser: an empty page, and the scripts as they are delivered."""
        path = route.request.url.removeprefix(ADDRESS)
        if path.startswith("/www/"):
            await route.fulfill(body=(WWW / path.removeprefix("/www/")).read_bytes(), content_type="text/javascript")
        elif path.partition("?")[0] == "/":
            await route.fulfill(
                body=f"<!doctype html><meta name=viewport content='width=device-width'><script>{HOUSE}</script>",
                content_type="text/html; charset=utf-8",
            )
        else:
            await route.fulfill(status=204)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    async def tell(self, **message: Any) -> None:
        """Let the integration tell something, and wait until the cards have drawn it."""
        await self.page.evaluate(
            "async (message) => { window.tell(message); await new Promise(requestAnimationFrame); }", message
        )

    async def sent(self) -> list[Json]:
        """Give the actions that were performed, and forget them."""
        found: list[Json] = await self.page.evaluate("window.sent.splice(0)")
        return found

    def button(self, card: str, name: str) -> Locator:
        """Find a button of a card by its name."""
        return self.page.locator(card).get_by_role("button", name=name)

    async def violations(self) -> list[str]:
        """Let axe-core look at everything that is ours."""
        if not AXE.exists():
            pytest.skip("scripts/setup-frontend was not run")
        await self.page.add_script_tag(content=AXE.read_text("utf-8"))
        found: list[str] = await self.page.evaluate(AUDIT)
        return found


def party(number: str = "", name: str = "", **more: Any) -> Json:
    """Make one end of a call."""
    return {key: value for key, value in {"number": number, "name": name, **more}.items() if value}


def call(call_id: str, state: str = "ringing", *phones: str, caller: Json | None = None, **more: Any) -> Json:
    """Make a call from outside."""
    return {
        "id": call_id,
        "state": state,
        "direction": "incoming",
        "from": party("+493023125101", "Bakery Schmidt") if caller is None else caller,
        "to": party("+49301234"),
        "legs": [{"extension": phone, "state": state} for phone in phones or ("101",)],
        "started": "2026-11-28T12:00:00+00:00",
        **more,
    }


NAMES = ("Anna Keller", "Luca Rossi", "Sofie Jansen", "Marek Nowak", "Chloé Martin", "Élodie Dubois")


def account(name: str = "house", phones: int = 5, calls: tuple[Json, ...] = (), **more: Any) -> Json:
    """Make an account with some phones."""
    states = {leg["extension"]: leg["state"] for up in calls for leg in up["legs"]}
    numbers = [str(101 + index) for index in range(phones)]
    return {
        "id": name,
        "title": name.capitalize(),
        "provider": "Fake PBX",
        "device": f"device-{name}",
        "can": ["answer", "hangup", "hold", "unhold", "transfer", "send_dtmf", "click_to_call", "recordings"],
        "known": True,
        "pushing": True,
        "missed": 0,
        "voicemails": None,
        "extensions": {
            number: {
                "number": number,
                "name": NAMES[index % len(NAMES)],
                "state": states.get(number, "idle"),
                "device": f"device-{name}-{number}",
                "registered": index % 4 != 3,
                "dnd": index % 5 == 4,
            }
            for index, number in enumerate(numbers)
        },
        "agents": {},
        "queues": {},
        "calls": {up["id"]: up for up in calls},
        **more,
    }
