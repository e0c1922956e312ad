"""What is a phone's or a trunk's end of a call, and what is only a part of Asterisk."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.channels import GLUE, INTERNAL, ChannelKind, channel_kind, is_line

LINES = [
    "SIP/101-00000001",
    "PJSIP/trunk-voip-0000002a",
    "pjsip/101-00000001",
    "IAX2/branch-1234",
    "DAHDI/1-1",
    "DAHDI/i1/5551234-2a",
    "SCCP/101-00000003",
    "Console/dsp",
    "Dongle/mobile0-0100000001",
    "Quectel/q1-0100000001",
    "PJSIP/message-00000001",
    "PJSIP/Recorder-00000001",
    "SIP/parked-00000001",
    "a channel without a technology",
]

NO_CALLS = [
    "",
    " ",
    "Message/ast_msg_queue",
    "message/ast_msg_queue",
    "SIP/101-00000001<ZOMBIE>",
    "PJSIP/101-00000001<MASQ>",
    "PJSIP/101-00000001<MASQ><ZOMBIE>",
    "Local/101@internal-00000001;2<ZOMBIE>",
    "AsyncGoto/SIP/101-00000001",
    "AsyncGoto/SIP/101-00000001<ZOMBIE>",
    "Surrogate/PJSIP/101-00000001",
    "Parked/SIP/101-00000001",
    "Transfered/SIP/101-00000001",
    "Bridge/SIP/101-00000001",
    "Elsewhere/SIP/101-00000001",
    "Recorder/ARI-00000001;2",
    "Announcer/ARI-00000001;1",
    "CBAnn/500-00000001;2",
    "CBRec/500-00000001;1",
    "ConfBridgeRecorder/conf-500-uid-1",
    "Snoop/1700000000.1-00000000",
    "UnicastRTP/127.0.0.1:5000-0x7f0001",
    "MulticastRTP/0x7f0001",
    "AudioSocket/127.0.0.1:9092-1",
    "WebSocket/media_connection1/1",
    "DAHDI/pseudo-1234",
    "OutgoingSpoolFailed",
]


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_an_end_of_a_call(name: str) -> None:
    """Whatever driver a trunk has, and whatever its account is called."""
    assert channel_kind(name) is ChannelKind.LINE
    assert channel_kind(f" {name} ", "Dial") is ChannelKind.LINE
    assert is_line(name)


@pytest.mark.parametrize("name", NO_CALLS)
def test_a_part_of_the_phone_system_is_no_call(name: str) -> None:
    """Nor what is left of a channel that was moved."""
    assert channel_kind(name) is ChannelKind.INTERNAL
    assert not is_line(name)


@pytest.mark.parametrize("name", ["Local/102@from-queue-00000001;1", "LOCAL/1@x-1;2", "Agent/1001"])
def test_glue_joins_two_channels(name: str) -> None:
    """It is not shown, but tells which channels belong together."""
    assert channel_kind(name) is ChannelKind.GLUE
    assert not is_line(name)


@pytest.mark.parametrize("application", ["ChanSpy", "chanspy", "ExtenSpy"])
def test_who_listens_in_takes_part_in_no_call(application: str) -> None:
    """Where the phone system tells what a channel does."""
    assert channel_kind("PJSIP/101-00000001", application) is ChannelKind.INTERNAL
    assert is_line("PJSIP/101-00000001", "Dial")


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(LINES[:-1]), st.sampled_from(sorted(INTERNAL)), st.booleans())
def test_no_channel_that_stands_for_another_is_a_call(name: str, technology: str, upper: bool) -> None:  # noqa: FBT001
    """In whatever spelling."""
    wrapped = f"{technology.upper() if upper else technology}/{name}"
    assert channel_kind(wrapped) is ChannelKind.INTERNAL
    assert channel_kind(f"{name}<ZOMBIE>") is ChannelKind.INTERNAL


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_name_is_of_one_kind(name: str, application: str) -> None:
    """Nothing a phone system calls its channels is an error."""
    kind = channel_kind(name, application)
    assert is_line(name, application) is (kind is ChannelKind.LINE)
    assert not GLUE & INTERNAL
