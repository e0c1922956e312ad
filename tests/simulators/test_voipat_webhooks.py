"""The simulated VOIP@ Cloud does what the contract says: the webhooks of its widgets."""

import asyncio
import json

import pytest

from .voipat_bench import (
    CALLER,
    DOMAIN,
    OUTSIDE,
    Box,
    Receiver,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_posted_webhook_is_exactly_what_php_sends(python: Box, receiver: Receiver) -> None:
    """A posted webhook is exactly what PHP sends."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.ring(CALLER, "101", name="Jöhn / Co")
    ((method, query, body, headers),) = receiver.requests
    assert method == "POST"
    assert headers["User-Agent"] == "FusionPBX-WebRTC-Phone/1.0"
    assert (headers["Content-Type"], headers["Accept"]) == ("application/json", "*/*")
    assert '"{event}":"new_call","{caller_id}":"+493023125999","{caller_name}":"J\\u00f6hn \\/ Co"' in body
    posted = json.loads(body)
    assert posted == {f"{{{name}}}": value for name, value in query.items()}
    assert query.pop("call_id")
    assert query == {
        "event": "new_call",
        "caller_id": CALLER,
        "caller_name": "Jöhn / Co",
        "destination": "101",
        "direction": "inbound",
        "duration": "0",
        "extension": "101",
        "timestamp": "2026-03-28T10:00:00.250Z",
        "domain": DOMAIN,
    }


async def test_a_get_webhook_has_no_body(python: Box, receiver: Receiver) -> None:
    """A GET webhook has no body."""
    python.sim.connect_webhook(receiver.url, "GET")
    await python.sim.ring(CALLER, "101")
    ((method, query, body, headers),) = receiver.requests
    assert (method, query["event"], body) == ("GET", "new_call", "")
    assert "Content-Type" not in headers


async def test_the_standalone_widget_posts_a_form_without_domain(python: Box, receiver: Receiver) -> None:
    """The standalone widget posts a form without domain."""
    python.sim.widget = "standalone"
    python.sim.crm_url = receiver.url
    await python.sim.ring(CALLER, "101")
    ((method, query, body, headers),) = receiver.requests
    assert (method, query) == ("POST", {})
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert body.startswith("event=new_call&caller_id=%2B493023125999&")
    assert "domain" not in body


async def test_only_widgets_send_webhooks(python: Box, receiver: Receiver) -> None:
    """Only widgets send webhooks."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    await python.sim.hang_up(call_id)
    assert receiver.requests == []


async def test_an_incoming_call_hung_up_by_the_other_side(python: Box, receiver: Receiver) -> None:
    """An incoming call hung up by the other side."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    await python.sim.answer(call_id, "101")
    await python.sim.hold(call_id, "101")
    await python.sim.resume(call_id, "101")
    python.clock.now += 42.5
    await python.sim.hang_up(call_id, by="caller")
    assert [event for event, _ in receiver.events] == ["new_call", "answered", "hangup"]
    (over,) = receiver.all("hangup")
    assert (over["duration"], over["call_id"]) == ("42", receiver.all("new_call")[0]["call_id"])
    assert over["call_id"] != call_id


@pytest.mark.parametrize("answered", [True, False])
async def test_a_hangup_by_the_user_has_a_ghost(python: Box, receiver: Receiver, answered: bool) -> None:  # noqa: FBT001
    """A hangup by the user has a ghost."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    if answered:
        await python.sim.answer(call_id, "101")
    await python.sim.hang_up(call_id, by="callee")
    real, ghost = receiver.all("hangup")
    assert real["call_id"]
    assert (ghost["call_id"], ghost["direction"], ghost["caller_id"], ghost["destination"]) == (
        "",
        "unknown",
        "101",
        "",
    )


async def test_a_missed_call_hangs_up_without_seconds(python: Box, receiver: Receiver) -> None:
    """A missed call hangs up without seconds."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    python.clock.now += 20
    await python.sim.ring_out(call_id)
    (over,) = receiver.all("hangup")
    assert (over["duration"], over["direction"]) == ("0", "inbound")


async def test_a_dialled_call(python: Box, receiver: Receiver) -> None:
    """A dialled call."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.dial("101", OUTSIDE)
    await python.sim.answer(call_id)
    python.clock.now += 9
    await python.sim.hang_up(call_id, by="callee")
    assert [event for event, _ in receiver.events] == ["dial_out", "answered", "hangup"]
    assert {query["direction"] for _, query, _, _ in receiver.requests} == {"outbound"}
    assert {(query["caller_id"], query["destination"]) for _, query, _, _ in receiver.requests} == {("101", OUTSIDE)}
    assert receiver.all("hangup")[0]["duration"] == "9"


async def test_a_cancelled_call_has_a_late_ghost(python: Box, receiver: Receiver) -> None:
    """A cancelled call has a late ghost."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.hang_up(await python.sim.dial("101", OUTSIDE))
    assert [query["call_id"] != "" for query in receiver.all("hangup")] == [True]
    await python.sim.settle()
    assert [query["call_id"] != "" for query in receiver.all("hangup")] == [True, False]


async def test_a_failed_call_hangs_up_late_with_the_data_of_the_next(python: Box, receiver: Receiver) -> None:
    """A failed call hangs up late with the data of the next."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "USER_BUSY")
    assert receiver.all("hangup") == []
    await python.sim.settle()
    assert receiver.all("hangup")[0]["destination"] == OUTSIDE
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "NO_ANSWER")
    await python.sim.dial("101", "105")
    await python.sim.settle()
    assert receiver.all("hangup")[1]["destination"] == "105"


async def test_every_tab_rings_with_its_own_id(python: Box, receiver: Receiver) -> None:
    """Every tab rings with its own id."""
    python.sim.connect_webhook(receiver.url)
    python.sim.open_tab("101")
    call_id = await python.sim.ring(CALLER, "101")
    ids = [query["call_id"] for query in receiver.all("new_call")]
    assert len(set(ids)) == 2
    await python.sim.answer(call_id, "101", tab=1)
    assert [query["call_id"] for query in receiver.all("answered")] == [ids[1]]
    assert [(query["call_id"], query["duration"]) for query in receiver.all("hangup")] == [(ids[0], "0")]


async def test_a_widget_in_a_call_refuses_silently(python: Box, receiver: Receiver) -> None:
    """A widget in a call refuses silently."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.answer(await python.sim.ring(CALLER, "101"), "101")
    await python.sim.ring(OUTSIDE, "101")
    assert len(receiver.all("new_call")) == 1
    assert (await python.only_record())["hangup_cause"] == "USER_BUSY"


async def test_each_agent_event_has_its_own_address_and_method(python: Box, receiver: Receiver) -> None:
    """Each agent event has its own address and method."""
    python.sim.crm_method = "POST"
    python.sim.crm_agent_logout_url = receiver.url + "?out={extension}"
    assert [await python.sim.toggle_agent("102") for _ in range(2)] == ["agent_login", "agent_logout"]
    python.sim.crm_agent_login_url = receiver.url + "?in={extension}"
    await python.sim.log_in_again("102")
    await python.sim.toggle_agent("102")
    assert [(method, query) for method, query, _, _ in receiver.requests] == [
        ("POST", {"out": "102"}),
        ("POST", {"in": "102"}),
    ]


async def test_the_late_hangup_is_as_late_as_wanted(python: Box, receiver: Receiver) -> None:
    """The late hangup is as late as wanted."""
    python.sim.widget_hold_back = 0.0
    python.sim.connect_webhook(receiver.url)
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "USER_BUSY")
    await asyncio.sleep(0.03)
    assert len(receiver.all("hangup")) == 1


async def test_early_media_counts_no_seconds(python: Box, receiver: Receiver) -> None:
    """Early media counts no seconds."""
    python.sim.early_media = True
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.dial("101", OUTSIDE)
    await python.sim.answer(call_id)
    python.clock.now += 9
    await python.sim.hang_up(call_id, by="callee")
    assert receiver.all("hangup")[0]["duration"] == "0"


async def test_a_missing_microphone_hangs_up_twice(python: Box, receiver: Receiver) -> None:
    """A missing microphone hangs up twice."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.microphone_fails(await python.sim.ring(CALLER, "101"), "101")
    first, second = receiver.all("hangup")
    assert first["call_id"] == second["call_id"] != ""


@pytest.mark.parametrize("verb", ["close_tab", "reload_tab"])
async def test_a_closed_or_reloaded_tab_sends_nothing(python: Box, receiver: Receiver, verb: str) -> None:
    """A closed or reloaded tab sends nothing."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    getattr(python.sim, verb)("101")
    await python.sim.hang_up(call_id)
    assert receiver.all("hangup") == []
    assert len(python.sim.tabs("101")) == (0 if verb == "close_tab" else 1)


async def test_the_agent_button_toggles(python: Box, receiver: Receiver) -> None:
    """The agent button toggles."""
    assert await python.sim.toggle_agent("101") == "", "no URL, no button"
    python.sim.connect_webhook(receiver.url)
    assert [await python.sim.toggle_agent("101") for _ in range(2)] == ["agent_login", "agent_logout"]
    assert receiver.events == [("agent_login", "101"), ("agent_logout", "101")]
    query = receiver.requests[0][1]
    assert (query["direction"], query["call_id"], query["duration"], query["domain"]) == ("", "", "0", DOMAIN)
    await python.sim.toggle_agent("101")
    python.sim.reload_tab("101")
    assert await python.sim.toggle_agent("101") == "agent_login"
    assert await python.sim.toggle_agent("104") == ""


async def test_new_settings_need_a_new_login(python: Box, receiver: Receiver) -> None:
    """New settings need a new login."""
    python.sim.connect_webhook(f"{receiver.url}/old")
    await python.sim.toggle_agent("101")
    python.sim.crm_url = f"{receiver.url}/new?event={{event}}&extension={{extension}}"
    await python.sim.hang_up(await python.sim.ring(CALLER, "101"))
    assert "/old" in python.sim.webhooks.sent[-1].url
    await python.sim.log_in_again("101")
    await python.sim.ring(CALLER, "101")
    assert "/new" in python.sim.webhooks.sent[-1].url
    python.sim.crm_settings_cached = False
    python.sim.crm_url = f"{receiver.url}/newest?event={{event}}&extension={{extension}}"
    await python.sim.ring(CALLER, "102")
    assert "/newest" in python.sim.webhooks.sent[-1].url


async def test_placeholders_are_filled_differently_by_server_and_browser(python: Box, receiver: Receiver) -> None:
    """Placeholders are filled differently by server and browser."""
    python.sim.crm_url = receiver.url + "?name={caller_name}&number={caller_id}&other={unknown}&domain={domain}"
    python.sim.crm_login_url = receiver.url + "/pop?event=pop&name={caller_name}&domain={domain}"
    python.sim.crm_auto_login_url = receiver.url + "/auto?event={event}&extension={extension}&caller={caller_id}"
    await python.sim.log_in_again("101")
    assert receiver.requests[0][1] == {"event": "auto_login", "extension": "", "caller": ""}
    await python.sim.ring(CALLER, "101", name="Jane Doe")
    server, browser = list(python.sim.webhooks.sent)[-2:]
    assert "name=Jane+Doe&number=%2B493023125999&other={unknown}&domain=pbx.example.com" in server.url
    assert "name=Jane%20Doe&domain={domain}" in browser.url
    assert receiver.requests[1][1]["other"] == "{unknown}"


async def test_the_browsers_clock_may_be_wrong(python: Box, receiver: Receiver) -> None:
    """The browser's clock may be wrong."""
    python.sim.browser_clock_skew = -60
    python.sim.connect_webhook(receiver.url)
    await python.sim.ring(CALLER, "101")
    assert receiver.requests[0][1]["timestamp"] == "2026-03-28T09:59:00.250Z"


async def test_commands_by_api_reach_the_widget(python: Box, receiver: Receiver) -> None:
    """Commands by API reach the widget."""
    python.sim.connect_webhook(receiver.url)
    uuid = (await python.originate(**{"from": "101"}))[1]["uuid"]
    await python.post(f"/calls/{uuid}/hangup")
    await python.sim.settle()
    assert [event for event, _ in receiver.events] == ["new_call", "hangup"]


async def test_webhooks_are_lost_when_nobody_listens(python: Box) -> None:
    """Webhooks are lost when nobody listens."""
    python.sim.connect_webhook("http://127.0.0.1:9/hook")
    await python.sim.ring(CALLER, "101")
    (delivery,) = python.sim.webhooks.sent
    assert (delivery.event, delivery.status) == ("new_call", None)


async def test_the_proxy_answers_the_browser(python: Box, receiver: Receiver) -> None:
    """The proxy answers the browser."""
    path = f"{python.sim.origin}/app/webrtc_phone/crm_webhook_proxy.php"
    cookie = {"headers": {"Cookie": f"PHPSESSID={python.sim.session_cookie}"}}
    assert await python.get(f"{path}?event=answered") == {"error": "not_authenticated"}
    assert await python.get(f"{path}?event=nonsense", **cookie) == {"error": "invalid_event"}
    wanted = {"error": "crm_url_not_configured_for_answered"}
    assert await python.get(f"{path}?event=answered", **cookie) == wanted
    python.sim.connect_webhook(receiver.url)
    answer = await python.get(f"{path}?event=ringing&domain=fake.example", **cookie)
    assert answer == {"ok": True, "http_code": 200, "event": "ringing"}
    query = receiver.requests[0][1]
    assert (query["domain"], query["timestamp"]) == (DOMAIN, "2026-03-28T12:00:00+02:00")
    python.sim.connect_webhook("http://127.0.0.1:9/hook")
    assert (await python.get(f"{path}?event=ringing", **cookie))["ok"] is False
    python.sim.widget_permission = False
    assert await python.get(f"{path}?event=ringing", **cookie) == {"error": "permission_denied"}
    await python.sim.ring(CALLER, "101")
    assert len(receiver.requests) == 1
