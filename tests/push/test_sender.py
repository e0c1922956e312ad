"""Whose pushes these are: what is learnt from them, what is refused, and how a wrong belief heals."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import CONF_PINNED_ACCOUNT, DOMAIN
from custom_components.pbx.issues import ISSUE_FOREIGN_PUSHES
from custom_components.pbx.push.sender import LATE, MANY_FOREIGN, PROOF_DELAY, SenderClock
from custom_components.pbx.repairs import RemedyFlow, async_create_fix_flow
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import CallState, EventType

from ..fake_provider import NOON, FakeProvider, pushed
from .account import PATH, async_settle
from .test_webhook import counts

type Push = Callable[..., Any]

OURS, THEIRS = "117", "evil-pbx"


@pytest.fixture(autouse=True)
def _noon(freezer: FrozenDateTimeFactory) -> None:
    """Begin at a fixed time."""
    freezer.move_to(NOON)


def _said(request: m.PushRequest) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(request.body)
    return said


@pytest.fixture
def requests(requests: list[m.PushRequest], fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every push name its account, and tell of a call."""

    def parse(request: m.PushRequest) -> tuple[m.Pushed, ...]:
        said = _said(request)
        state = CallState(said.get("state", "ringing"))
        sent = said.get("sent")
        sent_at = None if sent is None else datetime.fromisoformat(sent)
        if (digits := said.get("dtmf")) is not None:
            return (
                m.Notice(provider_event="dtmf", type=EventType.DTMF_RECEIVED, time=sent_at, fields={"digits": digits}),
            )
        return (pushed(said["call"], state, final=state is CallState.ENDED, time=sent_at),)

    fake.script.parse = parse
    fake.names_account = True
    monkeypatch.setattr(fake, "account_of", lambda _self, request: _said(request).get("account"))


@pytest.fixture
async def push(hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator) -> Push:
    """Give who pushes: the account that is named, and the call."""
    client: TestClient[Any, Any] = await hass_client_no_auth()

    async def send(account: str | None, call: str = "c1", **more: Any) -> None:
        response = await client.post(PATH, json={"account": account, "call": call, **more})
        assert response.status == 200
        await hass.async_block_till_done()

    return send


def known(entry: MockConfigEntry) -> str:
    """Give the account that own pushes name, as far as that is known."""
    account: str = entry.runtime_data.webhook.sender.account
    return account


def issue_of(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Find the issue about pushes of others."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{ISSUE_FOREIGN_PUSHES}_{entry.entry_id}")


async def async_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await async_settle(hass)


# -- what is learnt ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "learnt"),
    [
        ([OURS], ""),
        ([OURS, OURS], OURS),
        ([None, None], ""),
        ([OURS, None, OURS], OURS),
        ([THEIRS, OURS], ""),
        ([THEIRS, OURS, OURS], OURS),
    ],
)
async def test_two_pushes_that_agree(entry: MockConfigEntry, push: Push, named: list[str | None], learnt: str) -> None:
    """One push tells nothing of the account, two in a row do; until then all are believed. Nothing is reloaded."""
    coordinator = entry.runtime_data.coordinator
    for account in named:
        await push(account)
    assert known(entry) == learnt
    assert counts(entry) == (len(named), 0, 0)
    assert entry.runtime_data.coordinator is coordinator


async def test_the_api_knows_better(
    hass: HomeAssistant, entry: MockConfigEntry, push: Push, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the API says which account it is, no push has a say."""
    monkeypatch.setattr(fake, "push_account", OURS)
    for _ in range(MANY_FOREIGN):
        await push(THEIRS)
    assert counts(entry) == (0, 0, MANY_FOREIGN)
    assert CONF_PINNED_ACCOUNT not in entry.data
    assert issue_of(hass, entry) is not None
    await push(OURS)
    assert counts(entry) == (1, 0, MANY_FOREIGN)
    assert issue_of(hass, entry) is None


@pytest.mark.parametrize(("always", "received"), [(True, 2), (False, 3)])
async def test_a_push_that_names_nobody(
    entry: MockConfigEntry, push: Push, fake: type[FakeProvider], *, always: bool, received: int
) -> None:
    """It is refused once the account is known, where every push names one."""
    fake.names_account = always
    for account in (OURS, OURS, None):
        await push(account)
    assert counts(entry) == (received, 0, 3 - received)


# -- how a wrong belief heals ------------------------------------------------------------------------


async def test_the_api_knows_the_call_of_a_foreign_push(
    hass: HomeAssistant, entry: MockConfigEntry, push: Push, fake: type[FakeProvider], freezer: FrozenDateTimeFactory
) -> None:
    """Somebody was first, or the account has moved: what the API confirms is ours from then on."""
    fake.script.answers["record_of"] = lambda call: m.CallRecord(id="r", call_id=call.id)
    for _ in range(2):
        await push(THEIRS, "forged")
    assert known(entry) == THEIRS
    for state in ("ringing", "talking", "ended"):
        await push(OURS, "real", state=state)
    assert issue_of(hass, entry) is not None
    assert entry.runtime_data.coordinator.data.find("real") is None
    await async_pass(hass, freezer, PROOF_DELAY + 1)
    assert [call.id for (call,) in fake.script.arguments("record_of")] == ["real"]
    assert known(entry) == OURS
    assert issue_of(hass, entry) is None
    await push(OURS, "next")
    assert entry.runtime_data.coordinator.data.find("next") is not None


@pytest.mark.parametrize("answer", [None, ConnectError()], ids=["unknown", "away"])
async def test_the_api_does_not_know_the_call(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    push: Push,
    fake: type[FakeProvider],
    freezer: FrozenDateTimeFactory,
    answer: ConnectError | None,
) -> None:
    """A forged call proves nothing, and one question at a time is enough."""
    if answer is not None:
        fake.script.errors["record_of"] = answer
    for _ in range(2):
        await push(OURS)
    for number in range(5):
        await push(THEIRS, f"forged{number}", state="ended")
    await async_pass(hass, freezer, PROOF_DELAY + 1)
    assert fake.script.times("record_of") == 1
    assert known(entry) == OURS
    assert issue_of(hass, entry) is not None


async def test_nothing_is_asked_once_own_pushes_come(
    hass: HomeAssistant, entry: MockConfigEntry, push: Push, fake: type[FakeProvider], freezer: FrozenDateTimeFactory
) -> None:
    """Own pushes prove that the belief is right."""
    for account in (OURS, OURS, THEIRS, OURS):
        await push(account, account, state="ended")
    asked = fake.script.times("record_of")
    await async_pass(hass, freezer, PROOF_DELAY + 1)
    assert fake.script.times("record_of") == asked
    assert known(entry) == OURS


async def test_a_few_foreign_pushes_among_own_ones(hass: HomeAssistant, entry: MockConfigEntry, push: Push) -> None:
    """They are left out, and no person is bothered."""
    await push(OURS)
    for account in (OURS, THEIRS, THEIRS, OURS, THEIRS, THEIRS):
        await push(account)
    assert issue_of(hass, entry) is None
    assert counts(entry) == (3, 0, 4)


async def test_a_person_says_so(hass: HomeAssistant, entry: MockConfigEntry, push: Push) -> None:
    """The repair forgets what was learnt; the next two pushes teach it anew."""
    for account in (THEIRS, THEIRS, OURS, OURS, OURS):
        await push(account)
    issue = issue_of(hass, entry)
    assert issue is not None
    assert issue.is_fixable
    flow = await async_create_fix_flow(hass, issue.issue_id, dict(issue.data or {}))
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, issue.issue_id
    flow.flow_id, flow.context = "f", {}
    assert isinstance(flow, RemedyFlow)
    assert (await flow.async_step_init())["type"] == "form"
    assert (await flow.async_step_confirm({}))["type"] == "create_entry"
    assert issue_of(hass, entry) is None
    for _ in range(2):
        await push(OURS)
    assert known(entry) == OURS
    assert counts(entry)[0] == 4


async def test_nothing_after_an_unload(
    hass: HomeAssistant, entry: MockConfigEntry, push: Push, fake: type[FakeProvider], freezer: FrozenDateTimeFactory
) -> None:
    """No question is left over when the account is unloaded."""
    for account in (THEIRS, THEIRS, OURS):
        await push(account, account, state="ended")
    asked = fake.script.times("record_of")
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_pass(hass, freezer, PROOF_DELAY + 1)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert fake.script.times("record_of") == asked


# -- of now ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [timedelta(0), timedelta(hours=-2), timedelta(hours=5)], ids=str)
@pytest.mark.parametrize("more", [{}, {"dtmf": "1234#"}], ids=["call", "digits"])
async def test_an_old_message_is_not_told_as_new(
    entry: MockConfigEntry, push: Push, off: timedelta, more: dict[str, str]
) -> None:
    """Whoever sends again what was sent long ago starts nothing, whatever time the sender's clock has."""
    told: list[object] = []
    entry.runtime_data.coordinator.events.async_listen_events(None, told.append)
    sent = NOON + off
    for number in range(3):
        await push(OURS, f"c{number}", sent=sent.isoformat())
    before = len(told)
    await push(OURS, "replayed", sent=(sent - LATE - timedelta(minutes=1)).isoformat(), **more)
    assert len(told) == before
    assert entry.runtime_data.webhook.late == 1
    await push(OURS, "delayed", sent=(sent - LATE + timedelta(minutes=1)).isoformat(), **more)
    assert len(told) == before + 1


def test_a_clock_that_was_put_back() -> None:
    """For a while all of its messages are late, then they are believed."""
    clock = SenderClock()
    assert not any(clock.is_late(NOON, NOON) for _ in range(5))
    back = timedelta(hours=1)
    at = NOON
    refused = 0
    while clock.is_late(at - back, at):
        at += timedelta(minutes=1)
        refused += 1
    assert refused == LATE // timedelta(minutes=1) + 1
    assert not any(clock.is_late(at - back, at) for _ in range(5))


def test_one_wrong_time_changes_nothing() -> None:
    """Neither a message from the future nor one without a time makes the others late."""
    clock = SenderClock()
    assert not any(clock.is_late(NOON, NOON) for _ in range(5))
    assert not clock.is_late(NOON + timedelta(days=3650), NOON)
    assert not clock.is_late(None, NOON)
    assert not clock.is_late(NOON, NOON)
    assert clock.is_late(NOON - timedelta(days=1), NOON)
