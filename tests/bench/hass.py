"""A real Home Assistant with the companion, an account at a simulated VoIPstudio, and a process that posts."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.accounts import KINDS, Account
from tests.e2e.client import Client, Json
from tests.e2e.process import HassProcess
from tests.simulators.voipstudio_people import people
from tests.simulators.voipsun_model import crowd, demo

type Times = tuple[list[float], list[float]]

COMPANION = Path(__file__).parent / "companion" / "pbx_bench"
# Enough for accounts, and nothing that would do work of its own.
COMPONENTS = ("api", "config", "onboarding", "pbx_bench")
# The checkout has a folder of custom components as well, which would hide the companion.
ENVIRONMENT = {"PYTHONSAFEPATH": "1"}
LONGEST_ANSWER = 64 * 1024 * 1024


class BenchHass:
    """Home Assistant, signed in to, with its stop watch."""

    def __init__(self, process: HassProcess, client: Client, session: aiohttp.ClientSession) -> None:
        """Use what was started."""
        self.process = process
        self.client = client
        self._session = session

    async def control(self, do: str, **job: object) -> Any:
        """Let the companion do something."""
        url = f"{self.process.url}/api/webhook/bench_control"
        async with self._session.post(url, json={"do": do, **job}) as response:
            response.raise_for_status()
            return await response.json()

    async def post(self, url: str, body: bytes) -> None:
        """Post to a webhook."""
        async with self._session.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
            response.raise_for_status()

    async def add(self, account: Account[Any]) -> str:
        """Set an account up and let it be polled only when the bench says so; give its entry's id."""
        await account.set_up(self.client)
        await account.complete(self.client)
        await self.client.command("config_entries/update", entry_id=account.entry_id, pref_disable_polling=True)
        await self.client.post(f"/api/config/config_entries/entry/{account.entry_id}/reload")
        await self.client.loaded(account.entry_id)
        return account.entry_id


def keep_quiet(folder: Path) -> None:
    """Take out the harness's chatty log, which is nothing to measure with."""
    configuration = folder / "configuration.yaml"
    lines = configuration.read_text().splitlines()
    configuration.write_text("\n".join(line for line in lines if not line.startswith("logger:")) + "\n")


@asynccontextmanager
async def running(extra: Path | None = None, components: Sequence[str] = COMPONENTS) -> AsyncGenerator[BenchHass]:
    """Start a Home Assistant in a folder of its own, and stop it; `extra` is where another library is."""
    with tempfile.TemporaryDirectory(prefix="pbx-bench-") as folder:
        path = Path(folder)
        environment = ENVIRONMENT | ({} if extra is None else {"PYTHONPATH": str(extra)})
        process = HassProcess(path, components=components, environment=environment)
        keep_quiet(path)
        (path / "custom_components" / COMPANION.name).symlink_to(COMPANION, target_is_directory=True)
        await process.start()
        timeout = aiohttp.ClientTimeout(total=600)
        try:
            async with Client(process) as client, aiohttp.ClientSession(timeout=timeout) as session:
                yield BenchHass(process, client, session)
        finally:
            await process.stop()


@asynccontextmanager
async def account(kind: str, extensions: int, customer: int = 2) -> AsyncGenerator[Account[Any]]:
    """Run a simulated phone system of some size; each customer of VoIPstudio is an account of its own."""
    switches: Json = {}
    if kind == "voipstudio":
        population = people(extensions)
        population.customer_id = customer
        switches["population"] = population
    elif kind == "voipsun":
        switches["population"] = replace(demo(), extensions=crowd(extensions).extensions)
    simulated: Account[Any] = KINDS[kind](0, **switches)
    async with simulated.simulator:
        yield simulated


class Load:
    """The process that posts."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Use what was started."""
        self._process = process

    async def post(self, url: str, bodies: Sequence[bytes], pause: float = 0) -> Times:
        """Post bodies, one after the other; give when each was sent and when answered."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"url": url, "bodies": [body.decode() for body in bodies], "pause": pause}
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        await self._process.stdin.drain()
        result: Times = json.loads(await self._process.stdout.readline())
        return result


@asynccontextmanager
async def load() -> AsyncGenerator[Load]:
    """Start the process that posts, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.load",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_ANSWER,
    )
    try:
        yield Load(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
