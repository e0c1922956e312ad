"""An account at a real Asterisk: rights, passwords, cuts, restarts, and what its pages show."""

import asyncio
import contextlib
import json
import os
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir

from custom_components.pbx import diagnostics
from custom_components.pbx.const import DOMAIN

from .hass import HassStage, Watcher, entry_for, set_up, state_of
from .lab import Lab, until
from .stories import OUTSIDE, SHORT, talk_with

LONG = "PBX_ASTERISK_LONG" in os.environ  # set by scripts/asterisk trouble
CUTS, KILLS = (500, 20) if LONG else (8, 2)
LIMIT = 1800 if LONG else 300
SLOWEST_RING = 2.0
LONGEST_CUTTING = 90.0
SOME_BYTES = (1, 9000)  # the lists alone are some thousands


# -- setting up --------------------------------------------------------------------------------------


async def test_flow(hass: HomeAssistant, lab: Lab) -> None:
    """An account is added by its form; a wrong secret is told apart from a wrong port."""
    typed = {"host": "127.0.0.1", "port": lab.ami_port, "username": "homeassistant", "password": "homeassistant"}
    for wrong, error in (({"password": "no"}, "invalid_auth"), ({"port": 1}, "cannot_connect")):
        result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": "asterisk"})
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {**typed, **wrong})
        assert result["errors"] == {"base": error}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert result["step_id"] == "phones"
    assert result["data_schema"] is not None
    (table,) = result["data_schema"].schema
    rows = {row["number"]: row for row in table.description["suggested_value"]}
    assert "101" in rows
    assert [row["number"] for row in rows.values() if row["trunk"]] != []
    named = [{**rows["101"], "name": "Reception"}]
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"phones": named})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {"phones": {"101": {"name": "Reception"}}}
    assert result["title"] == "Asterisk (127.0.0.1)"
    await hass.async_block_till_done()
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == f"asterisk_127.0.0.1:{lab.ami_port}"


async def test_a_wrong_secret_is_tried_once(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """It asks to sign in again and does not try on, for the server would lock the address out."""
    expected_warnings.append("credentials|authentication|refuse")
    entry = await set_up(hass, entry_for(lab, password="wrong"))
    assert entry.state is ConfigEntryState.SETUP_ERROR
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    log = lab.work / "log/messages"
    refused = log.read_text(errors="replace").count("failed to authenticate")
    await asyncio.sleep(1.5)
    assert log.read_text(errors="replace").count("failed to authenticate") == refused


async def test_tls(hass: HomeAssistant, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for is refused, taken where it need not be verified, and if it is trusted."""
    tls: Mapping[str, Any] = {"port": lab.server.ami_tls_port, "ssl": True}
    verified = entry_for(lab, **tls, verify_ssl=True)
    await set_up(hass, verified)
    assert verified.state is ConfigEntryState.SETUP_RETRY
    assert await hass.config_entries.async_remove(verified.entry_id)

    unverified = await set_up(hass, entry_for(lab, **tls, verify_ssl=False))
    assert unverified.state is ConfigEntryState.LOADED
    assert "101" in unverified.runtime_data.coordinator.data.extensions
    assert await hass.config_entries.async_remove(unverified.entry_id)

    monkeypatch.setenv("SSL_CERT_FILE", str(lab.server.certificate))
    trusted = await set_up(hass, entry_for(lab, **tls, verify_ssl=True))
    assert trusted.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_remove(trusted.entry_id)
    encrypted_port_in_clear = await set_up(hass, entry_for(lab, port=lab.server.ami_tls_port))
    assert encrypted_port_in_clear.state is ConfigEntryState.SETUP_RETRY


async def test_what_there_is(hass: HomeAssistant, lab: Lab) -> None:
    """Phones have names, are registered, and can be not to be disturbed; queues have figures; the trunk is apart."""
    entry = await set_up(hass, entry_for(lab))
    directory = entry.runtime_data.coordinator.data
    assert {phone.number: phone.name for phone in directory.extensions.values() if not phone.trunk} == {
        "101": "Anna Keller",
        "102": "Petr Novak",
        "103": "Jana Svobodova",
        "104": "Karel Maly",
        "105": "Eva Dvorak",
    }
    assert directory.extensions["trunk-voip"].trunk
    assert directory.extensions["101"].user_agent == "LabPhone/1.0"
    assert state_of(hass, entry, "extension_101_registered") == "on"
    await lab.phones["101"].unregister()
    await until(lambda: state_of(hass, entry, "extension_101_registered") == "off")
    await lab.phones["101"].register()
    await until(lambda: state_of(hass, entry, "extension_101_registered") == "on")
    for code, shown in (("*78", "on"), ("*79", "off")):
        call = await lab.phones["102"].dial(code)
        await call.ended()
        await until(lambda shown=shown: state_of(hass, entry, "extension_102_do_not_disturb") == shown)  # type: ignore[misc]
    far = await lab.trunk.dial("222300801", caller=OUTSIDE)
    await far.wait("up")
    await until(lambda: state_of(hass, entry, "queue_support_waiting") == "1")
    await far.hangup()
    await until(lambda: state_of(hass, entry, "queue_support_waiting") == "0")


@pytest.mark.parametrize(
    ("username", "missing", "lacking"),
    [("modest", set(), "MUTE"), ("onlooker", {"agent", "call", "originate"}, "ORIGINATE")],
)
async def test_rights(hass: HomeAssistant, lab: Lab, username: str, missing: set[str], lacking: str) -> None:
    """What a manager user may not do is left out, and the class of rights is named."""
    entry = await set_up(hass, entry_for(lab, username))
    assert entry.state is ConfigEntryState.LOADED
    coordinator = entry.runtime_data.coordinator
    assert coordinator.data.missing_permissions == missing
    hint = ir.async_get(hass).async_get_issue(DOMAIN, f"missing_permission_{entry.entry_id}")
    named = hint.translation_placeholders["permissions"] if hint and hint.translation_placeholders else ""
    assert named == ", ".join(sorted(missing))
    assert lacking not in str(coordinator.provider.capabilities)


async def test_diagnostics_keep_secrets(hass: HomeAssistant, lab: Lab) -> None:
    """Neither the secret nor a caller is in them."""
    entry = await set_up(hass, entry_for(lab, password="homeassistant"))
    far = await lab.trunk.dial("222300101", caller=OUTSIDE, caller_name="Bakery Schmidt")
    await lab.phones["101"].ringing()
    await until(lambda: state_of(hass, entry, "extension_101_call_state") == "ringing")
    text = json.dumps(await diagnostics.async_get_config_entry_diagnostics(hass, entry), default=str)
    assert not [secret for secret in (OUTSIDE, "Bakery", "Keller") if secret in text]
    assert '"password": "homeassistant"' not in text
    await far.hangup()


# -- trouble -----------------------------------------------------------------------------------------


class Scissors:
    """Stands between Home Assistant and Asterisk, and cuts the connection anywhere."""

    def __init__(self, lab: Lab) -> None:
        """Cut nothing yet."""
        self._lab = lab
        self._open: list[asyncio.StreamWriter] = []
        self._left: int | None = None
        self._rng: random.Random | None = None
        self.cuts = 0
        self._listening: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.close()
        self._abort()
        await asyncio.sleep(0.05)

    @property
    def port(self) -> int:
        """Where Home Assistant finds Asterisk."""
        assert self._listening is not None
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    def cut(self, after: int) -> None:
        """Cut once so many more bytes have come from Asterisk."""
        self._left = after

    def cut_on(self, rng: random.Random | None) -> None:
        """Cut again and again, each time after some bytes more, until None is given."""
        self._rng = rng
        self._left = None if rng is None else rng.randrange(*SOME_BYTES)

    def _cut(self) -> None:
        """Cut everything now, as it was told to."""
        self.cuts += 1
        self._abort()
        self.cut_on(self._rng)

    def _abort(self) -> None:
        """Close everything without a word."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one through."""
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._lab.ami_port)
        except OSError:
            writer.close()
            return
        self._open += [writer, back]
        await asyncio.gather(self._pump(there, writer, counted=True), self._pump(reader, back, counted=False))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        """Pass bytes on until the end, or until the cut."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                left = self._left if counted else None
                writer.write(data[:left])
                if left is not None and left <= len(data):
                    self._cut()
                elif left is not None:
                    self._left = left - len(data)
        writer.close()


def say(what: str, late: list[float]) -> None:
    """Print how long it took until all was right again."""
    middle = sorted(late)[len(late) // 2]
    print(f"{what}: right again after {middle:.1f} s, at most {max(late):.1f} s", flush=True)  # noqa: T201 - for the page


@pytest.mark.timeout(LIMIT)
async def test_the_connection_is_cut_anywhere(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """Whatever is on its way when it breaks: no call stays, none is told twice, and soon all is right again."""
    expected_warnings.append("cannot be reached")
    rng, calls, late = random.Random(5), 0, []
    async with Scissors(lab) as scissors, lab.ami() as ami:
        entry = await set_up(hass, entry_for(lab, port=scissors.port))
        watcher = Watcher(hass, entry)
        stage = HassStage(hass, entry, lab, ami, SHORT)
        while scissors.cuts < CUTS:
            calls += 1
            wanted = min(CUTS, scissors.cuts + rng.randrange(1, 6))
            scissors.cut_on(rng)
            far, near = await talk_with(stage, "222300101", "101")
            await until(lambda wanted=wanted: scissors.cuts >= wanted, LONGEST_CUTTING)  # type: ignore[misc]
            if rng.random() < 0.5:
                scissors.cut_on(None)
                late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "talking"))
                scissors.cut_on(rng)
            await far.hangup()
            await near.ended()
            scissors.cut_on(None)
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert entry.runtime_data.coordinator.data.calls == {}
            if not calls % 10:
                say(f"{scissors.cuts} cuts, {calls} calls", late)
        say(f"{scissors.cuts} cuts, {calls} calls", late)
        told = Counter((event["type"], event["call_id"]) for event in watcher.events if "call_id" in event)
        assert [what for what, times in told.items() if times > 1] == []
        kinds = Counter(kind for kind, _ in told)
        assert kinds["call_incoming"] <= calls
        assert kinds["call_ended"] + kinds["call_missed"] == len({call for _, call in told}) <= calls


@pytest.mark.timeout(LIMIT)
async def test_asterisk_is_killed_in_a_call(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """Its phones are unavailable meanwhile and right soon after, though its channels begin to count anew."""
    expected_warnings.append("cannot be reached")
    entry = await set_up(hass, entry_for(lab))
    watcher, late = Watcher(hass, entry), []
    async with lab.ami() as ami:
        stage = HassStage(hass, entry, lab, ami, SHORT)
        for kills in range(1, KILLS + 1):
            await talk_with(stage, "222300101", "101")
            await until(lambda: state_of(hass, entry, "extension_101_call_state") == "talking")
            await lab.kill()
            await until(lambda: state_of(hass, entry, "extension_101_call_state") == "unavailable")
            await lab.start()
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert len(entry.runtime_data.coordinator.data.extensions) > len(lab.phones)
            for phone in lab.phones.values():
                await phone.register()
            assert entry.runtime_data.coordinator.data.calls == {}
            say(f"{kills} kills", late)
    told = Counter((event["type"], event["call_id"]) for event in watcher.events if "call_id" in event)
    assert [what for what, times in told.items() if times > 1] == []
    kinds = Counter(kind for kind, _ in told)
    assert [kinds[kind] for kind in ("call_incoming", "call_answered", "call_ended")] == [KILLS] * 3


async def test_rings_are_shown_at_once(hass: HomeAssistant, lab: Lab) -> None:
    """From the ring on the wire to the state: a tenth of a second on a quiet machine, and never a poll's time."""
    entry = await set_up(hass, entry_for(lab))
    watcher = Watcher(hass, entry)
    late = []
    for _ in range(20):
        far = await lab.trunk.dial("222300101", caller=OUTSIDE)
        await lab.phones["101"].ringing()
        rang = time.time()
        await until(lambda: state_of(hass, entry, "extension_101_call_state") == "ringing")
        late.append(next(at for at, state in reversed(watcher.states["101"]) if state == "ringing") - rang)
        await far.hangup()
        await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle")
    p95 = sorted(late)[int(len(late) * 0.95)]
    print(f"From the ring on the wire to the state: p95 {1000 * p95:.0f} ms")  # noqa: T201 - for the page
    assert p95 < SLOWEST_RING


async def test_nothing_lingers(hass: HomeAssistant, lab: Lab) -> None:
    """An account that is unloaded leaves no connection behind."""
    entry = await set_up(hass, entry_for(lab))
    async with lab.ami() as ami:

        async def logged_in() -> bool:
            """Return whether one connection is that of Home Assistant."""
            answer = await ami.action("Command", Command="manager show connected")
            return answer.get("Output", "").count("homeassistant") == 1

        async def logged_out() -> bool:
            """Return whether none is."""
            answer = await ami.action("Command", Command="manager show connected")
            return "homeassistant" not in answer.get("Output", "")

        await until(logged_in)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await until(logged_out)
