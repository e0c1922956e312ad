"""The simulated VoIPSUN box words answers, checks rights and selects phones as its contract says."""

import asyncio
import json

import aiohttp
import pytest

from .base import FaultKind
from .voipsun import VoipsunSimulator
from .voipsun_bench import FROM_101, NOVAK, OK, ORIGINATE, Box, Boxes, eventually, two_sites
from .voipsun_model import Broken, ListStyle, OkStyle, Permission, crowd

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_success_and_errno_are_strings(box: Box) -> None:
    """Commands answer the envelope of the manual."""
    assert await box.ask("originate", **ORIGINATE) == OK
    answer = await box.ask("originate", username="nobody", **ORIGINATE)
    assert answer == {"success": "false", "errno": "100", "reason": "Unauthorized user or bad permissions"}


@pytest.mark.parametrize("wrong", [{"username": "x"}, {"password": "x"}, {"password": ""}])
@pytest.mark.parametrize("action", ["listcalls", "originate", "nonsense", ""])
async def test_wrong_credentials_come_before_everything(box: Box, wrong: dict[str, str], action: str) -> None:
    """100 beats 110 and 120."""
    assert await box.errno(action, **wrong) == "100"
    assert not box.sim.placed


async def test_credentials_can_be_rotated(box: Box) -> None:
    """A new password ends the old one."""
    old = box.sim.password
    box.sim.password = "other"
    assert await box.errno("listcalls", password=old) == "100"
    assert await box.ask("listcalls") == []


async def test_very_old_boxes_know_no_users(boxes: Boxes) -> None:
    """Without authentication any name does."""
    box = await boxes(authenticate=False)
    assert await box.ask("listcalls", username="x", password="y") == []


@pytest.mark.parametrize("action", ["", "nonsense", "sipStatus", "senddtmf"])
async def test_unknown_actions(box: Box, action: str) -> None:
    """110 for what the box does not know."""
    assert await box.errno(action) == "110"


@pytest.mark.parametrize(
    ("permission", "actions"),
    [
        (Permission.ORIGINATE, ["originate", "dial"]),
        (Permission.HANG_UP, ["hangupcall"]),
        (Permission.CALL_LIST, ["listcalls"]),
        (Permission.SIP_STATUS, ["sipstatus"]),
        (Permission.EAVESDROP, ["spying"]),
        (
            Permission.CALL_CENTER,
            [
                "agentlogin",
                "agentlogout",
                "agentpause",
                "agentunpause",
                "agentadd",
                "agentremove",
                "agentstatus",
                "queuestatus",
            ],
        ),
        (Permission.MOVE_RECORDINGS, ["moverecord"]),
    ],
)
async def test_withheld_permissions(box: Box, permission: Permission, actions: list[str]) -> None:
    """A withheld permission is 100 as well, before a missing parameter; the others stay."""
    box.sim.deny = {permission}
    for action in actions:
        assert await box.errno(action) == "100"
    box.sim.deny = set(Permission) - {permission}
    for action in actions:
        assert (await box.raw(action))[2].find('"100"') == -1


@pytest.mark.parametrize(
    ("action", "query"),
    [
        ("originate", FROM_101),
        ("originate", {"dstNum": "800123456"}),
        ("originate", {"dstNum": "800123456", "srcExtenInternalNum": ""}),
        ("dial", {"dstNum": "1", "outrouteName": "outgoing"}),
        ("dial", {"dstNum": "1", "context": "c"}),
        ("dial", {"outrouteName": "outgoing", "context": "c"}),
        ("dial", {"dstNum": "1", "context": "c", "outrouteName": "outgoing", "outrouteId": "1"}),
        ("hangupcall", {}),
        ("spying", {"dstExtenInternalNum": "102"}),
        ("spying", FROM_101),
        ("agentlogin", NOVAK),
        ("agentlogin", FROM_101),
        ("agentlogin", FROM_101 | {"agentNumber": "1000"}),
        ("agentlogout", {"agentNumber": "1000"}),
        ("agentpause", {"agentPin": "0417"}),
        ("agentunpause", {}),
        ("agentadd", NOVAK),
        ("agentadd", {"queueName": "podpora"}),
        ("agentremove", NOVAK),
        ("agentstatus", {"agentNumber": "1000"}),
        ("queuestatus", {}),
        ("moverecord", {"cdrId": "10000"}),
        ("moverecord", {"filename": "x.wav"}),
    ],
)
async def test_missing_parameters(box: Box, action: str, query: dict[str, str]) -> None:
    """120 for whatever is missing, and nothing happens."""
    assert await box.errno(action, **query) == "120"
    assert box.sim.truth() == []
    assert not box.sim.placed


async def test_only_get_is_served(box: Box) -> None:
    """Neither POST nor HEAD places a call."""
    params = {"username": box.sim.username, "password": box.sim.password, "action": "originate", **ORIGINATE}
    for method in ("POST", "HEAD"):
        async with box.session.request(method, f"{box.sim.url}/api/api.php", params=params) as response:
            assert response.status == 405
    assert not box.sim.placed


@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_content_type(boxes: Boxes, content_type: str) -> None:
    """The JSON is the same under either header."""
    box = await boxes(content_type=content_type)
    status, given, text = await box.raw("listcalls")
    assert (status, given, text) == (200, content_type, "[]")


@pytest.mark.parametrize("error_status", [200, 400, 401, 403])
async def test_error_status(boxes: Boxes, error_status: int) -> None:
    """Errors can carry a status of their own; successes never."""
    box = await boxes(error_status=error_status)
    status, _, text = await box.raw("nonsense")
    assert status == error_status
    assert json.loads(text)["errno"] == "110"
    assert (await box.raw("listcalls"))[0] == 200


@pytest.mark.parametrize(("broken", "start"), [(Broken.EMPTY, ""), (Broken.WARNING, "<br />"), (Broken.BOM, "\ufeff")])
async def test_broken_scripts_carry_out(boxes: Boxes, broken: Broken, start: str) -> None:
    """An empty body, a warning or a byte order mark spoil the answer, not the action."""
    box = await boxes(broken=broken)
    _, _, text = await box.raw("originate", **ORIGINATE)
    assert text.startswith(start)
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert len(box.sim.placed) == 1
    assert text == "" if broken is Broken.EMPTY else text.endswith('{"success":"true"}')


async def test_broken_page_and_connection(boxes: Boxes) -> None:
    """A page instead of PHP and a closed connection do nothing."""
    box = await boxes(broken=Broken.HTML)
    status, content_type, text = await box.raw("originate", **ORIGINATE)
    assert (status, content_type, text[:6]) == (200, "text/html", "<html>")
    box.sim.broken = Broken.CLOSED
    with pytest.raises(aiohttp.ClientConnectionError):
        await box.raw("originate", **ORIGINATE)
    assert not box.sim.placed


async def test_broken_for_some_actions(boxes: Boxes) -> None:
    """One action can be broken alone."""
    box = await boxes(broken=Broken.HTML, broken_actions={"listcalls"})
    assert "html" in (await box.raw("listcalls"))[2]
    assert len(await box.ask("sipstatus")) == 7


@pytest.mark.parametrize(("status", "text"), [(401, '"100"'), (403, '"100"'), (400, '"120"'), (503, "<h1>")])
async def test_planned_status(box: Box, status: int, text: str) -> None:
    """A planned status speaks the provider's words."""
    box.sim.fault(FaultKind.STATUS, status=status)
    given, _, body = await box.raw("listcalls")
    assert given == status
    assert text in body


@pytest.mark.parametrize(
    "selector",
    [
        {"srcExtenInternalNum": "102"},
        {"srcExtenPublicNum": "222300102"},
        {"srcExtenId": "2"},
        {"srcSipUsername": "sip102"},
        {"srcExtenInternalNum": "102", "dialplanName": "internal"},
    ],
)
async def test_every_selector_finds_the_extension(box: Box, selector: dict[str, str]) -> None:
    """Each way to name an extension rings that one."""
    assert await box.ask("originate", dstNum="800123456", **selector) == OK
    assert await box.rows() == [("sip102", "102", "s", "Ringing")]


@pytest.mark.parametrize(
    ("action", "prefix", "more", "codes"),
    [
        ("originate", "src", {"dstNum": "800123456"}, ("200", "201", "202", "203")),
        ("spying", "src", {"dstSipUsername": "sip104"}, ("300", "302", "303", "304")),
        ("spying", "dst", {"srcSipUsername": "sip104"}, ("301", "310", "311", "312")),
        ("agentlogin", "src", NOVAK, ("501", "502", "503", "504")),
    ],
)
async def test_selection_errors(
    boxes: Boxes, action: str, prefix: str, more: dict[str, str], codes: tuple[str, str, str, str]
) -> None:
    """Conflict, unknown extension, dial plan and a missing SIP account differ for each action."""
    box = await boxes(two_sites())
    conflict, unknown, dialplan, sip = codes
    number, user = f"{prefix}ExtenInternalNum", f"{prefix}SipUsername"
    assert await box.errno(action, **more, **{number: "104", user: "sip104"}) == conflict
    assert await box.errno(action, **more, **{number: "999"}) == unknown
    assert await box.errno(action, **more, **{number: "104", "dialplanName": "nirgends"}) == dialplan
    assert await box.errno(action, **more, **{number: "103"}) == sip
    for kind in ("ExtenPublicNum", "ExtenId", "SipUsername"):
        assert await box.errno(action, **more, **{f"{prefix}{kind}": "nobody"}) == unknown
    assert not box.sim.placed


async def test_a_number_in_two_dialplans(boxes: Boxes) -> None:
    """The internal number alone is ambiguous; the dial plan settles it."""
    box = await boxes(two_sites())
    assert await box.errno("originate", **ORIGINATE) == "202"
    assert await box.ask("originate", **ORIGINATE, dialplanName="pobocka") == OK
    assert (await box.rows())[0][0] == "sip2101"


async def test_channel_and_extension_conflict_when_spying(box: Box) -> None:
    """A channel is one more way to name the target."""
    call = await box.sim.dial("102", "103")
    channel = box.sim.channels(call)[0]
    assert await box.errno("spying", **FROM_101, dstChannelName=channel, dstExtenInternalNum="102") == "301"
    assert await box.errno("spying", **FROM_101, dstChannelName="SIP/gone-00000001") == "310"


async def test_registrations(box: Box) -> None:
    """Phones and trunks share a list; trunks are not monitored."""
    assert await box.sip("sip101") == {
        "user": "sip101",
        "host": "192.0.2.2",
        "status": "OK",
        "useragent": "Yealink SIP-T46S 66.85.0.5",
        "regcontact": "sip:sip101@192.0.2.2:5060",
    }
    trunk = await box.sip("trunk-prichozi")
    assert (trunk["host"], trunk["status"], trunk["regcontact"]) == ("198.51.100.10", "Unmonitored", "")


@pytest.mark.parametrize(("style", "status"), [(OkStyle.PLAIN, "OK"), (OkStyle.WITH_TIME, "OK (12 ms)")])
async def test_ok_style(boxes: Boxes, style: OkStyle, status: str) -> None:
    """OK comes with or without the round trip."""
    box = await boxes(ok_style=style)
    assert (await box.sip("sip101"))["status"] == status


@pytest.mark.parametrize("host", ["", "(Unspecified)", "-none-"])
async def test_unregistered(boxes: Boxes, host: str) -> None:
    """A phone that left is UNKNOWN, without an address, and comes back."""
    box = await boxes(unregistered_host=host)
    await box.sim.unregister("sip101")
    row = await box.sip("sip101")
    assert row == {"user": "sip101", "host": host, "status": "UNKNOWN", "useragent": "", "regcontact": ""}
    await box.sim.register("sip101")
    assert (await box.sip("sip101"))["host"] == "192.0.2.200"


async def test_unplugged(box: Box) -> None:
    """A monitored phone that dies is noticed; an unmonitored one keeps its address."""
    await box.sim.unplug("sip101")
    assert (await box.sip("sip101"))["status"] == "UNREACHABLE"
    await box.sim.monitor("sip102", monitored=False)
    await box.sim.unplug("sip102")
    row = await box.sip("sip102")
    assert row["status"] == "Unmonitored"
    assert row["regcontact"]


async def test_lagging(box: Box) -> None:
    """A slow phone says how slow."""
    await box.sim.lag("sip101", 2500)
    assert (await box.sip("sip101"))["status"] == "LAGGED (2500 ms)"


async def test_a_restart_keeps_everything(boxes: Boxes) -> None:
    """The same port, the same calls, and what was planned still comes."""
    box = await boxes(originate_delay=0.5)
    call = await box.sim.dial("102", "103")
    await box.ask("originate", **ORIGINATE)
    port = box.sim.port
    await box.sim.stop()
    await asyncio.sleep(0.6)
    assert not box.sim.placed
    with pytest.raises(aiohttp.ClientConnectionError):
        await box.ask("listcalls")
    await box.sim.start()
    assert box.sim.port == port
    await eventually(lambda: bool(box.sim.placed))
    assert [row[0] for row in await box.rows()] == ["sip102", "sip103", "sip101"]
    assert box.sim.truth()[0].call_id == call


async def test_stop_ends_waiting_requests(boxes: Boxes) -> None:
    """A request that waits for a phone does not outlive the server."""
    box = await boxes(originate_blocks=True)
    request = asyncio.create_task(box.raw("originate", **ORIGINATE))
    await eventually(lambda: bool(box.sim.placed))
    await box.sim.stop()
    with pytest.raises(aiohttp.ClientError):
        await request


async def test_a_big_house(boxes: Boxes) -> None:
    """Two thousand phones and five hundred calls are listed whole."""
    box = await boxes(crowd(2000))
    for index in range(500):
        await box.sim.dial(str(10001 + index), str(10501 + index))
    assert len(await box.ask("listcalls")) == 1000
    assert len(await box.ask("sipstatus")) == 2002


async def test_a_number_is_a_crowd(boxes: Boxes) -> None:
    """A number in place of a population makes so many extensions."""
    box = await boxes(12)
    assert len(box.sim.extensions) == 12
    assert box.sim.extensions[0].number == "101"


async def test_wrong_switches_are_refused() -> None:
    """A misspelt switch is an error, not a default."""
    with pytest.raises(TypeError):
        VoipsunSimulator(list_stile=ListStyle.ARRAY)
