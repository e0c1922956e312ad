"""VoIPstudio in a real Home Assistant."""

import random
from collections.abc import Iterator

import pytest

from tests.simulators.voipstudio_people import people
from tests.simulators.voipstudio_switches import Probe

from .accounts import Voipstudio
from .client import Json, pasted
from .house import House, lived_in, open_house, refused
from .process import until
from .proof import Proof

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]

GRACE = ("442079460123", "+442079460123")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House[Voipstudio]]:
    """Keep a Home Assistant with an account that was set up by key."""
    with open_house(tmp_path_factory.mktemp("voipstudio"), Voipstudio(auto_answer=0.1, far_answer=0.1)) as house:
        yield house


async def pushes(house: House[Voipstudio]) -> tuple[bool, float]:
    """Tell from the diagnostics whether every call is pushed, as far as is known, and how often is polled."""
    found = await house.client.get(f"/api/diagnostics/config_entry/{house.account.entry_id}")
    return found["data"]["push"]["complete"], found["data"]["poll"]["interval"]


def stored(house: House[Voipstudio]) -> str:
    """Give all that Home Assistant keeps in files."""
    folder = house.process.folder / ".storage"
    return "\n".join(file.read_text() for file in folder.iterdir() if file.is_file())


@lived_in
async def test_set_up_by_key(house: House[Voipstudio]) -> None:
    """The account is there without any log-in, and nowhere is a SIP password; the dashboard may try in any way."""
    sim, client = house.account.simulator, house.client
    (entry,) = await client.accounts()
    assert (entry["title"], entry["state"]) == (f"VoIPstudio ({sim.email})", "loaded")
    assert sim.seen("/login", "POST") == []
    assert sim.sip_password not in stored(house)
    (url,) = await client.urls_to_paste(house.account.entry_id)
    sim.probe_needs_2xx = True
    for probe in Probe:
        sim.webhook_probe = probe
        hook = await sim.add_webhook(url)
        sim.hooks.remove(hook)


@lived_in
async def test_polls_are_rare_while_the_webhook_tells_all(house: House[Voipstudio]) -> None:
    """An answered call that was pushed from its beginning to its end slows the polls down; one that was not, not."""
    sim = house.account.simulator
    assert not (await pushes(house))[0]
    call = await sim.ring("442079460130", "1002")
    await house.wait_state("extension_1002", "call_state", "ringing")
    await sim.answer(call, "1002")
    await house.wait_state("extension_1002", "call_state", "talking")
    await sim.hang_up(call)
    await house.all_idle()

    async def rare() -> bool:
        await house.look_again()
        return await pushes(house) == (True, 60)

    await until(rare, "rare polls", 20)
    hooks, sim.hooks = sim.hooks, []
    call = await sim.ring("442079460131", "1002")
    await house.look_again()
    await house.wait_state("extension_1002", "call_state", "ringing")
    assert await pushes(house) == (False, 5)
    await sim.hang_up(call)
    sim.hooks = hooks
    await house.all_idle()


@lived_in
async def test_agent_login_keeps_the_others(house: House[Voipstudio]) -> None:
    """Who logs in to one queue changes neither the other members nor the other queue."""
    sim, client = house.account.simulator, house.client
    support, sales = (queue for queue in sim.queues.values())
    before = (dict(support.members), dict(sales.members))
    assert before[1][10003] is False
    switch = await house.entity("agent_10003", "logged_in_602")
    await client.act("switch.turn_on", entity=switch)
    assert sales.members == {**before[1], 10003: True}
    assert support.members == before[0]
    await client.wait_state(switch, "on")
    # What was done so far may have used up what can be asked at once: then each question takes a second and a third.
    await house.events.wait(15, type="agent_logged_in", agent="10003", queue="602")
    await client.act("pbx.agent_logout", agent="Jonas Lindqvist", queue="Sales")
    assert (support.members, sales.members) == before
    await client.wait_state(switch, "off", 15)
    await house.events.wait(type="agent_logged_out", agent="10003", queue="602")


@lived_in
async def test_main_job(house: House[Voipstudio]) -> None:
    """A pushed call is seen; an automation calls; an action and a button hang up."""
    await Proof(house.client, house.account, random.Random(4), print).run()


@lived_in
async def test_password_and_second_factor(house: House[Voipstudio]) -> None:
    """E-mail and password ask for the mailed code; the password is forgotten, and the key goes with the account."""
    population = people(2)
    population.customer_id = 3
    other = Voipstudio(population=population, two_factor=True)
    sim, client = other.simulator, house.client
    async with sim:
        form = await client.step(await client.start_flow("pbx"), next_step_id="voipstudio")
        step = await client.step(form, email=sim.email, password="wrong", url=sim.url)
        assert (step["step_id"], step["errors"]) == ("voipstudio", {"base": "invalid_auth"})
        assert sim.mailed == []
        step = await client.step(step, email=sim.email, password=sim.password, url=sim.url)
        assert step["step_id"] == "code"
        assert len(sim.mailed) == 1
        right = sim.mailed[-1].code
        step = await client.step(step, code="000000" if right != "000000" else "111111")
        assert (step["step_id"], step["errors"]) == ("code", {"code": "invalid_code"})
        assert len(sim.mailed) == 2  # a code is good for one try, so another one was sent
        step = await client.step(step, code=sim.mailed[-1].code)
        assert step["step_id"] == "paste"
        await sim.add_webhook(*pasted(step))
        step = await client.step(step)
        assert step["type"] == "create_entry"
        other.entry_id = step["result"]["entry_id"]
        await client.loaded(other.entry_id)
        assert sim.password not in stored(house)
        (key,) = (token for token in sim.tokens.values() if not token.dashboard)
        assert key.name.startswith("Home Assistant ")
        await _never_logs_in_again(house, other, key.token)
        await client.remove(other.entry_id)
        assert key.token not in sim.tokens


async def _never_logs_in_again(house: House[Voipstudio], other: Voipstudio, key: str) -> None:
    """Let a key die of idleness: a person is asked, since each try by itself would mail a code."""
    sim, client = other.simulator, house.client
    house.expected.append("Authentication failed while fetching")
    dead = sim.tokens.pop(key)
    entity = await client.entity(other.entry_id, "account", "active_calls")

    async def asked() -> bool:
        await client.act("homeassistant.update_entity", entity=entity["entity_id"])
        flows = await client.command("config_entries/flow/progress")
        return any(flow["context"].get("source") == "reauth" for flow in flows)

    await until(asked, "question for new credentials", 20)
    sim.tokens[key] = dead
    assert len(sim.mailed) == 2
    assert len(sim.seen("/login", "POST")) - len(sim.seen("/login2fa", "POST")) == 3


@lived_in
async def test_ring_group_with_one_answer(house: House[Voipstudio]) -> None:
    """Three phones ring and one answers: one call_answered, no call_missed."""
    sim = house.account.simulator
    written, number = GRACE
    call = await sim.ring(written, "1001", "1002", "1003")
    for extension in ("1001", "1002", "1003"):
        await house.wait_state(f"extension_{extension}", "call_state", "ringing")
    await sim.answer(call, "1002")
    await house.wait_state("extension_1002", "call_state", "talking")
    await house.wait_state("extension_1001", "call_state", "idle")
    await house.wait_state("extension_1003", "call_state", "idle")
    await sim.hang_up(call)
    await house.all_idle()
    await house.events.wait(type="call_ended", from_number=number)
    assert len(house.events.of(type="call_incoming", from_number=number)) == 1
    assert len(house.events.of(type="call_answered", from_number=number)) == 1
    assert house.events.of(type="call_missed", from_number=number) == []


@lived_in
async def test_abandoned_ring_group(house: House[Voipstudio]) -> None:
    """A caller gives up while three phones ring: exactly one call_missed."""
    sim = house.account.simulator
    number = "+442079460124"
    call = await sim.ring(number[1:], "1001", "1002", "1003")
    await house.wait_state("extension_1003", "call_state", "ringing")
    await sim.hang_up(call)
    await sim.settle()
    await house.events.wait(type="call_missed", from_number=number)
    await house.all_idle()
    assert len(house.events.of(type="call_missed", from_number=number)) == 1
    assert house.events.of(type="call_answered", from_number=number) == []


@lived_in
async def test_transfer(house: House[Voipstudio]) -> None:
    """A call that is transferred rings at its new place, and once it is answered there, was transferred."""
    sim = house.account.simulator
    call = await sim.ring("442079460125", "1001")
    await sim.answer(call, "1001")
    await house.wait_state("extension_1001", "call_state", "talking")
    await house.client.act("pbx.transfer", device=await house.device("extension_1001"), number="1004")
    await house.wait_state("extension_1004", "call_state", "ringing")
    await house.wait_state("extension_1001", "call_state", "idle")
    (true,) = sim.truth()
    assert "1004" in {leg.extension for leg in true.legs}
    await sim.answer(true.call_id, "1004")
    told = await house.events.wait(type="call_transferred", transferred_to="1004")
    assert told["from_number"] == "+442079460125"
    await sim.hang_up(true.call_id)
    await house.all_idle()


async def playable(house: House[Voipstudio], identifier: str) -> list[Json]:
    """List what can be played below a folder of the media source."""
    folder = await house.client.command("media_source/browse_media", media_content_id=identifier)
    found: list[Json] = []
    for child in folder.get("children") or []:
        if child["can_play"]:
            found.append(child)
        if child["can_expand"]:
            found += await playable(house, child["media_content_id"])
    return found


@lived_in
async def test_recording_and_voicemail_play(house: House[Voipstudio]) -> None:
    """Both play through Home Assistant for who has the signed address; the key stays inside."""
    sim, client = house.account.simulator, house.client
    await sim.voicemail_arrives("1001", "0012025550123")
    items = await playable(house, "media-source://pbx")
    assert len(items) >= 2
    folders = {item["media_content_id"].rpartition("/")[0] for item in items}
    assert len(folders) == 2
    for folder in folders:
        item = next(one for one in items if one["media_content_id"].startswith(f"{folder}/"))
        media = await client.command("media_source/resolve_media", media_content_id=item["media_content_id"])
        assert media["mime_type"] == "audio/mpeg"
        assert sim.api_key not in media["url"]
        status, whole = await client.fetch(media["url"])
        assert status == 200
        assert len(whole) > 100
        # This phone system gives every file as a whole, and Home Assistant invents no part.
        assert await client.fetch(media["url"], {"Range": "bytes=10-19"}) == (200, whole)
        house.expected.append(r"^WARNING homeassistant\.components\.http\.ban: [^\n]*/api/pbx/media/")
        status, _ = await client.fetch(media["url"].partition("?")[0])
        assert status == 401


@lived_in
async def test_unread_voicemail(house: House[Voipstudio]) -> None:
    """The number of unread voicemails is a sensor."""
    entity = await house.entity("account", "unread_voicemails")

    async def told() -> bool:
        state = await house.client.state(entity)
        return state["state"] not in ("unknown", "unavailable")

    await until(told, "number of unread voicemails")


@lived_in
async def test_what_else_it_can(house: House[Voipstudio]) -> None:
    """An SMS goes out, a text is spoken, contacts are found; what it lacks is refused by name."""
    sim, client = house.account.simulator, house.client
    await client.act("pbx.send_sms", number="+442079460126", message="On my way")
    assert any("On my way" in str(row) for row in sim.sms.rows.values())
    await client.ask(
        "pbx.announce", number="+442079460127", message="The door is open", caller_id_number=f"+{sim.main_number}"
    )
    assert sim.placed[-1].destination == "442079460127"
    await sim.hang_up(sim.placed[-1].call_id)
    found = await client.ask("pbx.search_contacts", name="Grace")
    assert [contact["first_name"] for contact in found["contacts"]] == ["Grace"]
    error = await refused(client.act("pbx.hold", device=await house.device("extension_1001")))
    assert (error.code, error.key) == ("service_validation_error", "unsupported")
    assert "VoIPstudio" in error.message


@lived_in
async def test_credentials_in_the_address(house: House[Voipstudio]) -> None:
    """The address to paste holds them once they are set, and what comes without them is dropped."""
    sim, client, account = house.account.simulator, house.client, house.account
    kept = {"country": account.country, "call_slots": 4, "mask_numbers": False, "assist": False}
    secret = {"webhook_username": "studio", "webhook_password": "p@ss word"}
    await client.set_options(account.entry_id, **kept, **secret)
    await client.loaded(account.entry_id)
    (url,) = await client.urls_to_paste(account.entry_id)
    assert url.startswith("http://studio:p%40ss%20word@127.0.0.1:")
    before = len(house.events.all)
    call = await sim.ring("442079460140", "1001")
    await sim.settle()
    await sim.hang_up(call)
    await sim.settle()
    assert [event for event in house.events.all[before:] if event["provider_event"] != "poll"] == []
    sim.hooks.clear()
    await sim.add_webhook(url)
    call = await sim.ring("442079460141", "1001")
    await house.events.wait(type="call_incoming", from_number="+442079460141", provider_event="call.initial")
    await sim.hang_up(call)
    await house.all_idle()
