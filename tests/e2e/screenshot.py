"""Take the pictures of the documentation: the Phones dashboard, still and moving, and the page of an extension."""

import argparse
import asyncio
import io
import json
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from ..simulators.voipstudio_people import people
from .accounts import Account, Voipstudio, available
from .client import Client
from .dashboard import DASHBOARD, save_dashboard
from .develop import furnish, home_assistant, say, simulators
from .process import FULL, HassProcess, until

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
# The browser of a machine without a network otherwise looks for its maker's hosts.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
SEED = 7
PACE = 4.0
BUSY = 40
"""Seconds of a busy day, at four times its pace, until the picture: so that there is something to see."""
ACTIVE = 6
SETTLED = 4
PATIENCE = 120_000
FRAME = 250
"""Milliseconds for which each frame of the animated picture is shown."""
# Who calls in the demo, as the house's own phone book has them.
PEOPLE = {
    "+12025550143": ("Nora Whitfield", "Whitfield Design"),
    "+33199000042": ("Camille Laurent", "Librairie Laurent"),
    "+390655502001": ("Giulia Bianchi", ""),
    "+420222333501": ("Kavárna Slavie", ""),
    "+420222333502": ("Hotel Praha", ""),
    "+420222333777": ("Tomáš Dvořák", ""),
    "+420222333778": ("Ivana Horáková", "Horáková Reality"),
    "+441632960777": ("Tom Baker", ""),
    "+442079460123": ("Grace Okafor", "Okafor Tea"),
    "+442079460124": ("Piotr Zając", ""),
    "+442079460555": ("Emma Clarke", "Clarke & Sons"),
    "+447700900123": ("Daniel Evans", ""),
    "+447700900124": ("Olivia Hughes", ""),
    "+493023125101": ("Bakery Schmidt", ""),
    "+493023125102": ("Dr. Weber", ""),
    "+493023125777": ("Paketdienst Nord", ""),
}
type Look = tuple[str, tuple[int, int], bool]
"""A language, a size, and whether it is dark."""

VIEWS = ("calls", "phones", "queues", "history", "contacts")
SIZES = ((1600, 1100), (1024, 1100), (390, 1100))
LANGUAGES = ("en-GB", "de-DE", "ar")
LOOKS = tuple(product(LANGUAGES, SIZES, (False, True)))
"""Every language in every size, light and dark."""
PAGE = (1280, 1400)
MOMENT = 3
"""Seconds in which Home Assistant hears of everything, also by its polls."""
SHOWN = {"activity": "ha-logbook", "accounts": "ha-config-entry-row"}
"""What a page of Home Assistant shows in place of cards."""
MANY = 1_000
LIFETIME = 1800


async def main(folder: Path, tour: Path | None, pages: Path | None) -> None:
    """Run the demo and take the pictures: those of the documentation, or into another folder very many to look at."""
    accounts = [kind(seed=SEED + index) for index, kind in enumerate(available())]
    process = HassProcess(folder, components=FULL)
    async with simulators(accounts, free_ports=True), home_assistant(process), Client(process) as client:
        await furnish(client, accounts)
        await save_dashboard(client)
        for number, (name, company) in PEOPLE.items():
            groups = ["business" if company else "private"]
            await client.act("pbx.add_to_phone_book", name=name, company=company, numbers=[number], groups=groups)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            studio = Studio(client, browser, tour or pages or IMAGES)
            if tour is not None:
                await walk(studio, "quiet", LOOKS[::4])
            elif pages is None:
                await film(studio, accounts)
            await client.command(
                "pbx/me/set", extension=f"{accounts[0].entry_id}/{accounts[0].extensions[0]}", popup="off"
            )
            if pages is None:
                await busy(accounts)
            if tour is not None:
                await walk(studio, "busy", LOOKS)
            elif pages is not None:
                await house_pages(studio, accounts[0])
            else:
                await pictures(studio, accounts[0])
            await browser.close()


async def busy(accounts: Sequence[Account[Any]]) -> None:
    """Let a busy day begin, and stop it at a moment at which there is something to see."""

    async def lively() -> bool:
        calls = [account.simulator.truth() for account in accounts]
        states = [call.state for listed in calls for call in listed]
        return all(calls) and len(states) >= ACTIVE and {"ringing", "on_hold"} <= set(states)

    async with asyncio.TaskGroup() as tasks:
        demos = [tasks.create_task(account.demo(PACE).run()) for account in accounts]
        await asyncio.sleep(BUSY)
        await until(lively, f"{ACTIVE} calls at once", 240)
        # The pictures show one moment; the polls catch up with it while the page loads.
        for demo in demos:
            demo.cancel()


class Studio:
    """A browser that looks at pages as the signed-in user, and where its pictures go."""

    def __init__(self, client: Client, browser: Browser, folder: Path) -> None:
        """Take pictures of this Home Assistant."""
        self.client = client
        self.folder = folder
        self._browser = browser

    async def page(self, size: tuple[int, int], *, dark: bool = False, language: str = "en-GB") -> Page:
        """Open an empty page."""
        page = await self._browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            timezone_id="Europe/Berlin",
            color_scheme="dark" if dark else "light",
        )
        page.set_default_timeout(PATIENCE)
        remembered = entries(self.client)
        await page.add_init_script(f"for (const [key, value] of {remembered}) localStorage.setItem(key, value)")
        return page

    async def take(self, view: str, name: str, size: tuple[int, int], *, shows: str = "ha-card", **how: Any) -> None:
        """Keep a picture of a view of the dashboard, or of the page with this address, once it shows something."""
        page = await self.page(size, **how)
        await page.goto(self.client.process.url + (view if view.startswith("/") else f"/{DASHBOARD}/{view}"))
        await page.locator(shows).filter(visible=True).first.wait_for()
        # Icons and the history come a moment later, each by a request of its own.
        await page.wait_for_load_state("networkidle")
        await asyncio.sleep(SETTLED)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.png"
        await page.screenshot(path=file)
        await page.close()
        say(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


async def pictures(studio: Studio, account: Account[Any]) -> None:
    """Take the pictures of the documentation."""
    await studio.take("calls", "dashboard", (1600, 1200))
    await studio.take("phones", "phones", (1280, 800), dark=True)
    await studio.take("calls", "phone", (390, 844), dark=True)
    await studio.take("history", "history", (1280, 800))
    await studio.take("queues", "queues", (1280, 800), dark=True)
    device = await studio.client.device(account.entry_id, f"extension_{account.extensions[0]}")
    await studio.take(f"/config/devices/device/{device}", "extension", (1280, 960))
    await some_calls(account)
    await studio.take("/logbook", "activity", (860, 1000), shows=SHOWN["activity"])


async def walk(studio: Studio, when: str, looks: Sequence[Look], views: Sequence[str] = VIEWS) -> None:
    """Take views in some looks."""
    for language, size, dark in looks:
        for view in views:
            name = f"{view}-{when}-{size[0]}-{language}-{'dark' if dark else 'light'}"
            await studio.take(view, name, size, language=language, dark=dark)


async def house_pages(studio: Studio, account: Account[Any]) -> None:
    """Take Home Assistant's own pages, on which people look for who called, in every language of the tour."""
    client = studio.client
    phone = f"extension_{account.extensions[0]}"
    device = await client.device(account.entry_id, phone)
    whole = (await client.entity(account.entry_id, "account", "missed_calls"))["device_id"]
    area = await client.command("config/area_registry/create", name="Office", icon="mdi:desk")
    await client.command("config/device_registry/update", device_id=device, area_id=area["area_id"])
    pages = {
        "activity": "/logbook",
        "overview": "/home/overview",
        "area": f"/home/areas-{area['area_id']}",
        "device": f"/config/devices/device/{device}",
        "account": f"/config/devices/device/{whole}",
        "accounts": "/config/integrations/integration/pbx",
    }
    for subject, key in (
        (phone, "call_state"),
        (phone, "call_event"),
        (phone, "call_back"),
        ("account", "active_calls"),
        ("account", "missed_calls"),
        ("account", "recent_calls"),
    ):
        entity = await client.entity(account.entry_id, subject, key)
        pages[key] = f"/config/devices/device/{device}?more-info-entity-id={entity['entity_id']}"
    for language in LANGUAGES:
        await client.speak(language.partition("-")[0], account.entry_id)
        await some_calls(account)
        for name, page in pages.items():
            shows = SHOWN.get(name, "ha-more-info-info" if "more-info" in page else "ha-card")
            await studio.take(page, f"{name}-{language}", PAGE, shows=shows, language=language)
        for call in account.simulator.truth():
            await account.simulator.hang_up(call.call_id)


async def some_calls(account: Account[Any]) -> None:
    """Let a phone be called, miss a call, call somebody, and talk in the end."""
    sim, (phone, other, *_) = account.simulator, account.extensions
    callers = account.callers
    for caller in callers[:2]:
        call = await sim.ring(caller.number, phone, name=caller.name)
        await asyncio.sleep(MOMENT)
        await sim.answer(call, phone)
        await asyncio.sleep(2 * MOMENT)
        await sim.hang_up(call)
        await asyncio.sleep(MOMENT)
    for caller in (*callers[3:], callers[1]):
        call = await sim.ring(caller.number, phone, name=caller.name)
        await asyncio.sleep(MOMENT)
        await sim.hang_up(call)
        await asyncio.sleep(MOMENT)
    call = await sim.dial(phone, callers[2].number)
    await asyncio.sleep(2 * MOMENT)
    await sim.hang_up(call)
    await asyncio.sleep(MOMENT)
    for caller, extension in ((callers[0], phone), (callers[2], other)):
        call = await sim.ring(caller.number, extension, name=caller.name)
        await asyncio.sleep(MOMENT)
        await sim.answer(call, extension)


async def large(folder: Path, tour: Path) -> None:
    """Take the views of a house with very many phones."""
    accounts: list[Account[Any]] = [Voipstudio(seed=SEED, population=people(MANY))]
    process = HassProcess(folder, components=FULL)
    async with simulators(accounts, free_ports=True), home_assistant(process), Client(process) as client:
        await furnish(client, accounts)
        await save_dashboard(client)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            await walk(Studio(client, browser, tour), str(MANY), LOOKS[::4], ("calls", "phones"))
            await browser.close()


async def film(studio: Studio, accounts: Sequence[Account[Any]]) -> None:
    """Keep a short animated picture: somebody calls, and is answered, held, and hung up, by clicks."""
    [account] = [one for one in accounts if isinstance(one, Voipstudio)]
    extension = account.extensions[0]
    await studio.client.command("pbx/me/set", extension=f"{account.entry_id}/{extension}", popup="mine")
    page = await studio.page((1000, 640))
    await page.goto(f"{studio.client.process.url}/{DASHBOARD}/calls")
    await page.get_by_text("All is quiet").first.wait_for()
    await page.wait_for_load_state("networkidle")
    frames: list[Image.Image] = []

    async def shoot(count: int) -> None:
        """Keep some frames."""
        for _ in range(count):
            frames.append(Image.open(io.BytesIO(await page.screenshot())).convert("RGB"))
            await asyncio.sleep(FRAME / 1000)

    await shoot(3)
    await account.simulator.ring("442079460123", extension, name="Grace Okafor")
    article = page.locator("pbx-call-popup article")
    await article.wait_for()
    await shoot(8)
    await article.get_by_role("button", name="Answer").click()
    row = page.locator("pbx-calls-card li[data-state='talking']")
    await row.wait_for()
    await shoot(10)
    await row.get_by_role("button", name="Hang up").click()
    await row.wait_for(state="detached")
    await shoot(8)
    await page.close()
    file = studio.folder / "phones.webp"
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=FRAME, loop=0, quality=80, method=6)
    say(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def entries(client: Client) -> str:
    """Write what the browser is to remember: the client's own session, and that the sidebar is hidden."""
    url = client.process.url
    tokens = {
        "access_token": client.token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "expires": int((time.time() + LIFETIME) * 1000),
        "hassUrl": url,
        "clientId": f"{url}/",
        "refresh_token": client.refresh_token,
    }
    remembered = {"hassTokens": json.dumps(tokens), "dockedSidebar": json.dumps("always_hidden")}
    return json.dumps(list(remembered.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/screenshot", description=__doc__)
    parser.add_argument("--tour", type=Path, metavar="FOLDER", help="every view, in several sizes and languages")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="Home Assistant's own pages, in several languages")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="home-assistant-") as name:
        asyncio.run(main(Path(name) / "demo", given.tour, given.pages))
        if given.tour is not None:
            asyncio.run(large(Path(name) / "large", given.tour))
