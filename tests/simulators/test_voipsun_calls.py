"""The simulated VoIPSUN box lists calls as its contract says."""

from typing import Any

import pytest

from .base import TrueLeg
from .voipsun_bench import CALLER, FROM_101, OK, Box, Boxes, two_sites
from .voipsun_model import (
    ChannelStatus,
    DeviceState,
    Disposition,
    EmptyStyle,
    LegStyle,
    ListStyle,
    NumberStyle,
    RowStyle,
    Technology,
    demo,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
    """The caller's row stands for the call, with what was dialled as destination."""
    box = await boxes(legs=LegStyle.ONE_ROW)
    call = await box.sim.ring(CALLER, "101")
    await box.sim.dial("102", "103")
    await box.sim.ring(CALLER, "104", "105")
    dialled = box.sim.system.extension("101").public_numbers[0]
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, dialled, "Ring"),
        ("sip102", "102", "103", "Ring"),
        ("trunk-prichozi", CALLER, box.sim.system.main_number, "Ring"),
    ]
    await box.sim.answer(call, "101")
    assert (await box.rows())[0] == ("trunk-prichozi", CALLER, dialled, "Up")


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
