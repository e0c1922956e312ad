"""Bad input, over Home Assistant's own API: a clear word in the form or from the action, and nothing lost."""

import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.simulators.base import FaultKind

from .accounts import Voipat, Voipstudio, Voipsun, Voxloud
from .client import Json
from .house import House, lived_in, opened, refused
from .process import free_port, until

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House[Voipat]]:
    """Keep a Home Assistant without any account, and a phone system for one."""
    with opened(House(tmp_path_factory.mktemp("errors"), Voipat(auto_answer=0.1))) as house:
        yield house


async def form_of(house: House[Voipat], provider: str) -> Json:
    """Open the form of a provider."""
    return await house.client.step(await house.client.start_flow("pbx"), next_step_id=provider)


@asynccontextmanager
async def encrypted(folder: Path) -> AsyncIterator[str]:
    """Listen with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@lived_in
async def test_voipat_form(house: House[Voipat]) -> None:
    """Every mistake is told, and after all of them the right input still goes through."""
    account, client = house.account, house.client
    right, sim = account.form, account.simulator
    form = await form_of(house, "voipat")
    nowhere = f"http://127.0.0.1:{free_port()}/pbxapi"

    form = await client.step(form, "flow", **{**right, "api_key": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    form = await client.step(form, "flow", **{**right, "domain": "wrong.example.com"})
    assert next(iter(form["errors"].values())) in {"unknown_domain", "invalid_domain", "not_found", "invalid_value"}
    form = await client.step(form, "flow", **{**right, "url": nowhere})
    assert form["errors"] == {"base": "cannot_connect"}
    form = await client.step(form, "flow", **{**right, "url": "no address at all"})
    assert form["step_id"] == "voipat"
    assert form["errors"]
    async with encrypted(house.process.folder) as address:
        form = await client.step(form, "flow", **{**right, "url": address})
        assert form["errors"] == {"base": "certificate"}
    sim.fault(FaultKind.HTML, times=20, status=200)
    form = await client.step(form, "flow", **right)
    assert form["errors"] == {"base": "cannot_connect"}
    sim.faults.clear()
    assert sim.api_key in str(form)  # what was typed a moment ago stays
    step = await client.step(form, "flow", **right)
    assert step["step_id"] == "paste"
    step = await client.step(step)
    assert step["step_id"] == "phones"
    step = await client.step(step)
    assert step["type"] == "create_entry"
    account.entry_id = step["result"]["entry_id"]

    again = await client.step(await form_of(house, "voipat"), "flow", **right)
    assert (again["type"], again["reason"]) == ("abort", "already_configured")


@lived_in
async def test_other_forms(house: House[Voipat]) -> None:
    """A wrong key, password or address is told by the other providers' forms as well."""
    client = house.client
    async with Voxloud().simulator as sim:
        form = await client.step(await form_of(house, "voxloud"), api_key="wrong", url=sim.url)
        assert form["errors"] == {"base": "invalid_auth"}
        form = await client.step(form, api_key="wrong", url=f"http://127.0.0.1:{free_port()}")
        assert form["errors"] == {"base": "cannot_connect"}
    voipsun = Voipsun()
    async with voipsun.simulator:
        form = await form_of(house, "voipsun")
        form = await client.step(form, "flow", **{**voipsun.form, "password": "wrong"})
        assert form["errors"] == {"base": "invalid_auth"}
        form = await client.step(form, "flow", **{**voipsun.form, "port": free_port()})
        assert form["errors"] == {"base": "cannot_connect"}
        form = await client.step(form, "flow", **{**voipsun.form, "ssl": True})
        assert form["errors"] == {"base": "cannot_connect"}
    voipstudio = Voipstudio(two_factor=True)
    studio = voipstudio.simulator
    async with studio:
        form = await client.step(await form_of(house, "voipstudio"), api_key="wrong", url=studio.url)
        assert form["errors"] == {"base": "invalid_auth"}
        form = await client.step(form, email=studio.email, password="wrong", url=studio.url)
        assert form["errors"] == {"base": "invalid_auth"}
        code = await client.step(form, email=studio.email, password=studio.password, url=studio.url)
        code = await client.step(code, code="000000")
        assert code["errors"]


@lived_in
async def test_actions(house: House[Voipat]) -> None:
    """Wrong input is refused before the phone system is asked; what ended meanwhile is told, or a success."""
    client, sim, entry_id = house.client, house.account.simulator, house.account.entry_id
    await client.device(entry_id, "extension_101")

    for number in ("nobody", "+999123", "+49", "12345678901234567890123"):
        error = await refused(client.act("pbx.originate", extension="101", number=number))
        assert (error.code, error.key) == ("service_validation_error", "invalid_number")
    error = await refused(client.act("pbx.originate", extension="999", number="+493023125900"))
    assert (error.code, error.key) == ("service_validation_error", "unknown_extension")
    assert sim.placed == []

    call = await sim.ring("+493023125910", "101")
    call_id = (await house.events.wait(type="call_incoming", from_number="+493023125910"))["call_id"]
    await sim.hang_up(call)
    await house.events.wait(type="call_missed", from_number="+493023125910")
    await client.act("pbx.hangup", call_id=call_id)
    error = await refused(client.act("pbx.hold", call_id=call_id))
    assert (error.code, error.key) == ("service_validation_error", "unknown_call")
    error = await refused(client.act("pbx.hangup", call_id="never seen"))
    assert (error.code, error.key) == ("service_validation_error", "unknown_call")
    error = await refused(client.act("pbx.hangup", device=await house.device("extension_102")))
    assert (error.code, error.key) == ("service_validation_error", "no_call")
    button = await house.entity("extension_102", "hang_up")
    error = await refused(client.act("button.press", entity=button))
    assert (error.code, error.key) == ("service_validation_error", "no_call")


@lived_in
async def test_phone_system_says_no_or_nothing(house: House[Voipat]) -> None:
    """The phone system's own reason is in the message; a lost answer is an unknown outcome, and nothing is repeated."""
    client, sim = house.client, house.account.simulator
    house.expected.append("VOIP@ Cloud cannot be reached")  # a poll may lose its connection with the request
    sim.fault(FaultKind.RESET_AFTER, path="/calls/originate")
    answer = await client.ask("pbx.originate", extension="104", number="+493023125911")
    assert answer == {"call_id": None, "outcome": "unknown"}

    async def rings() -> bool:
        return bool(sim.placed)

    await until(rings, "call at the switch, which says yes before it dials")
    assert len(sim.placed) == 1
    sim.fault(FaultKind.STATUS, path="/calls/originate", status=503)
    error = await refused(client.act("pbx.originate", extension="104", number="+493023125911"))
    assert error.code == "home_assistant_error"
    assert len(sim.placed) == 1
    for true in sim.truth():
        await sim.hang_up(true.call_id)
    await house.all_idle()
    loaded = [entry["state"] for entry in await client.accounts()]
    assert loaded == ["loaded"]
