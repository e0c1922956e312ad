"""A real Home Assistant process in a folder of its own."""

import asyncio
import json
import os
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "pbx"
STAND_INS = Path(__file__).parent / "stand_ins"
START_TIMEOUT = 90
STOP_TIMEOUT = 20
POLL = 0.05

# Enough for accounts, automations and media; with a frontend and a recorder the start takes twice as long.
LEAN = (
    "api",
    "automation",
    "config",
    "diagnostics",
    "media_source",
    "onboarding",
    "repairs",
    "script",
    "system_health",
)
# What a person looks at; `default_config` would want a network.
FULL = (*LEAN, "frontend", "history", "logbook", "recorder")

RECORD = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) \([^)]*\) \[([^]]+)\] (.*)$")
"""The first line of a record: its level, its logger and what it says."""
EXPECTED = (
    r"^WARNING homeassistant\.loader: We found a custom integration pbx which has not been tested",
    # What this way of starting leaves out, and the machine has not:
    r"^WARNING homeassistant\.bootstrap: Skipping pip installation of required modules",
    r"^\w+ haffmpeg\.\w+: (FFmpeg fails|Error starting FFmpeg)",
    r"^ERROR homeassistant\.components\.camera\.img_util: Error loading libturbojpeg",
    # The front end asks for texts by the names of platforms:
    r"^WARNING homeassistant\.helpers\.translation: Failed to load integration [^\n]*Invalid domain \w+\.\w+$",
    # How busy the machine is:
    r"^WARNING homeassistant\.helpers\.entity: Updating state for \S+ (?s:.*) took [\d.]+ seconds",
    r"^WARNING homeassistant\.(setup|components\.\w+): Setup of .* is taking over",
    # A browser that leaves while something is sent to it:
    r"^ERROR homeassistant: Error doing job: ClientConnectionResetError exception in shielded future",
    # Home Assistant writes down every action that is refused; only a refusal with a traceback was not meant so.
    r"^\w+ homeassistant\.components\.websocket_api[^\n]*\Z",
)
"""What Home Assistant may log in any house, as `LEVEL logger: message`, with a traceback in the lines below."""


class StartError(Exception):
    """Home Assistant did not come up."""


async def until[T](check: Callable[[], Awaitable[T | None]], what: str, patience: float = 60) -> T:
    """Ask until the answer is neither None nor False, and give it; raise TimeoutError that says what was waited for."""
    deadline = time.monotonic() + patience
    while (answer := await check()) is None or answer is False:
        if time.monotonic() > deadline:
            raise TimeoutError(f"No {what} within {patience:g} s")
        await asyncio.sleep(POLL)
    return answer


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def taken(port: int) -> bool:
    """Tell whether somebody listens on a loopback port."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class HassProcess:
    """Home Assistant on one loopback port; its folder, and so its state, outlives the process."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        components: Sequence[str] = LEAN,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the folder; `environment` is added to that of the process."""
        self.folder = folder
        self.port = port or free_port()
        self.environment = dict(environment or {})
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._prepare(components)

    @property
    def url(self) -> str:
        """The address of the user interface and the API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    # -- the folder ---------------------------------------------------------------------------------

    def _prepare(self, components: Sequence[str]) -> None:
        link = self.folder / "custom_components" / "pbx"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.resolve() != INTEGRATION.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(INTEGRATION, target_is_directory=True)
        (self.folder / "configuration.yaml").write_text(self._configuration(components))
        for name in ("automations.yaml", "scripts.yaml"):
            file = self.folder / name
            if not file.exists():
                file.write_text("[]\n" if name == "automations.yaml" else "{}\n")
        # In YAML the port would be a trial that Home Assistant takes back after five minutes.
        self._store(
            "http",
            {
                "stable": {
                    "server_host": ["127.0.0.1"],
                    "server_port": self.port,
                    "cors_allowed_origins": ["https://cast.home-assistant.io"],
                    "login_attempts_threshold": -1,
                    "ip_ban_enabled": True,
                    "ssl_profile": "modern",
                    "use_x_frame_options": True,
                    "created_at": "2026-01-01T00:00:00+00:00",
                    "error": None,
                    "error_message": None,
                },
                "pending": None,
                "yaml_migration_done": True,
            },
            version=2,
            minor_version=2,
        )
        if not (self.folder / ".storage" / "onboarding").exists():
            self._store("onboarding", {"done": ["core_config", "analytics", "integration"]}, version=4)

    def _configuration(self, components: Sequence[str]) -> str:
        # JSON is YAML; only the files that the API writes need a tag.
        core = {
            "name": "Home",
            "country": "DE",
            "currency": "EUR",
            "language": "en",
            "time_zone": "Europe/Berlin",
            "unit_system": "metric",
            "latitude": 52.52,
            "longitude": 13.405,
            "elevation": 34,
            "internal_url": self.url,
            "external_url": self.url,
        }
        logs = {"default": "warning", "logs": {"custom_components.pbx": "debug"}}
        special = {"automation": "!include automations.yaml", "script": "!include scripts.yaml"}
        lines = [f"homeassistant: {json.dumps(core)}", f"logger: {json.dumps(logs)}"]
        lines += [f"{name}: {special.get(name, '')}".rstrip() for name in components]
        return "\n".join(lines) + "\n"

    def _store(self, key: str, data: Mapping[str, Any], *, version: int, minor_version: int = 1) -> None:
        file = self.folder / ".storage" / key
        file.parent.mkdir(exist_ok=True)
        content = {"version": version, "minor_version": minor_version, "key": key, "data": data}
        file.write_text(json.dumps(content, indent=2))
        file.chmod(0o600)

    # -- the process --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start, and wait until the API answers."""
        self.starts += 1
        environment = {**os.environ, **self.environment}
        # Without these two, Home Assistant can list no actions, and its user interface does not load.
        paths = (str(STAND_INS), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        arguments = ["-m", "homeassistant", "-c", str(self.folder), "--skip-pip", "--log-no-color"]
        with self._log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                environment.get("HOME_ASSISTANT_PYTHON", sys.executable),  # another release, see scripts/newest
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the one who started it, who then stops it in order
            )
        async with aiohttp.ClientSession() as session:

            async def answers() -> bool:
                if not self.running:
                    raise StartError(f"Home Assistant ended while it started:\n{self.log()[-4000:]}")
                try:
                    async with session.get(f"{self.url}/auth/providers") as response:
                        return response.status < 500
                except aiohttp.ClientError:
                    return False

            await until(answers, "answer of Home Assistant", START_TIMEOUT)

    async def stop(self) -> int:
        """Stop in order and give the exit status; what does not stop in time is killed."""
        if self._process is None:
            return 0
        if self.running:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                await self.kill()
        return self._process.returncode or 0

    async def kill(self) -> None:
        """Let it die as in a power cut."""
        if self._process is not None and self.running:
            self._process.kill()
            await self._process.wait()

    async def wait(self) -> int:
        """Wait until it ends by itself and give the exit status."""
        assert self._process is not None
        return await self._process.wait()

    # -- what it said -------------------------------------------------------------------------------

    @property
    def _log_file(self) -> Path:
        return self.folder / "process.log"

    def log(self) -> str:
        """Give all that was logged, over all starts."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    def complaints(self, expected: Iterable[str] = ()) -> list[str]:
        """Return the records of a warning or worse, of any logger, that no pattern explains, with their tracebacks.

        A pattern is a regular expression, searched in `LEVEL logger: message`.
        """
        records: list[list[str]] = []
        for line in self.log().splitlines():
            if first := RECORD.match(line):
                records.append([f"{first[1]} {first[2]}: {first[3]}"])
            elif records:
                records[-1].append(line)
        known = [re.compile(pattern) for pattern in (*EXPECTED, *expected)]
        loud = ["\n".join(record) for record in records if not record[0].startswith(("DEBUG ", "INFO "))]
        return [text for text in loud if not any(pattern.search(text) for pattern in known)]
