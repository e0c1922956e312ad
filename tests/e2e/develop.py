"""Home Assistant with four simulated phone systems and a real one: to look at, or (`--once`) to prove the main job."""

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from tests.simulators.base import Simulator

from . import documents
from .accounts import KINDS, Account, available
from .client import PASSWORD, USER, ActionError, Client, HttpError
from .dashboard import DASHBOARD, save_dashboard
from .process import FULL, HassProcess, StartError, taken
from .proof import Proof, ProofError

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".homeassistant"
PORT = 8123
SABOTAGE = '''"""Send every request that places a call twice, as a client that repeats commands would."""

import aiohttp

_request = aiohttp.ClientSession._request


async def _twice(self, method, url, **kwargs):
    path, query = str(url).partition("?")[0], str(kwargs.get("params"))
    if method == "POST" and path.endswith(("/calls", "/calls/originate", "/connect")) or "originate" in query:
        await _request(self, method, url, **{**kwargs, "middlewares": ()})
    return await _request(self, method, url, **kwargs)


aiohttp.ClientSession._request = _twice
'''


class PortTakenError(Exception):
    """Somebody else listens where this program wants to."""


def say(text: str) -> None:
    """Tell the person in front of the terminal."""
    print(text, flush=True)  # noqa: T201 - that is what a terminal is for


@contextlib.asynccontextmanager
async def simulators(accounts: Sequence[Account[Any]], *, free_ports: bool) -> AsyncIterator[None]:
    """Keep the phone systems running."""
    async with contextlib.AsyncExitStack() as stack:
        for account in accounts:
            if not free_ports and taken(account.port):
                raise PortTakenError(f"Port {account.port}, for the simulated {account.provider}, is taken.")
            simulator: Simulator = account.simulator
            await simulator.start(0 if free_ports else account.port)
            stack.push_async_callback(simulator.stop)
            say(f"{account.provider}: runs on {simulator.url}")
        yield


@contextlib.asynccontextmanager
async def home_assistant(process: HassProcess) -> AsyncIterator[HassProcess]:
    """Keep Home Assistant running."""
    began = time.monotonic()
    try:
        await process.start()
        say(f"Home Assistant answers after {time.monotonic() - began:.1f} s")
        yield process
    finally:
        await process.stop()


# -- to look at -------------------------------------------------------------------------------------


async def demo(options: argparse.Namespace) -> int:
    """Run the demo until it is stopped."""
    if taken(PORT):
        raise PortTakenError(f"Port {PORT} is taken: is another Home Assistant running?")
    if options.fresh:
        shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(exist_ok=True)
    (HOME / ".gitignore").write_text("*\n")
    accounts = [kind(seed=random.randrange(1 << 30)) for kind in chosen(options.only)]
    process = HassProcess(HOME, port=PORT, components=FULL)
    async with simulators(accounts, free_ports=False), home_assistant(process):
        async with Client(process) as client:
            await furnish(client, accounts)
            await save_dashboard(client)
            own = f"{accounts[0].entry_id}/{accounts[0].extensions[0]}"
            await client.command("pbx/me/set", extension=own, popup="mine")
        say("")
        say(f"    {process.url}/{DASHBOARD}    user {USER}, password {PASSWORD}")
        say("")
        say("Ctrl-C stops it all.")
        async with asyncio.TaskGroup() as tasks:
            demos = [tasks.create_task(account.demo(options.pace).run()) for account in accounts]
            status = await process.wait()
            for task in demos:
                task.cancel()
    say(f"Home Assistant ended by itself with status {status}; see {HOME / 'process.log'}")
    return 1


async def furnish(client: Client, accounts: Sequence[Account[Any]]) -> None:
    """Set up the accounts that are not there yet, and connect those that are."""
    there = await client.accounts_by_provider()
    for account in accounts:
        if (entry_id := there.get(account.provider)) is not None:
            account.entry_id = entry_id
            await account.connect(await client.urls_to_paste(account.entry_id))
            say(f"{account.provider}: set up in an earlier run")
            continue
        step = await account.set_up(client)
        await account.complete(client)
        number = account.callers[0].number
        await client.add_subentry(
            account.entry_id,
            "speed_dial",
            name=f"Call {account.callers[0].name or number}",
            extension=account.extensions[0],
            number=number if number.startswith("+") else f"+{number}",
            icon="mdi:phone-outgoing",
        )
        say(f"{account.provider}: set up as {step['title']!r}")


# -- as a proof -------------------------------------------------------------------------------------


async def once(options: argparse.Namespace) -> int:
    """Prove the main job for each provider in a Home Assistant of its own."""
    rng = random.SystemRandom()
    accounts = [kind(seed=rng.randrange(1 << 30), auto_answer=0.1) for kind in chosen(options.only)]
    with tempfile.TemporaryDirectory(prefix="home-assistant-") as name:
        folder = Path(name)
        environment = {}
        if options.sabotage == "originate":
            (folder / "sabotage").mkdir()
            (folder / "sabotage" / "sitecustomize.py").write_text(SABOTAGE)
            environment["PYTHONPATH"] = str(folder / "sabotage")
        process = HassProcess(folder, environment=environment)
        try:
            async with simulators(accounts, free_ports=True), home_assistant(process), Client(process) as client:
                for account in accounts:
                    await prove(client, account, random.Random(rng.random()), options.sabotage)
        except ProofError as error:
            say(f"FAILED: {error}")
            return 1
        if complaints := process.complaints():
            say("FAILED: Home Assistant's log has warnings of the integration:\n" + "\n".join(complaints))
            return 1
    say(f"Proved: {', '.join(account.provider for account in accounts)}")
    return 0


async def prove(client: Client, account: Account[Any], rng: random.Random, sabotage: str) -> None:
    """Set one account up, break what is to be broken, and prove it."""
    step = await account.set_up(client)
    say(f"== {account.provider}: set up over the config flow as {step['title']!r}")
    await account.complete(client)
    if sabotage == "webhook":
        account.simulator.webhooks.drop = lambda _event, _body: True
        say("Broken on purpose: what the phone system pushes is lost")
    elif sabotage == "simulator":
        await account.simulator.stop()
        account.simulator.webhooks.drop = lambda _event, _body: True
        say("Broken on purpose: the phone system is gone")
    elif sabotage == "originate":
        say("Broken on purpose: a request that places a call is sent twice")
    await Proof(client, account, rng, say).run()


async def once_by_the_documents(options: argparse.Namespace) -> int:
    """Prove the main job at the literal servers, in a Home Assistant of its own."""
    kinds = documents.DOCUMENTS
    if options.only:
        kinds = {provider: kind for provider, kind in kinds.items() if provider == options.only}
    proved = [kind() for kind in kinds.values()]
    with tempfile.TemporaryDirectory(prefix="home-assistant-") as name:
        process = HassProcess(Path(name))
        try:
            async with documents.servers(proved, say), home_assistant(process), Client(process) as client:
                for document in proved:
                    await documents.prove(client, document, say)
        except ProofError as error:
            say(f"FAILED: {error}")
            return 1
        if complaints := process.complaints():
            say("FAILED: Home Assistant's log has warnings of the integration:\n" + "\n".join(complaints))
            return 1
    say(f"Proved by the documents: {', '.join(kinds)}")
    return 0


# -- the program ------------------------------------------------------------------------------------


def chosen(only: str) -> list[type[Account[Any]]]:
    """List the kinds of account to run."""
    return available(only)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs left in .homeassistant/")
    parser.add_argument("--pace", type=float, default=1.0, metavar="N", help="so many times faster phones")
    parser.add_argument("--once", action="store_true", help="prove the main job with an own folder and free ports")
    parser.add_argument(
        "--documents",
        action="store_true",
        help="with --once: at literal servers, which speak as the phone systems' own documents say",
    )
    parser.add_argument("--only", choices=sorted(KINDS), default="", help="no other provider")
    parser.add_argument(
        "--break",
        dest="sabotage",
        choices=("simulator", "webhook", "originate"),
        default="",
        help="break something on purpose, to see that the proof fails",
    )
    return parser.parse_args(given)


async def main(given: Sequence[str]) -> int:
    """Run until it is done or stopped."""
    options = arguments(given)
    proof = once_by_the_documents if options.documents else once
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await (proof(options) if options.once else demo(options))
    except asyncio.CancelledError:
        say("Stopped.")
        return 1 if options.once else 0
    except (PortTakenError, StartError, HttpError, ActionError, TimeoutError) as error:
        say(f"FAILED: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
