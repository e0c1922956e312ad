"""Take the pictures of the documentation: the Phones dashboard, and the page of an extension."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from .accounts import available
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
SETTLED = 6
LIFETIME = 1800


async def main(folder: Path) -> int:
    """Run the demo and take the pictures."""
    accounts = [kind(seed=SEED + index) for index, kind in enumerate(available())]
    process = HassProcess(folder, components=FULL)
    async with simulators(accounts, free_ports=True), home_assistant(process), Client(process) as client:
        await furnish(client, accounts)
        await save_dashboard(client)
        await client.command("pbx/me/set", extension=f"{accounts[0].entry_id}/{accounts[0].extensions[0]}", popup="off")
        async with asyncio.TaskGroup() as tasks, async_playwright() as playwright:
            demos = [tasks.create_task(account.demo(PACE).run()) for account in accounts]
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            await asyncio.sleep(BUSY)

            async def lively() -> bool:
                calls = [account.simulator.truth() for account in accounts]
                states = [call.state for listed in calls for call in listed]
                return all(calls) and len(states) >= ACTIVE and {"ringing", "on_hold"} <= set(states)

            await until(lively, f"{ACTIVE} calls at once", 240)
            # The pictures show one moment; the polls catch up with it while the page loads.
            for demo in demos:
                demo.cancel()
            await picture(browser, client, f"/{DASHBOARD}/calls", "dashboard", (1600, 1200))
            await picture(browser, client, f"/{DASHBOARD}/phones", "phones", (1280, 800), dark=True)
            await picture(browser, client, f"/{DASHBOARD}/calls", "phone", (390, 844), dark=True)
            device = await client.device(accounts[0].entry_id, f"extension_{accounts[0].extensions[0]}")
            await picture(browser, client, f"/config/devices/device/{device}", "extension", (1280, 960))
            await browser.close()
    return 0


async def picture(
    browser: Browser, client: Client, path: str, name: str, size: tuple[int, int], *, dark: bool = False
) -> None:
    """Look at a page as the signed-in user and keep what is seen."""
    page = await browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        locale="en-GB",
        timezone_id="Europe/Berlin",
        color_scheme="dark" if dark else "light",
    )
    await page.add_init_script(f"for (const [key, value] of {entries(client)}) localStorage.setItem(key, value)")
    await page.goto(client.process.url + path)
    await page.get_by_text("Anna Keller").filter(visible=True).first.wait_for()
    # Icons and the history come a moment later, each by a request of its own.
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(SETTLED)
    IMAGES.mkdir(parents=True, exist_ok=True)
    file = IMAGES / f"{name}.png"
    await page.screenshot(path=file)
    await page.close()
    say(f"{file.relative_to(IMAGES.parents[1])}: {file.stat().st_size / 1000:.0f} kB")


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
    with tempfile.TemporaryDirectory(prefix="home-assistant-") as name:
        sys.exit(asyncio.run(main(Path(name))))
