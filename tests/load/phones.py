"""A simulated phone system in a process of its own, so that its work is not counted as Home Assistant's.

Each line on standard input is what to do, each line on standard output its result, both JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_WEBHOOK_ID
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN

LONGEST_ANSWER = 64 * 1024 * 1024
WEBHOOK_ID = "load0123456789abcdef0123456789abcdef"

type Json = dict[str, Any]


class Phones:
    """The phone system, as seen from here."""

    def __init__(self, process: asyncio.subprocess.Process, account: Json) -> None:
        """Use what was started."""
        self.account = account
        self._process = process

    async def do(self, what: str, **arguments: object) -> Any:
        """Let the phone system do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        return await _answer(self._process)

    def entry(self) -> MockConfigEntry:
        """Make the config entry as the flow would."""
        account = self.account
        return MockConfigEntry(
            domain=DOMAIN,
            title="Load",
            unique_id=f"{account['provider']}_{account['id']}",
            data={CONF_PROVIDER: account["provider"], CONF_WEBHOOK_ID: WEBHOOK_ID, **account["data"]},
            options=account["options"],
            subentries_data=[
                cast("ConfigSubentryData", {**row, "data": MappingProxyType(row["data"])})
                for row in account["subentries"]
            ],
            pref_disable_polling=True,
        )


async def _answer(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("The phone system has failed")
    return json.loads(line)


@asynccontextmanager
async def phones(provider: str) -> AsyncGenerator[Phones]:
    """Start a large phone system, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.load.phones", provider),
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_ANSWER,
    )
    try:
        yield Phones(process, await _answer(process))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class System:
    """The phone system, in its own process."""

    def __init__(self, provider: str) -> None:
        """Build it."""
        from .lines import FIRST, LINES  # noqa: PLC0415 - whoever only talks to it does without

        self.line = LINES[provider](0)
        self.first = FIRST[provider]
        self.up: list[str] = []

    @property
    def account(self) -> Json:
        """Describe the account as the flow would keep it."""
        line = self.line
        return {
            "provider": line.provider,
            "id": line.account_id,
            "data": dict(line.data),
            "options": dict(line.options),
            "subentries": [{**row, "data": dict(row["data"])} for row in line.subentries],
        }

    async def connect(self, url: str) -> None:
        """Push to this URL."""
        await self.line.connect(url)

    async def ring(self, calls: int) -> int:
        """Let so many callers ring, each at another extension, and every other one be answered."""
        for index in range(calls):
            number = str(self.first + index)
            call_id = await self.line.simulator.ring(self.line.fresh(), number)
            self.up.append(call_id)
            if index % 2:
                await self.line.simulator.answer(call_id, number)
        await self.line.flush()
        return len(self.line.simulator.truth())

    async def hang_up(self) -> int:
        """End all calls."""
        for call_id in self.up:
            await self.line.simulator.hang_up(call_id)
        self.up.clear()
        await self.line.flush()
        return len(self.line.simulator.truth())


async def _serve(provider: str) -> None:
    system = System(provider)
    loop = asyncio.get_running_loop()
    async with system.line.simulator:
        _say(system.account)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            job = json.loads(line)
            work: Awaitable[object] = getattr(system, job.pop("do"))(**job)
            _say(await work)


def _say(what: Mapping[str, Any] | object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
