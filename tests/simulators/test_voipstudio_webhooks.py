"""The simulated VoIPstudio calls webhooks as its contract says."""

import asyncio
from typing import Any

import pytest

from tests.simulators.voipstudio_switches import Probe

from .voipstudio_bench import OUTSIDE, MakeStage, Stage, basic

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("probe", list(Probe))
async def test_probe(make_stage: MakeStage, probe: Probe) -> None:
    """An address is tried before it is saved, one way or another."""
    stage = await make_stage(hook=True, webhook_probe=probe)
    methods = [method for method, _, _ in stage.receiver.requests]
    assert methods == ([probe.value] if probe else [])
    assert all(body == b"" for _, _, body in stage.receiver.requests)


async def test_refused_webhooks(make_stage: MakeStage) -> None:
    """An address that does not answer is refused; whether an error will do can be chosen."""
    stage = await make_stage(hook=False)
    with pytest.raises(ValueError, match="does not answer"):
        await stage.sim.add_webhook("http://127.0.0.1:9/hook")
    stage.receiver.status = 405
    stage.sim.probe_needs_2xx = True
    with pytest.raises(ValueError, match="405"):
        await stage.sim.add_webhook(stage.receiver.url)
    stage.sim.probe_needs_2xx = False
    await stage.sim.add_webhook(stage.receiver.url)
    stage.sim.https_only = True
    with pytest.raises(ValueError, match="https"):
        await stage.sim.add_webhook(stage.receiver.url)
    assert len(stage.sim.hooks) == 1


async def test_several_webhooks_with_chosen_events(make_stage: MakeStage) -> None:
    """Each webhook has its own events and Basic auth out of its address."""
    stage = await make_stage(hook=False, webhook_probe=Probe.NONE)
    await stage.sim.add_webhook(stage.receiver.url.replace("//", "//ha:secret@"), events=["call.ringing"])
    await stage.sim.add_webhook(stage.receiver.url, events=["call.missed", "call.ringing"])
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1001"))
    signs = [sign for _, sign, _ in stage.receiver.requests]
    assert signs == [basic("ha:secret")["Authorization"], "", ""]
    assert stage.receiver.names() == ["call.ringing", "call.ringing", "call.missed"]


@pytest.mark.parametrize(("retries", "delay"), [(3, 0.0), (0, 0.0), (2, 0.1)])
async def test_retries(make_stage: MakeStage, retries: int, delay: float) -> None:
    """What is not answered with success is sent again, the same event."""
    stage = await make_stage(hook=True, webhook_retries=retries, retry_delay=delay, sends_initial=False)
    stage.receiver.status = 500
    began = asyncio.get_running_loop().time()
    await stage.sim.ring(OUTSIDE, "1001")
    assert asyncio.get_running_loop().time() - began >= retries * delay
    assert len(stage.receiver.bodies) == 1 + retries
    assert len({body["id"] for body in stage.receiver.bodies}) == 1


async def test_bad_delivery(heard: Stage) -> None:
    """Webhooks can come twice, in another order or not at all."""
    heard.sim.webhooks.duplicate = 1.0
    await heard.sim.ring(OUTSIDE, "1001")
    assert heard.receiver.names() == ["call.initial", "call.initial", "call.ringing", "call.ringing"]
    heard.sim.webhooks.duplicate = 0.0
    heard.sim.reverse_pushes = True
    await heard.sim.ring(OUTSIDE, "1002")
    assert heard.receiver.names() == ["call.ringing", "call.initial"]
    heard.sim.webhooks.drop = lambda event, _body: event == "call.ringing"
    await heard.sim.ring(OUTSIDE, "1003")
    assert heard.receiver.names() == ["call.initial"]


async def test_nobody_listens(heard: Stage) -> None:
    """A webhook whose owner is gone does not hold the phones up."""
    heard.sim.hooks[0].url = "http://127.0.0.1:9/hook"
    await heard.sim.hang_up(await heard.sim.ring(OUTSIDE, "1001"))
    assert {delivery.status for delivery in heard.sim.webhooks.sent} == {None}


async def test_dtmf(make_stage: MakeStage) -> None:
    """A key tone is pushed with its target."""
    stage = await make_stage(hook=True)
    call_id = await stage.talk()
    await stage.sim.press(call_id, "*", "1001")
    body = stage.receiver.bodies[-1]
    assert (body["event_name"], body["state"]) == ("call.dtmf", "DTMF_RECEIVED")
    assert (body["dtmf_tag"], body["dtmf_target"]) == ("*", "U:10002")
    stage.sim.dtmf_state = "CONNECTED"
    await stage.sim.press(call_id, "#", "1001")
    assert stage.receiver.bodies[-1]["state"] == "CONNECTED"


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({}, ["call.initial", "call.ringing", "call.missed"]),
        ({"sends_initial": False}, ["call.ringing", "call.missed"]),
        ({"hangup_after_missed": True}, ["call.initial", "call.ringing", "call.missed", "call.hangup"]),
        ({"final_copies": 2}, ["call.initial", "call.ringing", "call.missed", "call.missed"]),
    ],
)
async def test_event_sequences(make_stage: MakeStage, switches: dict[str, Any], names: list[str]) -> None:
    """A missed call may be told in more or fewer events, each with its own id."""
    stage = await make_stage(hook=True, **switches)
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1001"))
    assert len({body["id"] for body in stage.receiver.bodies}) == len(names)
    assert stage.receiver.names() == names


async def test_event_words(make_stage: MakeStage) -> None:
    """Names and states that nobody has seen can be others."""
    words = {"hold_event": "call.onhold", "resume_event": "call.resumed", "failed_event": "call.hangup"}
    stage = await make_stage(hook=True, missed_state="MISSED", **words)
    call_id = await stage.talk()
    await stage.sim.hold(call_id, "1001")
    await stage.sim.resume(call_id, "1001")
    assert stage.receiver.names() == ["call.onhold", "call.resumed"]
    await stage.sim.fail(await stage.sim.dial("1002", OUTSIDE))
    assert stage.receiver.names()[-1] == "call.hangup"
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1003"))
    assert stage.receiver.bodies[-1]["state"] == "MISSED"


async def test_separate_numbers_of_calls(make_stage: MakeStage) -> None:
    """Webhooks may number calls as call records do."""
    stage = await make_stage(hook=True, separate_call_ids=True)
    call_id = await stage.sim.ring(OUTSIDE, "1001", "1002")
    await stage.sim.hang_up(call_id)
    last = stage.receiver.bodies[-1]
    record = (await stage.rows("/cdrs"))[-1]
    assert last["call_id"] == last["root_call_id"] == record["call_id"] != int(call_id)
    assert record["live_id"] == int(call_id)
