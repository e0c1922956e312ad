"""The plans can fail: each of these faults, put into the integration, is found by a few of them."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.pbx.entity import PbxEntity
from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.providers.http import HttpClient, Reply
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.registry.ended import Tombstones
from custom_components.pbx.telephony.errors import ConnectError, UnknownOutcomeError
from custom_components.pbx.telephony.models import Call

from .plan import EXPECTED
from .runs import carry_out

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("socket_enabled")]

AT_ONCE = 10
AT_MOST = 60


def found(provider: str, expected_warnings: list[str]) -> str:
    """Carry out plans until one has a mismatch."""
    expected_warnings += EXPECTED
    for first in range(1, AT_MOST, AT_ONCE):
        for verdict in carry_out(provider, range(first, first + AT_ONCE)):
            if verdict.mismatches:
                return "\n".join(verdict.mismatches)
    return ""


def test_repeated_command(monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]) -> None:
    """A command whose answer is lost is sent once more."""
    once: Callable[..., Awaitable[Reply]] = HttpClient.command

    async def twice(self: HttpClient, *arguments: str, **request: object) -> Reply:
        try:
            return await once(self, *arguments, **request)
        except UnknownOutcomeError:
            return await once(self, *arguments, **request)

    monkeypatch.setattr(HttpClient, "command", twice)

    assert "but placed 2 times" in found("voipsun", expected_warnings)


def test_no_tombstones(monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]) -> None:
    """A message or a list that comes late brings a call back that is over."""
    monkeypatch.setattr(Tombstones, "get", lambda _self, _call_id: None)

    assert found("voipstudio", expected_warnings)


@pytest.mark.parametrize(("provider", "kind"), [("voipat", VoipatProvider), ("voipsun", VoipsunProvider)])
def test_failure_taken_for_no_calls(
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: list[str],
    provider: str,
    kind: type[VoipatProvider | VoipsunProvider],
) -> None:
    """A list that cannot be read ends all calls."""
    ask: Callable[..., Awaitable[tuple[Call, ...] | None]] = kind.calls

    async def none(self: object) -> tuple[Call, ...] | None:
        try:
            return await ask(self)
        except ConnectError:
            return ()

    monkeypatch.setattr(kind, "calls", none)

    assert found(provider, expected_warnings)


def test_away_unnoticed(monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]) -> None:
    """What was known is shown on while the phone system is away."""
    monkeypatch.setattr(PbxEntity, "available", property(lambda _self: True))

    assert "but the phone system is away" in found("voipstudio", expected_warnings)


def test_looks_that_come_too_early(monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]) -> None:
    """After a hint the list is asked for once, too early, and then nobody looks for a minute while calls are up."""
    monkeypatch.setattr(VoipatProvider, "looks", (0.01,))
    monkeypatch.setattr(VoipatProvider, "intervals", Intervals(busy=60, idle=60, pushed=60, directory=600))

    assert "3 s after the last change" in found("voipat", expected_warnings)


def test_callers_that_nobody_is_offered_are_never_listed(
    monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]
) -> None:
    """Of a caller in a queue of which no agent is free no message tells, and lists are read without them."""
    ask: Callable[..., Awaitable[tuple[Call, ...] | None]] = VoipstudioProvider.calls

    async def of_phones(self: object) -> tuple[Call, ...] | None:
        calls = await ask(self)
        return None if calls is None else tuple(call for call in calls if call.extensions)

    monkeypatch.setattr(VoipstudioProvider, "calls", of_phones)

    assert "account_active_calls shows" in found("voipstudio", expected_warnings)
