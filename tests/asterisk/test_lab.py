"""The lab itself: phones call each other through a real Asterisk, and AMI tells of it."""

import pytest

from .ami import AmiError, Recorder
from .lab import Lab, until
from .phone import CallFailedError


async def test_somebody_outside_calls_a_phone(lab: Lab) -> None:
    """It rings with the caller's number and name, answers, and both are told of the end."""
    async with lab.ami("homeassistant", events=True) as ami:
        heard = Recorder(ami)
        far = await lab.trunk.dial("222300101", caller="420777123456", caller_name="John Caller")
        near = await lab.phones["101"].ringing()
        assert (near.caller, near.caller_name) == ("420777123456", "John Caller")
        await near.answer()
        await far.wait("up")
        await far.hangup()
        await near.ended()
        # The last events come a moment after a phone has heard of the end.
        await until(lambda: [message["Event"] for _, message in heard.events].count("Hangup") == 2)
        assert await ami.action("Ping")
    kinds = [message["Event"] for _, message in heard.events]
    assert kinds.count("Newchannel") == 2
    assert kinds.index("DialBegin") < kinds.index("BridgeEnter") < kinds.index("Hangup")
    # A login is greeted without one, at once or a moment later.
    assert all("Timestamp" in message for _, message in heard.events if message["Event"] != "FullyBooted")


async def test_a_phone_can_decline_and_be_transferred(lab: Lab) -> None:
    """A caller is told of a refusal; another is handed on by a real phone's REFER."""
    refused = await lab.phones["101"].dial("102")
    (await lab.phones["102"].ringing()).reject(603)
    with pytest.raises(CallFailedError):
        await refused.wait("up")
    far = await lab.trunk.dial("222300101", caller="420777123456")
    near = await (await lab.phones["101"].ringing()).answer()
    await far.wait("up")
    async with lab.ami() as ami:

        async def connected() -> bool:
            """Return whether the two talk."""
            return all(row["BridgeId"] for row in await ami.items("CoreShowChannels"))

        await until(connected)
    assert await near.transfer("103") == 202
    third = await (await lab.phones["103"].ringing()).answer()
    await near.ended()
    assert far.state == third.state == "up"
    await far.hangup()
    await third.ended()


async def test_rights_and_passwords_are_real(lab: Lab) -> None:
    """A wrong secret is refused, and so is what a login's classes do not have."""
    with pytest.raises(AmiError, match="Authentication failed"):
        await lab.ami("nobody").__aenter__()
    async with lab.ami("modest") as ami:
        with pytest.raises(AmiError, match="Permission denied"):
            await ami.action("DBPut", Family="DND", Key="101", Val="YES")
        names = await ami.items("DBGetTree", Family="AMPUSER")
    assert {row["Key"]: row["Val"] for row in names}["/AMPUSER/101/cidname"] == "Anna Keller"
