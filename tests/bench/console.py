"""The front end beside Home Assistant's own cards: in one browser, on one Home Assistant, in turns."""

import asyncio
import gzip
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.e2e.client import Client
from tests.e2e.dashboard import DASHBOARD, save_dashboard
from tests.e2e.process import FULL, INTEGRATION, HassProcess
from tests.e2e.screenshot import CHROMIUM, FLAGS, entries

from .figures import Figure, percentile, ratio
from .hass import account, keep_quiet
from .pushes import bodies, fresh_call

EXTENSIONS = 200
SETTLED = 0.25
TURNS = 8
LOADS = 7
TRIES = 3
LONGEST = 120_000
"""Milliseconds after which a page that never shows what it should is given up."""
HEADERS = {"Content-Type": "application/json"}
DEEP = """(root, selector, found = []) => {
    found.push(...(root.querySelectorAll?.(selector) ?? []));
    for (const element of root.querySelectorAll?.("*") ?? []) {
        if (element.shadowRoot) window.deep(element.shadowRoot, selector, found);
    }
    return found;
}"""
# Notices at once, at ours as at core's, and takes no time of the processor until then; gives the wall clock in
# milliseconds, or null.
SEEN = """([tag, text]) => new Promise((done) => {
    const [element] = window.deep(document, tag);
    const root = element.shadowRoot ?? element;
    const observer = new MutationObserver(() => {
        if (root.textContent.includes(text)) finish(() => done(performance.timeOrigin + performance.now()));
    });
    const timer = setTimeout(() => finish(() => done(null)), 20000);
    const finish = (end) => { observer.disconnect(); clearTimeout(timer); end(); };
    observer.observe(root, {childList: true, characterData: true, subtree: true});
})"""
# Notes when Home Assistant puts the card of the phones on the page: before that, nothing is ours.
NOTE_PUT = """
    const define = CustomElementRegistry.prototype.define;
    CustomElementRegistry.prototype.define = function (name, element, options) {
        if (name === "pbx-phones-card") {
            const connected = element.prototype.connectedCallback;
            element.prototype.connectedCallback = function () {
                window.benchPut ??= (performance.timeOrigin + performance.now()) / 1000;
                return connected.call(this);
            };
        }
        return define.call(this, name, element, options);
    };
"""


async def measure(rounds: int) -> list[Figure]:
    """Measure from the webhook to what is seen, and how long a page takes to open."""
    with tempfile.TemporaryDirectory(prefix="pbx-console-") as folder:
        process = HassProcess(Path(folder), components=FULL)
        keep_quiet(Path(folder))
        async with account("voipstudio", EXTENSIONS) as simulated:
            await process.start()
            try:
                async with Client(process) as client, async_playwright() as playwright:
                    await simulated.set_up(client)
                    await simulated.complete(client)
                    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
                    try:
                        context = await browser.new_context(viewport={"width": 1600, "height": 1200})
                        context.set_default_timeout(LONGEST)
                        remembered = entries(client)
                        await context.add_init_script(
                            f"for (const [key, value] of {remembered}) localStorage.setItem(key, value);"
                            f"window.deep = {DEEP};{NOTE_PUT}"
                        )
                        return await _measure(client, simulated.entry_id, await context.new_page(), rounds)
                    finally:
                        await browser.close()
            finally:
                await process.stop()


async def _measure(client: Client, entry_id: str, page: Page, rounds: int) -> list[Figure]:
    await save_dashboard(client)
    states = await _core_dashboards(client, entry_id)
    [url] = await client.urls_to_paste(entry_id)
    figures = [weight()]
    async with aiohttp.ClientSession() as session:
        ours, core = await _in_turns(client, page, session, url, rounds)
        figures += [
            ratio("webhook to DOM beside core's markdown card, median of rounds", ours, core),
            Figure(
                what="webhook to DOM beside core's markdown card, p95",
                value=percentile(ours, 95) / percentile(core, 95),
                at_most=0.5,
                note=f"{percentile(ours, 95):.1f} ms and {percentile(core, 95):.1f} ms",
            ),
        ]
        figures += await _renders(client, page, session, url)
    opened, put, tiles, hardly = [], [], [], []
    for _ in range(min(rounds, LOADS)):
        opened.append(await _open(client, page, "/bench-phones/t", "[data-extension]", EXTENSIONS))
        put.append(opened[-1] - (time.time() - await page.evaluate("window.benchPut")))
        tiles.append(await _open(client, page, "/bench-tiles/t", "hui-tile-card", len(states)))
        hardly.append(await _open(client, page, "/bench-markdown/t", "ha-markdown-element", 1))
    name = f"a page of {EXTENSIONS} phones opens, beside as many core tiles"
    return [
        *figures,
        Figure(
            what=name,
            value=median(opened) / median(tiles),
            at_most=0.65,
            note=f"{median(opened):.2f} s and {median(tiles):.2f} s; with one Markdown card {median(hardly):.2f} s",
        ),
        Figure(
            what=f"{name}: until Home Assistant puts our card there",
            value=median(put) / median(tiles),
            note=f"{median(put):.3f} s of {median(opened):.3f} s",
        ),
    ]


def weight() -> Figure:
    """Weigh what every page loads: the script and the parts that it imports at once."""
    folder = INTEGRATION / "www"
    text = (folder / "pbx.js").read_text("utf-8")
    names = {"pbx.js"} | {part.name for part in folder.glob("chunk-*.js") if f'"./{part.name}"' in text}
    weight = sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in names) / 1000
    return Figure(what="first load, gzipped, kB", value=weight, at_most=30)


async def _core_dashboards(client: Client, entry_id: str) -> list[str]:
    """Make dashboards of core cards that show the same; give the entities of the phones."""
    found = await client.entities(entry_id)
    states = [str(one["entity_id"]) for one in found if one["unique_id"].endswith("_call_state")]
    active = next(str(one["entity_id"]) for one in found if one["unique_id"].endswith("_account_active_calls"))
    tiles = [{"type": "tile", "entity": state} for state in states]
    # A card without any text would not be there to look at.
    content = f"Calls\n{{% for call in state_attr('{active}', 'calls') or [] %}}{{{{ call.caller }}}}\n{{% endfor %}}"
    # One card of ours beside one of core's: what else a dashboard shows would be measured on one side only.
    views: dict[str, dict[str, Any]] = {
        "bench-calls": {"cards": [{"type": "custom:pbx-calls-card"}]},
        "bench-phones": {"cards": [{"type": "custom:pbx-phones-card"}]},
        "bench-tiles": {"type": "sections", "sections": [{"type": "grid", "cards": tiles}], "max_columns": 4},
        "bench-markdown": {"cards": [{"type": "markdown", "content": content}]},
    }
    for name, view in views.items():
        await client.command("lovelace/dashboards/create", url_path=name, title=name, mode="storage")
        await client.command(
            "lovelace/config/save", url_path=name, config={"views": [{"title": "t", "path": "t", **view}]}
        )
    return states


async def _in_turns(
    client: Client, page: Page, session: aiohttp.ClientSession, url: str, rounds: int
) -> tuple[list[float], list[float]]:
    """Let calls come in front of one page, then of the other; give the milliseconds until each was seen."""
    times: tuple[list[float], list[float]] = ([], [])
    index = 0
    for _ in range(TURNS):
        shown = (("/bench-calls/t", "pbx-calls-card", 0), ("/bench-markdown/t", "ha-markdown-element", 1))
        for path, tag, whose in shown:
            await page.goto(client.process.url + path)
            await page.wait_for_function("(tag) => window.deep(document, tag).length > 0", arg=tag)
            await asyncio.sleep(2)
            # The first of each turn is not counted: there the browser compiles what the later ones only run.
            for number in range(max(2, rounds // 2) + 1):
                index += 1
                taken = await _until_seen(page, session, url, index, tag)
                if number and taken is not None:
                    times[whose].append(taken)
    return times


async def _until_seen(page: Page, session: aiohttp.ClientSession, url: str, index: int, tag: str) -> float | None:
    """Push one call and its end; give the milliseconds from sending the push until its number stands there.

    None if it never did: a poll in that very moment finds no such call, of which only the bench knows.
    """
    call = fresh_call()
    rings, missed = bodies(index % EXTENSIONS, call, int(call))
    number = f"442079460{int(call) % 1000:03}"
    pending = asyncio.ensure_future(page.evaluate(SEEN, [tag, number]))
    await asyncio.sleep(SETTLED)
    begin = time.time() * 1000
    async with session.post(url, data=rings, headers=HEADERS) as response:
        await response.read()
    seen: float | None = await pending
    async with session.post(url, data=missed, headers=HEADERS) as response:
        await response.read()
    await asyncio.sleep(SETTLED * 6)  # the row of a call that is over stays for a second
    return None if seen is None else seen - begin


async def _renders(client: Client, page: Page, session: aiohttp.ClientSession, url: str) -> list[Figure]:
    """Count what is drawn for states that are not ours, and for a hundred calls at once."""
    await page.goto(f"{client.process.url}/{DASHBOARD}/phones")
    await page.wait_for_function("(count) => window.deep(document, '[data-extension]').length >= count", arg=EXTENSIONS)
    await asyncio.sleep(2)
    await page.evaluate("window.pbxRenders = {}")
    for number in range(100):
        await client.post("/api/states/sensor.noise", {"state": str(number)})
    await asyncio.sleep(1)
    foreign = sum((await page.evaluate("window.pbxRenders")).values())
    for _ in range(TRIES):
        burst = await _burst(page, session, url)
        if burst is not None:
            break
    else:
        raise TimeoutError("A hundred calls at once were never seen")
    return [
        Figure(what="renders for 100 states that are not ours", value=foreign, at_most=0),
        Figure(what="renders of the phones card for 100 calls at once", value=burst, at_most=5),
    ]


async def _burst(page: Page, session: aiohttp.ClientSession, url: str) -> int | None:
    """Let a hundred calls come at once; give how often the card was drawn until all were seen.

    None if they were not: a poll in that very moment finds none of these calls, of which only the bench knows.
    """
    made = [bodies(index, call := fresh_call(), int(call)) for index in range(100)]

    async def post(body: bytes) -> None:
        async with session.post(url, data=body, headers=HEADERS) as response:
            await response.read()

    await page.evaluate("window.pbxRenders = {}")
    await asyncio.gather(*(post(rings) for rings, _ in made))
    seen = "window.deep(document, \"[data-state='ringing'][data-extension]\").length >= 100"
    with suppress(PlaywrightTimeout):
        await page.wait_for_function(seen, timeout=20_000)
    drawn: int = max((await page.evaluate("window.pbxRenders")).values(), default=0)
    shown = await page.evaluate(seen)
    await asyncio.gather(*(post(missed) for _, missed in made))
    return drawn if shown else None


async def _open(client: Client, page: Page, path: str, selector: str, count: int) -> float:
    """Open a page; give the seconds until all is there."""
    await page.goto("about:blank")
    begin = time.monotonic()
    await page.goto(client.process.url + path)
    await page.wait_for_function(
        "([selector, count]) => window.deep(document, selector).length >= count", arg=[selector, count]
    )
    return time.monotonic() - begin
