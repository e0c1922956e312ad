"""The simulated VoIPSUN box does what the contract says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from .base import FaultKind, TrueLeg
from .voipsun import VoipsunSimulator
from .voipsun_model import (
    Agent,
    AgentStatusStyle,
    Broken,
    ChannelStatus,
    DeviceState,
    Disposition,
    EmptyStyle,
    Extension,
    LegStyle,
    ListStyle,
    MemberSelector,
    NumberStyle,
    OkStyle,
    OutgoingRight,
    OutRoute,
    Permission,
    Population,
    Queue,
    QueueStatusStyle,
    RowStyle,
    Technology,
    Trunk,
    Undocumented,
    crowd,
    demo,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLER = "447700900123"
OK = {"success": "true"}
NOVAK = {"agentNumber": "1000", "agentPin": "0417"}
SVOBODA = {"agentNumber": "1001", "agentPin": "2580"}
FROM_101 = {"srcExtenInternalNum": "101"}
ORIGINATE = {**FROM_101, "dstNum": "800123456"}


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Box:
    """A running simulator, its clock and somebody who asks it."""

    def __init__(self, sim: VoipsunSimulator, clock: Clock, session: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.clock = clock
        self.session = session

    async def raw(self, action: str, **query: str) -> tuple[int, str, str]:
        """Ask with the right credentials; give status, content type and text."""
        credentials = {"username": self.sim.username, "password": self.sim.password}
        params = credentials | ({"action": action} if action else {}) | query
        async with self.session.get(f"{self.sim.url}/api/api.php", params=params) as response:
            return response.status, response.content_type, await response.text()

    async def ask(self, action: str, **query: str) -> Any:
        """Ask and read the JSON."""
        return json.loads((await self.raw(action, **query))[2])

    async def errno(self, action: str, **query: str) -> str:
        """Ask for something that must be refused and give its number."""
        answer = await self.ask(action, **query)
        assert answer["success"] == "false"
        assert set(answer) == {"success", "errno", "reason"}
        assert all(isinstance(value, str) for value in answer.values())
        return str(answer["errno"])

    async def rows(self) -> list[tuple[str, str, str, str]]:
        """List the calls: SIP user (or trunk), source, destination and status."""
        return [
            (row["channelName"].split("/")[1].rpartition("-")[0], row["src"], row["dst"], row["status"])
            for row in await self.ask("listcalls")
        ]

    async def sip(self, user: str) -> dict[str, str]:
        """Find one row of sipstatus."""
        return next(row for row in await self.ask("sipstatus") if row["user"] == user)


type Boxes = Callable[..., Awaitable[Box]]


@pytest.fixture
async def boxes() -> AsyncIterator[Boxes]:
    """Make running simulators that stop after the test."""
    started: list[VoipsunSimulator] = []
    async with aiohttp.ClientSession() as session:

        async def make(population: Population | int | None = None, **switches: Any) -> Box:
            clock = Clock()
            sim = VoipsunSimulator(population, clock=clock, **switches)
            await sim.start()
            started.append(sim)
            return Box(sim, clock, session)

        yield make
        for sim in started:
            await sim.stop()


@pytest.fixture
async def box(boxes: Boxes) -> Box:
    """Start the demo house."""
    return await boxes()


def two_sites() -> Population:
    """Build a house where 101 exists in two dial plans, 103 has no phone and 104 no queue."""
    extensions = [
        Extension(row_id=1, number="101", name="Anna Keller", sip_username="sip101"),
        Extension(row_id=2, number="101", name="Ivo Horák", sip_username="sip2101", dialplan="pobocka"),
        Extension(row_id=3, number="103", name="Sklad", sip_username=""),
        Extension(row_id=4, number="104", name="Sofia Rossi", sip_username="sip104"),
    ]
    agents = (Agent(number="1000", name="novak", full_name="Petr Novák", pin="0417"),)
    return Population(
        extensions=extensions,
        trunks=(Trunk(name="trunk"),),
        routes=(OutRoute(row_id=7, name="outgoing", trunk="trunk"),),
        agents=agents,
        queues=(Queue(name="podpora", number="600"),),
    )


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that a timer does."""
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came")


# -- envelope, credentials, permissions -------------------------------------------------------------------


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


# -- which extension --------------------------------------------------------------------------------------


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


# -- listcalls --------------------------------------------------------------------------------------------


async def test_rows_of_an_incoming_call(box: Box) -> None:
    """The trunk and each phone have a row; who does not pick up loses it."""
    call = await box.sim.ring(CALLER, "101", "102", name="Firma")
    box.clock.now += 6
    assert await box.ask("listcalls") == [
        {
            "channelName": "SIP/trunk-prichozi-0000b704",
            "context": "incoming",
            "src": CALLER,
            "dst": "222333444",
            "duration": "6",
            "status": "Ring",
            "accountCode": "",
        },
        {
            "channelName": "SIP/sip101-0000b705",
            "context": "internal",
            "src": "101",
            "dst": "222333444",
            "duration": "6",
            "status": "Ringing",
            "accountCode": "101",
        },
        {
            "channelName": "SIP/sip102-0000b706",
            "context": "internal",
            "src": "102",
            "dst": "222333444",
            "duration": "6",
            "status": "Ringing",
            "accountCode": "102",
        },
    ]
    await box.sim.answer(call, "102")
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, "222333444", "Up"),
        ("sip102", "102", "", "Up"),
    ]


async def test_the_number_that_was_called(box: Box) -> None:
    """One extension is reached by its own public number, several by the house's, or by what is said."""
    await box.sim.ring(CALLER, "101")
    await box.sim.ring(CALLER, "101", did="222000111")
    trunks = [row for row in await box.rows() if row[0] == "trunk-prichozi"]
    assert [row[2] for row in trunks] == ["222300101", "222000111"]


async def test_rows_of_an_outgoing_call(box: Box) -> None:
    """A dialled call rings the far side and is up when it answers."""
    call = await box.sim.dial("101", "800123456")
    assert await box.rows() == [
        ("sip101", "101", "800123456", "Ring"),
        ("trunk-odchozi", "800123456", "800123456", "Ringing"),
    ]
    await box.sim.answer(call)
    assert [row[3] for row in await box.rows()] == ["Up", "Up"]
    await box.sim.hang_up(call)
    assert await box.rows() == []


async def test_rows_of_an_internal_call(box: Box) -> None:
    """A call between two phones takes two rows."""
    call = await box.sim.dial("102", "103")
    assert await box.rows() == [("sip102", "102", "103", "Ring"), ("sip103", "103", "103", "Ringing")]
    await box.sim.answer(call, "103")
    assert {row[3] for row in await box.rows()} == {"Up"}


@pytest.mark.parametrize(
    ("style", "ringing", "up"),
    [
        (RowStyle.OWN_NUMBER, ("101", "222333444"), ("101", "")),
        (RowStyle.PARTIES, (CALLER, "101"), (CALLER, "101")),
        (RowStyle.CONNECTED, ("101", CALLER), ("101", CALLER)),
    ],
)
async def test_row_style(boxes: Boxes, style: RowStyle, ringing: tuple[str, str], up: tuple[str, str]) -> None:
    """What a called phone shows is not published."""
    box = await boxes(row_style=style)
    call = await box.sim.ring(CALLER, "101", "102")
    assert (await box.rows())[1][1:3] == ringing
    await box.sim.answer(call, "101")
    assert (await box.rows())[1][1:3] == up


@pytest.mark.parametrize("style", ListStyle)
async def test_list_style(boxes: Boxes, style: ListStyle) -> None:
    """Lists come as an array, wrapped, or keyed with gaps."""
    box = await boxes(list_style=style)
    await box.sim.dial("102", "103")
    calls, peers = await box.ask("listcalls"), await box.ask("sipstatus")
    match style:
        case ListStyle.ARRAY:
            assert (len(calls), len(peers)) == (2, 7)
            assert isinstance(calls, list)
        case ListStyle.WRAPPED:
            assert (len(calls["calls"]), len(peers["peers"])) == (2, 7)
            assert calls["success"] == peers["success"] == "true"
        case ListStyle.KEYED:
            assert list(calls) == ["0", "2"]
            assert calls["2"]["channelName"].startswith("SIP/sip103-")


@pytest.mark.parametrize(
    ("style", "empty", "text"),
    [
        (ListStyle.ARRAY, EmptyStyle.AS_LIST, "[]"),
        (ListStyle.WRAPPED, EmptyStyle.AS_LIST, '{"success":"true","calls":[]}'),
        (ListStyle.KEYED, EmptyStyle.AS_LIST, "[]"),
        (ListStyle.ARRAY, EmptyStyle.OBJECT, "{}"),
        (ListStyle.WRAPPED, EmptyStyle.NULL, "null"),
        (ListStyle.ARRAY, EmptyStyle.SUCCESS, '{"success":"true"}'),
    ],
)
async def test_empty_lists(boxes: Boxes, style: ListStyle, empty: EmptyStyle, text: str) -> None:
    """PHP has several ways to say nothing."""
    box = await boxes(list_style=style, empty_style=empty)
    assert (await box.raw("listcalls"))[2] == text


@pytest.mark.parametrize(
    ("switches", "duration"),
    [
        ({}, "3675"),
        ({"number_style": NumberStyle.NUMBERS}, 3675),
        ({"clock_durations": True}, "01:01:15"),
    ],
)
async def test_durations(boxes: Boxes, switches: dict[str, Any], duration: str | int) -> None:
    """Durations are text, a number or a clock; they count from the channel's start, not the answer."""
    box = await boxes(**switches)
    call = await box.sim.dial("102", "103")
    box.clock.now += 75
    await box.sim.answer(call, "103")
    box.clock.now += 3600
    assert [row["duration"] for row in await box.ask("listcalls")] == [duration, duration]


async def test_the_second_channel_starts_later(boxes: Boxes) -> None:
    """With a lag the two durations differ."""
    box = await boxes(dial_lag=1.5)
    await box.sim.dial("102", "103")
    assert [row["duration"] for row in await box.ask("listcalls")] == ["0", "0"]
    box.clock.now += 5
    assert [row["duration"] for row in await box.ask("listcalls")] == ["5", "3"]


async def test_hidden_ringing(boxes: Boxes) -> None:
    """A box that lists no ringing calls shows them once they are up."""
    box = await boxes(show_ringing=False)
    call = await box.sim.ring(CALLER, "101")
    assert await box.rows() == []
    assert len(box.sim.truth()) == 1
    await box.sim.answer(call, "101")
    assert len(await box.rows()) == 2


async def test_one_row_per_call(boxes: Boxes) -> None:
    """One row stands for the call, with the phone's number as destination."""
    box = await boxes(legs=LegStyle.ONE_ROW)
    call = await box.sim.ring(CALLER, "101")
    await box.sim.dial("102", "103")
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, "101", "Ring"),
        ("sip102", "102", "103", "Ring"),
    ]
    await box.sim.answer(call, "101")
    assert (await box.rows())[0] == ("trunk-prichozi", CALLER, "101", "Up")


async def test_pjsip_names(boxes: Boxes) -> None:
    """The channel driver can be PJSIP, for trunks too."""
    box = await boxes(tech=Technology.PJSIP)
    await box.sim.dial("101", "800123456")
    names = [row["channelName"] for row in await box.ask("listcalls")]
    assert names == ["PJSIP/sip101-0000b704", "PJSIP/trunk-odchozi-0000b705"]


async def test_dahdi_trunk(boxes: Boxes) -> None:
    """A trunk can be an ISDN line, whose names look different."""
    population = demo()
    population.trunks[0].technology = Technology.DAHDI
    box = await boxes(population)
    call = await box.sim.ring(CALLER, "101")
    assert box.sim.channels(call) == [f"DAHDI/i1/{CALLER}-b704", "SIP/sip101-0000b705"]


async def test_local_channels(boxes: Boxes) -> None:
    """Asterisk's inner legs can be listed beside the real ones, and hung up as these."""
    box = await boxes(local_channels=True)
    await box.sim.ring(CALLER, "101")
    names = [row["channelName"] for row in await box.ask("listcalls")]
    assert names[2:] == ["Local/101@internal-0000b706;1", "Local/101@internal-0000b706;2"]
    assert await box.ask("hangupcall", channelName=names[2]) == OK
    assert await box.ask("listcalls") == []


@pytest.mark.parametrize("status", [ChannelStatus.RINGING, ChannelStatus.DIALING, ChannelStatus.DOWN])
async def test_outbound_status(boxes: Boxes, status: ChannelStatus) -> None:
    """A trunk that is dialled shows one of three words, and can be answered with each."""
    box = await boxes(outbound_status=status)
    call = await box.sim.dial("101", "800123456")
    assert (await box.rows())[1][3] == status
    await box.sim.answer(call)
    assert (await box.rows())[1][3] == "Up"


async def test_slashes_are_escaped_as_php_does(box: Box) -> None:
    """The text escapes slashes and everything beyond ASCII."""
    await box.sim.ring("anonymní", "101")
    text = (await box.raw("listcalls"))[2]
    assert r"SIP\/sip101-" in text
    assert text.isascii()


async def test_a_restart_of_asterisk_reuses_names(box: Box) -> None:
    """Calls vanish and channel numbers begin again."""
    await box.sim.dial("102", "103")
    await box.sim.restart_asterisk()
    assert await box.ask("listcalls") == []
    await box.sim.dial("102", "103")
    assert (await box.ask("listcalls"))[0]["channelName"] == "SIP/sip102-00000000"


# -- originate, dial, hangupcall, spying ------------------------------------------------------------------


async def test_originate_rings_the_extension_first(box: Box) -> None:
    """The phone rings; picked up, the number is dialled; answered, people talk."""
    assert await box.ask("originate", **ORIGINATE) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("101", "800123456")
    assert await box.rows() == [("sip101", "101", "s", "Ringing")]
    assert box.sim.truth()[0].legs == (TrueLeg(extension="101", state="ringing"),)
    await box.sim.answer(placed.call_id, "101")
    assert await box.rows() == [
        ("sip101", "101", "800123456", "Up"),
        ("trunk-odchozi", "800123456", "800123456", "Ringing"),
    ]
    assert box.sim.truth()[0].state == "dialing"
    await box.sim.answer(placed.call_id)
    truth = box.sim.truth()[0]
    assert (truth.direction, truth.state, truth.caller, truth.callee) == ("outgoing", "talking", "101", "800123456")


async def test_originate_to_an_extension(box: Box) -> None:
    """An internal destination rings the other phone."""
    await box.ask("originate", **FROM_101, dstNum="103")
    call = box.sim.placed[0].call_id
    await box.sim.answer(call, "101")
    assert await box.rows() == [("sip101", "101", "103", "Up"), ("sip103", "103", "103", "Ringing")]
    assert box.sim.truth()[0].direction == "internal"


async def test_originate_options(boxes: Boxes) -> None:
    """The shown caller is in the list; custom fields and the recording are in the record."""
    box = await boxes()
    options = {"dialerCid": "222333444", "dialerName": "Firma", "customCDR1": "a", "customCDR4": "d"}
    audio = {"monitorFilename": "x.wav", "monitorPath": "/archive"}
    assert await box.ask("originate", **ORIGINATE, **options, **audio) == OK
    call = box.sim.placed[0].call_id
    await box.sim.answer(call, "101")
    assert [row[1] for row in await box.rows()] == ["222333444", "800123456"]
    await box.sim.answer(call)
    await box.sim.hang_up(call)
    record = box.sim.records[10000]
    assert record.custom == ("a", "", "", "d")
    assert record.recording is not None
    assert (record.recording.path, record.recording.filename) == ("/archive", "x.wav")


@pytest.mark.parametrize(
    ("right", "number", "follows"),
    [
        (OutgoingRight.ALLOWED, "800123456", True),
        (OutgoingRight.API_ONLY, "800123456", True),
        (OutgoingRight.DENIED, "800123456", False),
        (OutgoingRight.DENIED, "102", False),
        (OutgoingRight.INTERNAL_ONLY, "800123456", False),
        (OutgoingRight.INTERNAL_ONLY, "102", True),
    ],
)
async def test_originate_against_a_right(box: Box, right: OutgoingRight, number: str, *, follows: bool) -> None:
    """A refusing right is answered with success, and no call follows."""
    box.sim.extensions[0].outgoing = right
    assert await box.ask("originate", **FROM_101, dstNum=number) == OK
    assert len(await box.rows()) == len(box.sim.placed) == follows


async def test_api_only_forbids_dialling_by_hand(box: Box) -> None:
    """Who may call by API alone gets nowhere on the phone."""
    box.sim.extensions[0].outgoing = OutgoingRight.API_ONLY
    await box.sim.dial("101", "800123456")
    assert box.sim.truth() == []
    assert box.sim.records[10000].disposition is Disposition.FAILED


@pytest.mark.parametrize(
    ("state", "errno"),
    [
        (DeviceState.UNKNOWN, "220"),
        (DeviceState.IN_USE, "222"),
        (DeviceState.BUSY, "223"),
        (DeviceState.INVALID, "224"),
        (DeviceState.UNAVAILABLE, "225"),
        (DeviceState.RINGING, "226"),
        (DeviceState.RINGING_IN_USE, "227"),
        (DeviceState.ON_HOLD, "228"),
    ],
)
async def test_check_exten(box: Box, state: DeviceState, errno: str) -> None:
    """The check refuses a phone that is not free, with one number per state."""
    await box.sim.force_device_state("101", state)
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == errno
    assert not box.sim.placed
    await box.sim.force_device_state("101", None)
    assert await box.ask("originate", **ORIGINATE, checkExten="1") == OK


async def test_check_exten_sees_calls(box: Box) -> None:
    """States come from what the phone does; without the check a busy phone rings again."""
    first = await box.sim.ring(CALLER, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "226"
    await box.sim.answer(first, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "222"
    await box.sim.hold(first, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "228"
    await box.sim.resume(first, "101")
    assert await box.ask("originate", **ORIGINATE, checkExten="0") == OK
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "227"
    await box.sim.unregister("sip102")
    assert await box.errno("originate", srcSipUsername="sip102", dstNum="1", checkExten="1") == "225"


@pytest.mark.parametrize(("check", "errno"), [("checkIpHost", "210"), ("checkIpContact", "211")])
async def test_check_addresses(box: Box, check: str, errno: str) -> None:
    """The address checks compare with the registration."""
    host = (await box.sip("sip101"))["host"]
    assert await box.errno("originate", **ORIGINATE, **{check: "203.0.113.9"}) == errno
    assert await box.ask("originate", **ORIGINATE, **{check: host}) == OK


async def test_originate_at_a_dead_phone(box: Box) -> None:
    """Without a check a dead phone is accepted, and nothing rings."""
    await box.sim.unregister("sip101")
    assert await box.ask("originate", **ORIGINATE) == OK
    assert await box.rows() == []
    assert not box.sim.placed


async def test_every_request_places_one_call(box: Box) -> None:
    """Twenty requests at once are twenty calls."""
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(box.ask("originate", **ORIGINATE))
    assert len({placed.call_id for placed in box.sim.placed}) == len(box.sim.truth()) == 20


async def test_auto_answer(boxes: Boxes) -> None:
    """With auto_answer a phone picks up by itself, not the far side."""
    box = await boxes(auto_answer=0.01)
    await box.ask("originate", **ORIGINATE)
    await eventually(lambda: box.sim.truth()[0].state == "dialing")
    assert [row[3] for row in await box.rows()] == ["Up", "Ringing"]


async def test_auto_answer_after_an_answer(boxes: Boxes) -> None:
    """A phone that was picked up by hand, or stopped ringing, is not picked up again."""
    box = await boxes(auto_answer=0.02)
    for _ in range(2):
        await box.ask("originate", **ORIGINATE)
    ended, answered = (placed.call_id for placed in box.sim.placed)
    await box.sim.hang_up(ended)
    await box.sim.answer(answered, "101")
    channels = box.sim.channels(answered)
    await asyncio.sleep(0.05)
    assert [true.call_id for true in box.sim.truth()] == [answered]
    assert box.sim.channels(answered) == channels


async def test_originate_delay(boxes: Boxes) -> None:
    """The first channel can come later than the answer."""
    box = await boxes(originate_delay=0.05)
    assert await box.ask("originate", **ORIGINATE) == OK
    assert await box.rows() == []
    assert not box.sim.placed
    await eventually(lambda: bool(box.sim.placed))
    assert await box.rows() == [("sip101", "101", "s", "Ringing")]


@pytest.mark.parametrize(("end", "text"), [("answer", "true"), ("reject", '"223"'), ("callee", '"225"')])
async def test_originate_blocks(boxes: Boxes, end: str, text: str) -> None:
    """A blocking box answers when the phone was picked up or not."""
    box = await boxes(originate_blocks=True)
    request = asyncio.create_task(box.raw("originate", **ORIGINATE))
    await eventually(lambda: bool(box.sim.placed))
    call = box.sim.placed[0].call_id
    await asyncio.sleep(0.02)
    assert not request.done()
    if end == "answer":
        await box.sim.answer(call, "101")
    else:
        await box.sim.hang_up(call, by=end)
    assert text in (await request)[2]


async def test_blocking_originate_at_a_dead_phone(boxes: Boxes) -> None:
    """A blocking box says at once that nothing can ring."""
    box = await boxes(originate_blocks=True)
    await box.sim.unregister("sip101")
    assert await box.errno("originate", **ORIGINATE) == "225"


@pytest.mark.parametrize("route", [{"outrouteName": "outgoing"}, {"outrouteId": "1"}])
async def test_dial(box: Box, route: dict[str, str]) -> None:
    """The number outside is called first, then the context takes over."""
    assert await box.ask("dial", dstNum="800123456", context="processing", **route) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("outgoing", "800123456")
    (row,) = await box.ask("listcalls")
    assert (row["context"], row["status"], row["dst"]) == ("from-trunk", "Ringing", "800123456")
    await box.sim.answer(placed.call_id)
    (row,) = await box.ask("listcalls")
    assert (row["context"], row["status"]) == ("processing", "Up")


@pytest.mark.parametrize("route", [{"outrouteName": "other"}, {"outrouteId": "9"}])
async def test_dial_without_route(box: Box, route: dict[str, str]) -> None:
    """An unknown route is 250."""
    assert await box.errno("dial", dstNum="1", context="c", **route) == "250"
    assert not box.sim.placed


@pytest.mark.parametrize(("answered", "continued"), [(True, ""), (False, "failed")])
async def test_dial_continues_on_failure(box: Box, *, answered: bool, continued: str) -> None:
    """The hang-up context takes over only a call that nobody answered."""
    await box.ask("dial", dstNum="1", context="c", outrouteId="1", hangupContext="failed")
    call = box.sim.placed[0].call_id
    if answered:
        await box.sim.answer(call)
        await box.sim.hang_up(call, by="callee")
    else:
        await box.sim.hang_up(call, by="reject")
    assert box.sim.records[10000].continued_in == continued


@pytest.mark.parametrize("index", [0, 1])
async def test_hangupcall(box: Box, index: int) -> None:
    """Ending either leg of a bridged call ends the call, and that one only."""
    call = await box.sim.dial("102", "103")
    await box.sim.answer(call, "103")
    other = await box.sim.ring(CALLER, "101")
    assert await box.ask("hangupcall", channelName=box.sim.channels(call)[index]) == OK
    assert [true.call_id for true in box.sim.truth()] == [other]
    assert box.sim.records[10000].ended_by == "api"


async def test_hangupcall_of_one_of_several_phones(box: Box) -> None:
    """One phone of a group stops ringing; the last one ends the call."""
    call = await box.sim.ring(CALLER, "101", "102")
    _, first, second = box.sim.channels(call)
    await box.ask("hangupcall", channelName=first)
    assert box.sim.channels(call)[1:] == [second]
    await box.ask("hangupcall", channelName=second)
    assert box.sim.truth() == []


@pytest.mark.parametrize(
    ("switch", "answer"),
    [
        (Undocumented.ERRNO, {"success": "false", "errno": "120", "reason": "Missing required parameter"}),
        (Undocumented.BARE, {"success": "false", "reason": "Failed"}),
        (Undocumented.SUCCESS, OK),
    ],
)
async def test_undocumented_answers(boxes: Boxes, switch: Undocumented, answer: dict[str, str]) -> None:
    """An unknown channel and an unknown queue are answered as switched."""
    box = await boxes(unknown_channel=switch, unknown_queue=switch)
    assert await box.ask("hangupcall", channelName=r"SIP\sip101-0000b704") == answer
    assert await box.ask("queuestatus", queueName="nobody") == answer


@pytest.mark.parametrize("target", ["dstChannelName", "dstExtenInternalNum", "dstSipUsername", "dstExtenId"])
async def test_spying(box: Box, target: str) -> None:
    """The supervisor's phone rings, listens, and stops with the call."""
    call = await box.sim.dial("102", "103")
    await box.sim.answer(call, "103")
    values = {"dstChannelName": box.sim.channels(call)[0], "dstSipUsername": "sip102", "dstExtenId": "2"}
    value = values.get(target, "102")
    assert await box.ask("spying", **FROM_101, spyCid="999", spyName="Chef", **{target: value}) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("101", value)
    assert (await box.rows())[2] == ("sip101", "999", "s", "Ringing")
    await box.sim.answer(placed.call_id, "101")
    assert (await box.rows())[2][3] == "Up"
    await box.sim.hang_up(call)
    assert box.sim.truth() == []


async def test_the_end_of_spying_leaves_the_call(box: Box) -> None:
    """A supervisor who leaves ends nothing else."""
    call = await box.sim.dial("102", "103")
    await box.ask("spying", **FROM_101, dstExtenInternalNum="102")
    await box.sim.hang_up(box.sim.placed[0].call_id)
    assert [true.call_id for true in box.sim.truth()] == [call]


# -- what people do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "by", "disposition"),
    [
        (False, "caller", Disposition.NO_ANSWER),
        (False, "reject", Disposition.BUSY),
        (True, "caller", Disposition.ANSWERED),
        (True, "callee", Disposition.ANSWERED),
    ],
)
async def test_records(box: Box, *, answered: bool, by: str, disposition: Disposition) -> None:
    """Every call leaves one record; nobody's answer leaves none in it."""
    call = await box.sim.ring(CALLER, "101", "102")
    box.clock.now += 5
    if answered:
        await box.sim.answer(call, "101")
    box.clock.now += 60
    await box.sim.hang_up(call, by=by)
    (record,) = box.sim.records.values()
    assert (record.src, record.dst, record.disposition) == (CALLER, "222333444", disposition)
    assert record.ended - record.started == 65
    assert (record.answered is not None) is answered
    assert record.recording is None


async def test_a_refusal_leaves_the_group_ringing(box: Box) -> None:
    """One phone refuses, another takes the call."""
    call = await box.sim.ring(CALLER, "101", "102")
    await box.sim.refuse(call, "101")
    assert [row[0] for row in await box.rows()] == ["trunk-prichozi", "sip102"]
    await box.sim.answer(call, "102")
    assert box.sim.truth()[0].state == "talking"


async def test_pick_up_elsewhere(box: Box) -> None:
    """A phone that did not ring takes the call."""
    call = await box.sim.ring(CALLER, "101")
    await box.sim.pick_up(call, "104")
    assert [row[0] for row in await box.rows()] == ["trunk-prichozi", "sip104"]
    with pytest.raises(ValueError, match="does not ring"):
        await box.sim.pick_up(call, "105")


async def test_transfer(box: Box) -> None:
    """A blind transfer swaps the phone and keeps the outside party's channel."""
    call = await box.sim.ring(CALLER, "101")
    await box.sim.answer(call, "101")
    trunk = box.sim.channels(call)[0]
    await box.sim.transfer(call, "101", "103")
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, "103", "Up"),
        ("sip103", "103", "103", "Ringing"),
    ]
    assert box.sim.channels(call)[0] == trunk
    assert box.sim.truth()[0].state == "ringing"
    await box.sim.answer(call, "103")
    assert box.sim.truth()[0].state == "talking"


async def test_transfer_of_a_ringing_call(box: Box) -> None:
    """Who does not talk has nobody to transfer."""
    call = await box.sim.ring(CALLER, "101")
    with pytest.raises(ValueError, match="nobody to transfer"):
        await box.sim.transfer(call, "101", "103")
    assert len(box.sim.channels(call)) == 2


async def test_voice_menu(box: Box) -> None:
    """A menu's caller is up without a person until somebody answers."""
    call = await box.sim.ring_menu(CALLER)
    assert await box.rows() == [("trunk-prichozi", CALLER, "222333444", "Up")]
    assert box.sim.truth()[0].state == "ringing"
    await box.sim.route(call, "101")
    assert (await box.rows())[1] == ("sip101", "101", "222333444", "Ringing")
    await box.sim.answer(call, "101")
    assert box.sim.truth()[0].state == "talking"


async def test_dead_phones(box: Box) -> None:
    """A call to phones that cannot ring ends at once, with a record; a busy one says so."""
    await box.sim.unregister("sip101")
    await box.sim.ring(CALLER, "101")
    await box.sim.dial("102", "101")
    await box.sim.force_device_state("103", DeviceState.BUSY)
    await box.sim.dial("102", "103")
    assert box.sim.truth() == []
    outcomes = [record.disposition for record in box.sim.records.values()]
    assert outcomes == [Disposition.FAILED, Disposition.FAILED, Disposition.BUSY]


async def test_a_house_without_a_way_out(boxes: Boxes) -> None:
    """A number outside fails where no route leads, and a line without a phone rings nobody."""
    population = two_sites()
    population.routes = ()
    box = await boxes(population)
    await box.sim.dial("sip2101", "800123456")
    await box.sim.ring(CALLER, "103")
    assert box.sim.truth() == []
    assert [record.disposition for record in box.sim.records.values()] == [Disposition.FAILED] * 2


async def test_spying_from_a_dead_phone(box: Box) -> None:
    """A supervisor without a phone is accepted, and nothing rings."""
    await box.sim.unplug("sip101")
    assert await box.ask("spying", **FROM_101, dstExtenInternalNum="102") == OK
    assert not box.sim.placed
    assert box.sim.truth() == []


async def test_verbs_refuse_nonsense(box: Box) -> None:
    """A verb that cannot be done says so."""
    call = await box.sim.ring(CALLER, "101")
    with pytest.raises(ValueError, match="rings nobody at the outside"):
        await box.sim.answer(call)
    with pytest.raises(ValueError, match="rings nobody at 102"):
        await box.sim.answer(call, "102")
    with pytest.raises(ValueError, match="does not talk"):
        await box.sim.hold(call, "101")
    await box.sim.answer(call, "101")
    with pytest.raises(ValueError, match="does not ring"):
        await box.sim.hang_up(call, by="reject")
    await box.sim.hang_up(call)
    with pytest.raises(LookupError, match="is not up"):
        await box.sim.hang_up(call)
    with pytest.raises(ValueError, match="ring_menu"):
        await box.sim.ring(CALLER)


async def test_truth_of_a_group(box: Box) -> None:
    """The truth has the legs of the phones and of the outside."""
    call = await box.sim.ring(CALLER, "101", "102", name="Firma")
    (true,) = box.sim.truth()
    assert (true.call_id, true.direction, true.state, true.caller) == (call, "incoming", "ringing", CALLER)
    assert true.legs == (
        TrueLeg(extension="", state="dialing"),
        TrueLeg(extension="101", state="ringing"),
        TrueLeg(extension="102", state="ringing"),
    )


# -- sipstatus --------------------------------------------------------------------------------------------


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


# -- agents -----------------------------------------------------------------------------------------------


async def test_log_in_and_out(box: Box) -> None:
    """An agent logs in at a phone, pauses, and leaves."""
    agent = box.sim.agents["1001"]
    assert (await box.ask("agentstatus", **SVOBODA))["login"] == "logged out"
    assert await box.ask("agentlogin", **SVOBODA, srcSipUsername="sip103") == OK
    assert agent.extension is box.sim.extensions[2]
    assert await box.ask("agentstatus", **SVOBODA) == {
        "success": "true",
        "agentNumber": "1001",
        "login": "logged in",
        "status": "available",
    }
    assert await box.ask("agentpause", **SVOBODA) == OK
    assert agent.paused
    assert (await box.ask("agentstatus", **SVOBODA))["status"] == "available"
    assert await box.ask("agentunpause", **SVOBODA) == OK
    assert not agent.paused
    assert await box.ask("agentlogout", **SVOBODA) == OK
    assert agent.extension is None


@pytest.mark.parametrize("wrong", [NOVAK | {"agentPin": "417"}, NOVAK | {"agentNumber": "9"}])
@pytest.mark.parametrize(
    ("action", "more", "errno"),
    [
        ("agentlogin", FROM_101, "500"),
        ("agentlogout", {}, "550"),
        ("agentpause", {}, "580"),
        ("agentunpause", {}, "590"),
        ("agentadd", {"queueName": "obchod"}, "600"),
        ("agentremove", {"queueName": "podpora"}, "601"),
        ("agentstatus", {}, "610"),
    ],
)
async def test_wrong_pins(box: Box, action: str, more: dict[str, str], errno: str, wrong: dict[str, str]) -> None:
    """Each action has its own number for a wrong agent; a PIN's leading zero counts."""
    assert await box.errno(action, **wrong, **more) == errno
    assert box.sim.agents["1000"].queues == {"podpora": 1}


async def test_an_agent_without_queue_stays_out(boxes: Boxes) -> None:
    """Logging in without any queue is accepted and does nothing."""
    box = await boxes(two_sites())
    assert await box.ask("agentlogin", **NOVAK, srcExtenInternalNum="104") == OK
    assert (await box.ask("agentstatus", **NOVAK))["login"] == "logged out"


async def test_pausing_who_is_out(box: Box) -> None:
    """A logged-out agent cannot be paused."""
    assert await box.ask("agentpause", **SVOBODA) == OK
    assert not box.sim.agents["1001"].paused


@pytest.mark.parametrize(
    ("state", "word", "errno"),
    [
        (DeviceState.UNKNOWN, "unavailable", "620"),
        (DeviceState.IN_USE, "in call", "622"),
        (DeviceState.BUSY, "busy", "623"),
        (DeviceState.INVALID, "unavailable", "624"),
        (DeviceState.UNAVAILABLE, "unavailable", "625"),
        (DeviceState.RINGING, "busy", "626"),
        (DeviceState.RINGING_IN_USE, "in call", "627"),
        (DeviceState.ON_HOLD, "on hold", "628"),
    ],
)
async def test_agent_states(box: Box, state: DeviceState, word: str, errno: str) -> None:
    """States are words of a success or numbers of an error, as switched."""
    await box.sim.force_device_state("102", state)
    assert (await box.ask("agentstatus", **NOVAK))["status"] == word
    box.sim.agentstatus_style = AgentStatusStyle.ERRNO
    answer = await box.ask("agentstatus", **NOVAK)
    assert answer == {"success": "false", "errno": errno, "reason": f"Agent is {word}"}


async def test_agent_states_as_errors(boxes: Boxes) -> None:
    """Logged out is an error too; available is a success."""
    box = await boxes(agentstatus_style=AgentStatusStyle.ERRNO)
    assert await box.errno("agentstatus", **SVOBODA) == "611"
    assert (await box.ask("agentstatus", **NOVAK))["status"] == "available"


async def test_add_and_remove(box: Box) -> None:
    """An agent joins a queue with a penalty and leaves it."""
    assert await box.ask("agentadd", **NOVAK, queueName="obchod", penalty="3") == OK
    assert box.sim.agents["1000"].queues == {"podpora": 1, "obchod": 3}
    assert await box.ask("agentremove", **NOVAK, queueName="obchod") == OK
    assert box.sim.agents["1000"].queues == {"podpora": 1}


@pytest.mark.parametrize(
    ("action", "query", "errno"),
    [
        ("agentadd", {"queueName": "podpora"}, "600"),
        ("agentadd", {"queueName": "nobody"}, "600"),
        ("agentadd", {"queueName": "obchod", "penalty": "much"}, "600"),
        ("agentremove", {"queueName": "obchod"}, "601"),
        ("agentremove", {"queueName": "nobody"}, "601"),
    ],
)
async def test_add_and_remove_errors(box: Box, action: str, query: dict[str, str], errno: str) -> None:
    """What cannot be added or removed is 600 or 601."""
    assert await box.errno(action, **NOVAK, **query) == errno


async def test_a_build_that_wants_the_source_too(boxes: Boxes) -> None:
    """With the switch agentadd wants an extension as well."""
    box = await boxes(member_selector=MemberSelector.AGENT_AND_SOURCE)
    query = NOVAK | {"queueName": "obchod"}
    assert await box.errno("agentadd", **query) == "120"
    assert await box.errno("agentadd", **query, srcExtenInternalNum="999") == "600"
    assert await box.ask("agentadd", **query, srcExtenInternalNum="102") == OK
    assert await box.errno("agentremove", **query) == "120"
    assert await box.ask("agentremove", **query, srcExtenInternalNum="102") == OK


async def test_agents_at_the_phone(box: Box) -> None:
    """What agents do at their phones shows as well."""
    await box.sim.agent_login("1001", "103")
    await box.sim.agent_pause("1001")
    members = (await box.ask("queuestatus", queueName="podpora"))["members"]
    assert [(row["name"], row["paused"]) for row in members] == [("novak", "0"), ("svoboda", "1")]
    await box.sim.agent_unpause("1001")
    assert not box.sim.agents["1001"].paused
    await box.sim.agent_logout("1001")
    assert len((await box.ask("queuestatus", queueName="podpora"))["members"]) == 1


# -- queues -----------------------------------------------------------------------------------------------


async def test_queuestatus(box: Box) -> None:
    """The whole answer, with one caller served and two waiting."""
    first = await box.sim.ring_queue("447700900001", "podpora")
    box.clock.now += 10
    await box.sim.answer(first, "102")
    await box.sim.ring_queue(CALLER, "podpora", name="Firma")
    box.clock.now += 30
    await box.sim.ring_queue("447700900002", "podpora")
    box.clock.now += 9
    assert await box.ask("queuestatus", queueName="podpora") == {
        "success": "true",
        "queue": {
            "name": "podpora",
            "max": "0",
            "strategy": "rrmemory",
            "calls": "2",
            "holdtime": "0",
            "talktime": "0",
            "completed": "0",
            "abandoned": "0",
            "serviceLevel": "60",
            "serviceLevelPerf": "0.0",
            "weight": "0",
            "loggedIn": "1",
            "available": "0",
            "callers": "2",
            "longestHoldTime": "39",
        },
        "members": [
            {
                "name": "novak",
                "interface": "Agent/1000",
                "membership": "dynamic",
                "penalty": "1",
                "callsTaken": "0",
                "lastCall": "0",
                "inCall": "1",
                "status": "2",
                "paused": "0",
                "pausedReason": "",
            }
        ],
        "callers": [
            {
                "position": "1",
                "channel": "SIP/trunk-prichozi-0000b706",
                "callerIdNum": CALLER,
                "callerIdName": "Firma",
                "wait": "39",
            },
            {
                "position": "2",
                "channel": "SIP/trunk-prichozi-0000b707",
                "callerIdNum": "447700900002",
                "callerIdName": "",
                "wait": "9",
            },
        ],
    }


async def test_a_queue_serves_the_next_caller(box: Box) -> None:
    """A caller waits up, the free member rings, and the next caller's turn comes after the call."""
    first = await box.sim.ring_queue(CALLER, "podpora")
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, "222333444", "Up"),
        ("sip102", "102", "222333444", "Ringing"),
    ]
    assert box.sim.truth()[0].state == "ringing"
    await box.sim.answer(first, "102")
    second = await box.sim.ring_queue("447700900002", "podpora")
    assert len(box.sim.channels(second)) == 1
    box.clock.now += 60
    await box.sim.hang_up(first)
    assert len(box.sim.channels(second)) == 2
    figures = (await box.ask("queuestatus", queueName="podpora"))["queue"]
    assert (figures["completed"], figures["talktime"], figures["serviceLevelPerf"]) == ("1", "60", "100.0")
    assert box.sim.agents["1000"].calls_taken == 1


async def test_abandoned_callers(box: Box) -> None:
    """Who leaves the queue unanswered is abandoned and lowers the service level."""
    await box.sim.hang_up(await box.sim.ring_queue(CALLER, "podpora"))
    late = await box.sim.ring_queue(CALLER, "podpora")
    box.clock.now += 61
    await box.sim.answer(late, "102")
    await box.sim.hang_up(late)
    figures = (await box.ask("queuestatus", queueName="podpora"))["queue"]
    assert (figures["completed"], figures["abandoned"], figures["holdtime"]) == ("1", "1", "61")
    assert figures["serviceLevelPerf"] == "0.0"


async def test_a_refusing_agent_leaves_the_caller_waiting(box: Box) -> None:
    """A refusal goes on to the next agent; with none the caller waits."""
    call = await box.sim.ring_queue(CALLER, "podpora")
    await box.sim.hang_up(call, by="reject")
    assert len(box.sim.channels(call)) == 1
    await box.sim.agent_login("1001", "103")
    assert (await box.rows())[1][0] == "sip103"


async def test_round_robin_and_ringall(boxes: Boxes) -> None:
    """Members of one penalty take turns, or ring all together."""
    population = demo()
    for agent in population.agents:
        agent.queues = {"podpora": 1}
    population.agents[1].login_at = "103"
    box = await boxes(population)
    rung = []
    for _ in range(3):
        call = await box.sim.ring_queue(CALLER, "podpora")
        rung.append((await box.rows())[1][0])
        await box.sim.hang_up(call)
    assert rung == ["sip102", "sip103", "sip102"]
    box.sim.queues["podpora"].strategy = "ringall"
    await box.sim.ring_queue(CALLER, "podpora")
    assert len(await box.rows()) == 3


async def test_wrap_up(box: Box) -> None:
    """An agent who wraps up gets no call until the time is over."""
    box.sim.agents["1000"].wrap_up = 20
    call = await box.sim.ring_queue(CALLER, "podpora")
    await box.sim.answer(call, "102")
    await box.sim.hang_up(call)
    waiting = await box.sim.ring_queue(CALLER, "podpora")
    assert len(box.sim.channels(waiting)) == 1
    box.clock.now += 21
    box.sim.system.serve_queues()
    assert len(box.sim.channels(waiting)) == 2


async def test_permanent_members_and_dialling_a_queue(box: Box) -> None:
    """An extension in a queue is a member without logging in; a queue can be dialled from inside."""
    (member,) = (await box.ask("queuestatus", queueName="obchod"))["members"]
    assert (member["name"], member["interface"], member["membership"]) == ("105", "SIP/sip105", "static")
    call = await box.sim.dial("101", "601")
    assert await box.rows() == [("sip101", "101", "601", "Up"), ("sip105", "105", "601", "Ringing")]
    await box.sim.answer(call, "105")
    assert box.sim.truth()[0].state == "talking"


async def test_queue_numbers(boxes: Boxes) -> None:
    """Figures can be numbers; names and phone numbers stay text."""
    box = await boxes(number_style=NumberStyle.NUMBERS)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert (answer["queue"]["calls"], answer["members"][0]["status"], answer["callers"][0]["wait"]) == (1, 6, 0)
    assert answer["callers"][0]["callerIdNum"] == CALLER
    assert answer["success"] == "true"


async def test_queue_style_ami(boxes: Boxes) -> None:
    """The figures can carry the names of Asterisk's manager."""
    box = await boxes(queuestatus_style=QueueStatusStyle.AMI)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert (answer["Queue"], answer["Calls"], answer["Holdtime"]) == ("podpora", "1", "0")
    assert answer["QueueMember"][0]["CallsTaken"] == "0"
    assert answer["QueueEntry"][0]["CallerIDNum"] == CALLER


async def test_queue_style_lists(boxes: Boxes) -> None:
    """Figures can be missing, lists can be keyed."""
    box = await boxes(queuestatus_style=QueueStatusStyle.LISTS, list_style=ListStyle.KEYED)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert answer["queue"] == {"name": "podpora"}
    assert answer["callers"]["0"]["callerIdNum"] == CALLER
    assert answer["members"]["0"]["name"] == "novak"


# -- recordings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({"filename": "new.wav"}, ("/var/spool/asterisk/monitor", "new.wav")),
        ({"path": "/archive/2024"}, ("/archive/2024", "old.wav")),
        ({"filename": "new.wav", "path": "/archive/2024"}, ("/archive/2024", "new.wav")),
    ],
)
async def test_moverecord(box: Box, query: dict[str, str], target: tuple[str, str]) -> None:
    """A recording is renamed, moved, or both."""
    record_id = await box.sim.add_record()
    assert await box.ask("moverecord", cdrId=str(record_id), **query) == OK
    recording = box.sim.records[record_id].recording
    assert recording is not None
    assert (recording.path, recording.filename) == target


async def test_moverecord_errors(box: Box) -> None:
    """No record, no recording, and the three troubles with files."""
    mute = await box.sim.add_record(recorded=False)
    kept = await box.sim.add_record(filename="kept.wav")
    hidden = await box.sim.add_record(filename="hidden.wav")
    recording = box.sim.records[hidden].recording
    assert recording is not None
    recording.readable = False
    box.sim.read_only_paths = {"/cdrom"}
    moved = {"filename": "x.wav"}
    assert await box.errno("moverecord", cdrId="1", **moved) == "800"
    assert await box.errno("moverecord", cdrId="one", **moved) == "800"
    assert await box.errno("moverecord", cdrId=str(mute), **moved) == "801"
    assert await box.errno("moverecord", cdrId=str(hidden), **moved) == "810"
    assert await box.errno("moverecord", cdrId=str(kept), path="/cdrom") == "811"
    assert await box.errno("moverecord", cdrId=str(kept), filename="hidden.wav") == "812"


async def test_recorded_calls(boxes: Boxes) -> None:
    """A box that records everything has a recording of each answered call."""
    box = await boxes(record_calls=True)
    missed = await box.sim.ring(CALLER, "101")
    await box.sim.hang_up(missed)
    talked = await box.sim.ring(CALLER, "101")
    await box.sim.answer(talked, "101")
    await box.sim.hang_up(talked)
    assert await box.errno("moverecord", cdrId="10000", filename="x.wav") == "801"
    assert await box.ask("moverecord", cdrId="10001", filename="x.wav") == OK


# -- the server -------------------------------------------------------------------------------------------


async def test_a_restart_keeps_everything(boxes: Boxes) -> None:
    """The same port, the same calls, and what was planned still comes."""
    box = await boxes(originate_delay=0.05)
    call = await box.sim.dial("102", "103")
    await box.ask("originate", **ORIGINATE)
    port = box.sim.port
    await box.sim.stop()
    await asyncio.sleep(0.06)
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
