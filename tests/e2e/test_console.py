"""The front end in the real Home Assistant, through a browser: whole flows, as a person walks through them."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, override

import pytest
import yaml
from playwright.async_api import Locator, Page

from tests.frontend.stage import AUDIT, AXE

from .accounts import Account, Voipat, Voipstudio, Voipsun, Voxloud
from .client import ActionError, Client, Json
from .dashboard import CONFIG, DASHBOARD, save_dashboard
from .develop import furnish
from .house import opened
from .process import until
from .screens import MARKS, Screens
from .screenshot import FLAGS

VIEWS = {
    "calls": ("calls",),
    "phones": ("phones",),
    "queues": ("queues",),
    "history": ("list",),
    "contacts": ("contacts",),
}
LOADS = 8
DRAWN = """() => {
    const deep = (root, selector, found = []) => {
        found.push(...(root.querySelectorAll?.(selector) ?? []));
        for (const element of root.querySelectorAll?.("*") ?? []) {
            if (element.shadowRoot) deep(element.shadowRoot, selector, found);
        }
        return found;
    };
    return deep(document, "pbx-calls-card").some((card) => card.shadowRoot?.querySelector("ha-card"))
        && deep(document, "pbx-call-popup").some((popup) => popup.shadowRoot?.querySelector(".stack"));
}"""
# Home Assistant has taken the colours of a scheme over, and they are on the screen.
IN_SCHEME = """async (dark) => {
    const same = document.querySelector("home-assistant").hass.themes.darkMode === dark;
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return same;
}"""
# Whether no color is on its way to another, in any shadow.
SETTLED = """() => {
    const within = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
        ...element.getAnimations(),
        ...(element.shadowRoot ? within(element.shadowRoot) : []),
    ]);
    return !within(document).some((one) => one instanceof CSSTransition && one.playState === "running");
}"""
# Takes the script out of the pages that the service worker keeps; says whether there were any.
MAKE_STALE = """async () => {
    let changed = false;
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            const kept = await cache.match(request);
            if (!(kept.headers.get("content-type") ?? "").includes("text/html")) continue;
            const text = await kept.text();
            const stale = text.replaceAll(/import\\("\\/pbx_static[^)]*\\)/g, "Promise.resolve()");
            const marked = stale.replace("<head>", "<head><meta name='stale'>");
            if (text.includes("pbx_static")) changed = true;
            await cache.put(request, new Response(marked, {headers: kept.headers}));
        }
    }
    return changed;
}"""

pytestmark = MARKS


class Office(Screens[Voipat]):
    """A Home Assistant with all simulated phone systems, and somebody in front of it."""

    flags = (*FLAGS, "--autoplay-policy=no-user-gesture-required")

    def __init__(self, folder: Path, pictures: Path) -> None:
        """Prepare; a test that fails leaves a picture."""
        # A browser that is driven clicks sooner than a person: before the switch's list has followed its events.
        self.voipat = Voipat(seed=3, auto_answer=0.1)
        self.voxloud = Voxloud(seed=4)
        self.voipsun = Voipsun(seed=5)
        self.voipstudio = Voipstudio(seed=6)
        super().__init__(folder, pictures, self.voipat, self.voxloud, self.voipsun, self.voipstudio)

    @override
    async def open(self) -> None:
        """Start everything."""
        await super().open()
        await furnish(self.client, self.accounts)
        await save_dashboard(self.client)

    async def look(self, path: str) -> Page:
        """Look at a page in a new window, in place of the last one."""
        page = await self.sit_down()
        await self.go(path)
        return page

    async def choose(self, account: Account[Any], extension: str, popup: str = "mine") -> None:
        """Make an extension the user's own phone."""
        await self.client.command("pbx/me/set", extension=f"{account.entry_id}/{extension}", popup=popup)

    async def quiet(self) -> None:
        """End all calls, so that no test hears those of another."""
        for account in self.accounts:
            for up in account.simulator.truth():
                await account.simulator.hang_up(up.call_id)

    async def live(self, name: str, state: str) -> Locator:
        """Wait for the live call with somebody to be in a state."""
        row = self.page.locator(f"pbx-calls-card li[data-state='{state}']").filter(has_text=name)
        await row.wait_for()
        return row


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Keep an office open; neither the browser nor Home Assistant may complain of the integration."""
    with opened(Office(tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("pictures"))) as office:
        yield office


def at_work(test: Callable[[Office], Coroutine[Any, Any, None]]) -> Callable[[Office], None]:
    """Run a test on the loop of the office; what went wrong leaves a picture."""

    def run(office: Office) -> None:
        try:
            office.run(test(office))
        except Exception as err:
            err.add_note(f"See {office.run(office.picture(test.__name__))}")
            raise
        finally:
            office.run(office.quiet())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@at_work
async def test_add_the_dashboard(office: Office) -> None:
    """From the settings, without a line of YAML; with all views, and with its name in the sidebar."""
    page = await office.look("/config/lovelace/dashboards")
    await page.get_by_text("Add dashboard").first.click()
    await page.get_by_text("Calls, phones, queues and history").click()
    await page.get_by_role("button", name="Create").click()

    async def made() -> Json | None:
        listed = await office.client.command("lovelace/dashboards/list")
        return next((board for board in listed if board["title"] == "Phones" and board["url_path"] != DASHBOARD), None)

    async def saved() -> bool:
        try:
            return bool(await office.client.command("lovelace/config", url_path=board["url_path"]) == CONFIG)
        except ActionError:  # the page saves it after the dashboard is there
            return False

    board = await until(made, "dashboard")
    await until(saved, "configuration of the dashboard")
    for view, shown in {**VIEWS, "calls": ("calls", "dial")}.items():
        await office.go(f"/{board['url_path']}/{view}")
        for card in shown:
            await page.locator(f"pbx-{card}-card ha-card").first.wait_for()
    assert await office.client.command("lovelace/config", url_path=board["url_path"]) == CONFIG
    assert await page.locator("hui-error-card").count() == 0


@at_work
async def test_a_call_by_clicks(office: Office) -> None:
    """A call that is pushed appears; it is held, resumed, transferred and hung up."""
    await office.choose(office.voipat, "101", "off")
    await office.look(f"/{DASHBOARD}/calls")
    sim = office.voipat.simulator
    call = await sim.ring("+493023125101", "101", name="Bakery Schmidt")
    row = await office.live("Bakery Schmidt", "ringing")
    await sim.answer(call, "101")
    row = await office.live("Bakery Schmidt", "talking")
    await row.get_by_role("button", name="Hold").click()
    row = await office.live("Bakery Schmidt", "on_hold")
    await row.get_by_role("button", name="Resume").click()
    row = await office.live("Bakery Schmidt", "talking")
    await row.get_by_role("button", name="Transfer").click()
    box = row.get_by_role("combobox")
    await box.fill("nonsense!")
    await box.press("Enter")
    await office.page.locator("pbx-calls-card").get_by_role("alert").filter(has_text="number").wait_for()
    await box.fill("104")
    await box.press("Enter")
    row = office.page.locator("pbx-calls-card li[data-call]").filter(has_text="Marek Nowak")
    await row.wait_for()
    await row.get_by_role("button", name="Hang up").click()
    await office.page.get_by_text("All is quiet").first.wait_for()
    assert sim.truth() == []


@at_work
async def test_dial_by_name(office: Office) -> None:
    """Some letters of a contact in the phone system's address book are enough."""
    await office.choose(office.voipstudio, "1002", "off")
    page = await office.look(f"/{DASHBOARD}/calls")
    box = page.locator("pbx-dial-card").get_by_role("combobox")
    await box.click()
    await page.keyboard.type("grac")
    await page.get_by_role("option").filter(has_text="Grace Okafor").first.click()
    await box.press("Enter")
    row = (
        page.locator("pbx-calls-card li")
        .filter(has_text="Grace Okafor")
        .or_(page.locator("pbx-calls-card li[data-call]").filter(has_text="442079460123"))
    )
    await row.first.wait_for()
    for up in office.voipstudio.simulator.truth():
        await office.voipstudio.simulator.hang_up(up.call_id)


@at_work
async def test_play_a_recording(office: Office) -> None:
    """The sound of a call that was recorded is decoded and plays."""
    sim = office.voxloud.simulator
    call = await sim.ring("+390655502001", "101")
    await sim.answer(call, "101")
    await asyncio.sleep(2.2)
    await sim.hang_up(call)

    async def written() -> bool:
        page = await office.client.command("pbx/history", account=office.voxloud.entry_id, limit=5)
        return any("recording_id" in row for row in page["records"])

    await until(written, "recording", 60)
    page = await office.look(f"/{DASHBOARD}/history")
    rows = page.locator("pbx-list-card li").filter(has_text="Play recording")
    await rows.first.get_by_role("button").first.click()
    await page.get_by_role("button", name="Play recording", exact=True).click()
    audio = page.locator("pbx-list-card audio")
    await audio.wait_for()
    await audio.evaluate(
        """async (audio) => {
            while (!audio.error && !(audio.currentTime > 0)) await new Promise((done) => setTimeout(done, 50));
        }"""
    )
    heard = await audio.evaluate("(audio) => ({error: audio.error?.message, duration: audio.duration})")
    assert heard.get("error") is None
    assert 0.3 < heard["duration"] < 60


@at_work
async def test_an_agent_by_clicks(office: Office) -> None:
    """Logged in, paused and logged out from the wallboard."""
    page = await office.look(f"/{DASHBOARD}/queues")
    agent = page.locator("pbx-queues-card [data-agent]").filter(has_text="Jana Svobodová")
    await agent.get_by_role("button", name="Log in").click()
    await agent.get_by_role("button", name="Log out").wait_for()
    await agent.get_by_role("button", name="Pause", exact=False).click()
    await agent.get_by_role("button", name="End pause").click()
    await agent.get_by_role("button", name="Log out").click()
    await agent.get_by_role("button", name="Log in").wait_for()


@at_work
async def test_answer_from_the_pop_up(office: Office) -> None:
    """On a page of the settings, above an open dialog, while somebody types into a field of it."""
    await office.choose(office.voipstudio, "1002")
    page = await office.look("/config/lovelace/dashboards")
    await page.get_by_text("Add dashboard").first.click()
    field = page.get_by_placeholder("Search dashboards")
    await field.click()
    await page.keyboard.type("ab")
    sim = office.voipstudio.simulator
    call = await sim.ring("442079460123", "1002", "1003", name="Grace Okafor")
    article = page.locator("pbx-call-popup article")
    await article.wait_for()
    await article.get_by_text("2079460123").first.wait_for()
    await page.keyboard.type(" \n")
    assert [up.state for up in sim.truth()] == ["ringing"]
    await article.get_by_role("button", name="Answer").click()
    await article.wait_for(state="detached")
    assert [up.state for up in sim.truth()] == ["talking"]
    await sim.hang_up(call)
    assert await field.input_value() == "ab"


@at_work
async def test_reject_leaves_the_group_ringing(office: Office) -> None:
    """Only my phone stops; on another page than a dashboard."""
    await office.choose(office.voipstudio, "1002")
    page = await office.look("/config/dashboard")
    await page.get_by_text("Devices & services").first.wait_for()
    sim = office.voipstudio.simulator
    call = await sim.ring("442079460124", "1002", "1003", name="Piotr")
    await page.locator("pbx-call-popup").get_by_role("button", name="Reject").click()
    await page.locator("pbx-call-popup article").wait_for(state="detached")
    [up] = sim.truth()
    assert [leg.extension for leg in up.legs if leg.state == "ringing" and leg.extension] == ["1003"]
    await sim.hang_up(call)


@at_work
async def test_every_page_load_shows_the_cards(office: Office) -> None:
    """Warm and cold: the cards are drawn and the pop-up is there, each time."""
    for warm in (True, False):
        context = await office.window()
        for _ in range(LOADS):
            if not warm:
                await context.close()
                context = await office.window()
            page = await context.new_page()
            await page.goto(f"{office.process.url}/{DASHBOARD}/calls")
            await page.wait_for_function(DRAWN)
            await page.close()
        await context.close()


@at_work
async def test_a_stale_page_shows_the_cards(office: Office) -> None:
    """A page that a service worker kept from before the integration was added does not name the script."""
    url = office.process.url.replace("127.0.0.1", "localhost")  # a browser allows no service worker elsewhere
    context = await office.window(url)
    page = await context.new_page()
    await page.goto(f"{url}/{DASHBOARD}/calls")
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    stale = 0
    for _ in range(3 * LOADS):
        # The worker fetches the page anew in the background, at times before it is loaded again.
        await page.wait_for_function(MAKE_STALE)
        await page.reload()
        await page.wait_for_function(DRAWN)
        stale += await page.locator("meta[name=stale]").count()
        if stale == LOADS:
            break
    assert stale == LOADS
    await context.close()


@at_work
async def test_accessible(office: Office) -> None:
    """axe-core finds nothing of ours in any view, light and dark."""
    if not AXE.exists():
        pytest.skip("scripts/setup-frontend was not run")
    await office.choose(office.voipstudio, "1002", "all")
    call = await office.voipstudio.simulator.ring("442079460123", "1002", name="Grace Okafor")
    page = await office.sit_down()
    for view in VIEWS:
        await office.go(f"/{DASHBOARD}/{view}")
        await page.locator("hui-view ha-card, ha-card").first.wait_for()
        await page.locator("pbx-call-popup article").first.wait_for()
        await page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.wait_for_function(IN_SCHEME, arg=scheme == "dark")
            await page.wait_for_function(SETTLED)
            await page.evaluate(AXE.read_text("utf-8"))
            assert await page.evaluate(AUDIT) == [], (view, scheme)
    await office.voipstudio.simulator.hang_up(call)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """Listen as a stranger's server would; give its address, and the requests that come."""
    heard: list[str] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readline()).decode())
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


def told_card(sensor: str) -> Json:
    """Give the card for calls that are up as its page tells it."""
    page = Path("docs/dashboards.md").read_text("utf-8")
    (told,) = re.findall(r"```yaml\n(type: markdown\n.*?)```", page, re.DOTALL)
    card: Json = yaml.safe_load(told.replace("sensor.office_active_calls", sensor))
    return card


@at_work
async def test_a_strangers_name_loads_nothing(office: Office) -> None:
    """A caller's name that is a picture stays text, wherever it is shown: its server is not asked for anything."""
    client, sim = office.client, office.voipat.simulator
    await office.choose(office.voipat, "101", "all")
    async with listening() as (url, heard):
        call = await sim.ring("+493023125101", "101", name=f"![x]({url}/x.png)<img src={url}/y.png>")

        async def listed() -> str | None:
            for state in await client.command("get_states"):
                if "x.png" in str(state["attributes"].get("calls")):
                    return str(state["entity_id"])
            return None

        card = told_card(await until(listed, "call"))
        await client.command(
            "lovelace/dashboards/create", url_path="pbx-told", title="Told", icon="mdi:phone", mode="storage"
        )
        await client.command("lovelace/config/save", url_path="pbx-told", config={"views": [{"cards": [card]}]})
        said = {"action": "persistent_notification.create", "data": {"title": "Call", "message": card["content"]}}
        await client.command("execute_script", sequence=[said])
        page = await office.sit_down()
        for path, place in (
            (f"/{DASHBOARD}/calls", "pbx-calls-card"),
            (f"/{DASHBOARD}/calls", "pbx-call-popup article"),
            ("/pbx-told/0", "ha-markdown"),
            ("/logbook", "ha-logbook"),
        ):
            await office.go(path)
            await page.locator(place).filter(has_text="x.png").first.wait_for()
        await page.evaluate(
            "document.querySelector('home-assistant').shadowRoot"
            ".querySelector('home-assistant-main').dispatchEvent(new CustomEvent('hass-show-notifications'))"
        )
        await page.locator("persistent-notification-item, notification-item").filter(has_text="x.png").first.wait_for()
        await page.wait_for_load_state("networkidle")
        assert heard == []
        # What is planted is heard, so that the silence says something.
        await page.evaluate(
            "url => { document.body.append(Object.assign(new Image(), {src: url})); }", f"{url}/planted"
        )

        async def planted() -> bool:
            return any("planted" in line for line in heard)

        await until(planted, "request")
        assert not [line for line in heard if "planted" not in line]
        await sim.hang_up(call)


@at_work
async def test_after_a_restart(office: Office) -> None:
    """A page that stays open shows calls again, without being loaded anew."""
    await office.choose(office.voipstudio, "1002", "off")
    page = await office.look(f"/{DASHBOARD}/calls")
    await page.locator("pbx-calls-card ha-card").wait_for()
    await office.client.close()
    await office.process.stop()
    await office.process.start()
    office.client = await Client(office.process).__aenter__()
    for account in office.accounts:
        await office.client.loaded(account.entry_id)
    sim = office.voipstudio.simulator
    call = await sim.ring("442079460123", "1003", name="Grace Okafor")
    await office.live("2079460123", "ringing")
    await sim.hang_up(call)
    await page.get_by_text("All is quiet").first.wait_for()
