"""The subscription at the phone system: made, reused, repaired, and moved with the address."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.diagnostics import async_get_config_entry_diagnostics
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    ProviderError,
    RateLimitError,
    Refusal,
    RefusedError,
)
from custom_components.pbx.telephony.models import Capability

from ..fake_cloud import CLOUDHOOK, FakeCloud
from ..fake_provider import FakeProvider, async_set_up, fake_config_entry
from ..simulators.voxloud import EventType as VoxloudEvent
from ..simulators.voxloud import VoxloudSimulator
from .account import HOME, NEW_HOME, PATH, WEBHOOK_ID, async_settle, health, voxloud_entry


async def has_cloudhook(hass: HomeAssistant, entry: MockConfigEntry) -> bool:
    """Say whether the account's diagnostics tell of a cloudhook."""
    found = await async_get_config_entry_diagnostics(hass, entry)
    return bool(found["push"]["cloudhook"])


# -- the subscription --------------------------------------------------------------------------------


def _subscribed(simulator: VoxloudSimulator) -> dict[str, set[str]]:
    """List the enabled events by URL."""
    found: dict[str, set[str]] = {}
    for item in simulator.subscriptions.values():
        found.setdefault(item.callback_url, set()).update({item.event_type.value} if item.enabled else ())
    return found


EVERY_EVENT = {event.value for event in VoxloudEvent}
THEIRS = "https://crm.example.net/hook"


async def test_subscription_made_and_reused(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """Every event is subscribed to once, however often the account is loaded; others' subscriptions stay."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = voxloud_entry(voxloud, options={"notification_email": "me@example.com"})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{HOME}{PATH}": EVERY_EVENT}
    assert health(entry).working
    assert health(entry).complete
    ids = list(voxloud.subscriptions)
    voxloud.requests.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await async_settle(hass)
    assert list(voxloud.subscriptions) == ids
    assert {seen.method for seen in voxloud.seen("webhook-subscriptions")} == {"GET"}
    assert health(entry).working


async def test_new_address(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """A new address of Home Assistant is subscribed, and the old one given up."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    coordinator = entry.runtime_data.coordinator
    await hass.config.async_update(external_url=NEW_HOME)
    await async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{NEW_HOME}{PATH}": EVERY_EVENT}
    assert entry.runtime_data.coordinator is coordinator
    assert health(entry).working


async def test_new_address_while_away(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """An address that changed while Home Assistant did not run is given up as well."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    voxloud.subscribe(f"{CLOUDHOOK}9")
    entry = voxloud_entry(voxloud, data={"cloudhook_url": f"{CLOUDHOOK}9"})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{HOME}{PATH}": EVERY_EVENT}


async def test_old_address_stays_registered(
    hass: HomeAssistant, voxloud: VoxloudSimulator, our_log: Callable[[], str]
) -> None:
    """Pushes work even if an old address cannot be given up."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    entry = voxloud_entry(voxloud)
    refused: list[str] = []

    async def unsubscribe(_self: object, url: str) -> None:
        refused.append(url)
        raise RefusedError("No")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("custom_components.pbx.providers.voxloud.provider.VoxloudProvider.unsubscribe", unsubscribe)
        await async_set_up(hass, entry)
        await async_settle(hass)
    assert refused == [f"{NEW_HOME}{PATH}"]
    assert health(entry).working
    assert "could not be removed: RefusedError" in our_log()
    assert WEBHOOK_ID not in our_log()


async def test_one_event_cannot_be_had(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """An event that the phone system does not offer leaves the others whole."""
    await hass.config.async_update(external_url=HOME)
    voxloud.ctc_create = False
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert _subscribed(voxloud) == {f"{HOME}{PATH}": EVERY_EVENT - {"CLICK_TO_CALL"}}
    assert health(entry).working
    await _async_later(hass, timedelta(minutes=20))
    assert health(entry).working
    assert issues(hass) == set()


async def test_switched_off(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """Who wants no pushes any more has the subscriptions removed."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    hass.config_entries.async_update_entry(entry, options={"push": False})
    await async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT}
    assert not health(entry).working


async def test_removed(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """With the account go all subscriptions to it, and none else."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    await hass.config_entries.async_remove(entry.entry_id)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT}


async def _async_later(hass: HomeAssistant, delta: timedelta) -> None:
    """Let the timers ring that are due by then, without moving the clock."""
    async_fire_time_changed(hass, dt_util.utcnow() + delta)
    await async_settle(hass)


async def test_disabled_at_the_phone_system(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """What the phone system switched off is found and switched on again."""
    await hass.config.async_update(external_url=HOME)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    for item in voxloud.subscriptions.values():
        item.enabled = False
    await _async_later(hass, timedelta(minutes=20))
    assert _subscribed(voxloud) == {f"{HOME}{PATH}": EVERY_EVENT}
    assert health(entry).working
    assert issues(hass) == set()


# -- health, to the minute ---------------------------------------------------------------------------

URL = f"{HOME}{PATH}"


class Subscriptions:
    """A phone system's subscriptions, kept for a test."""

    def __init__(self, fake: type[FakeProvider]) -> None:
        """Have none."""
        self.script = fake.script
        self.script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS
        self.listed: dict[tuple[str, str], m.Subscription] = {}
        self.script.answers |= {
            "subscribe": self.subscribe,
            "subscriptions": lambda: tuple(self.listed.values()),
            "unsubscribe": self.unsubscribe,
        }

    def subscribe(self, url: str) -> tuple[m.Subscription, ...]:
        """Register two events."""
        for event in ("calls", "records"):
            self.listed[url, event] = m.Subscription(id=event, event=event, url=url)
        return tuple(item for item in self.listed.values() if item.url == url)

    def unsubscribe(self, url: str) -> None:
        """Forget a URL."""
        self.listed = {key: item for key, item in self.listed.items() if item.url != url}

    def break_(self, *, gone: bool) -> None:
        """Switch one of the events off, or lose it."""
        key = next(key for key in self.listed if key[1] == "records")
        if gone:
            del self.listed[key]
        else:
            self.listed[key] = m.Subscription(id="records", event="records", url=key[0], enabled=False)

    @property
    def made(self) -> int:
        """Count how often a URL was registered."""
        return self.script.times("subscribe")


@pytest.fixture
def subscriptions(fake: type[FakeProvider]) -> Subscriptions:
    """Let the phone system's webhooks be subscribed to by its API."""
    return Subscriptions(fake)


@pytest.fixture
async def managed(hass: HomeAssistant, subscriptions: Subscriptions) -> MockConfigEntry:
    """Give an account with a subscription."""
    await hass.config.async_update(external_url=HOME)
    made = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, made)
    await async_settle(hass)
    return made


def issues(hass: HomeAssistant) -> set[str]:
    """List the issues a person sees."""
    return {issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN}


async def async_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, delta: timedelta) -> None:
    """Let time pass."""
    freezer.tick(delta)
    async_fire_time_changed(hass)
    await async_settle(hass)


@pytest.mark.parametrize("gone", [False, True], ids=["disabled", "deleted"])
async def test_repaired_once_an_hour(
    hass: HomeAssistant,
    managed: MockConfigEntry,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    *,
    gone: bool,
) -> None:
    """A subscription that is switched off is repaired, but not all the time; meanwhile the user is told."""
    twenty = timedelta(minutes=20)
    subscriptions.break_(gone=gone)
    await async_pass(hass, freezer, twenty)
    assert subscriptions.made == 2
    assert health(managed).working
    assert issues(hass) == set()

    subscriptions.break_(gone=gone)
    for _ in range(2):
        await async_pass(hass, freezer, twenty)
        assert subscriptions.made == 2
        assert not health(managed).working
        assert issues(hass) == {f"webhook_disabled_{managed.entry_id}"}
    await async_pass(hass, freezer, twenty)
    assert subscriptions.made == 3
    assert health(managed).working
    assert issues(hass) == set()


async def test_recovers_by_itself(
    hass: HomeAssistant, managed: MockConfigEntry, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory
) -> None:
    """Where somebody repaired it at the phone system, the issue goes."""
    for _ in range(2):
        subscriptions.break_(gone=False)
        await async_pass(hass, freezer, timedelta(minutes=20))
    assert issues(hass)
    subscriptions.subscribe(URL)
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert issues(hass) == set()
    assert health(managed).working
    assert subscriptions.made == 2


@pytest.mark.parametrize(
    "error", [ConnectError(), RateLimitError(), RefusedError("no")], ids=lambda e: type(e).__name__
)
async def test_cannot_be_verified(
    hass: HomeAssistant,
    managed: MockConfigEntry,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    error: ProviderError,
) -> None:
    """A list that cannot be had says nothing."""
    subscriptions.script.errors["subscriptions"] = error
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert health(managed).working
    assert subscriptions.made == 1
    assert issues(hass) == set()


@pytest.mark.parametrize(
    "error", [ConnectError(), RateLimitError(5), RefusedError("no"), AuthError()], ids=lambda e: type(e).__name__
)
async def test_tried_again(
    hass: HomeAssistant,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    error: ProviderError,
    our_log: Callable[[], str],
) -> None:
    """What could not be registered is tried again, less and less often, until it can be."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = error
    subscriptions.script.errors["subscriptions"] = ConnectError()
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert subscriptions.made == 1
    assert not health(entry).working
    for minutes, made in ((1, 2), (1, 2), (1, 3), (4, 4), (7, 4), (1, 5)):
        await async_pass(hass, freezer, timedelta(minutes=minutes, seconds=1))
        assert subscriptions.made == made
    for _ in range(8):
        await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert subscriptions.made == 13
    subscriptions.script.errors.clear()
    await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert health(entry).working
    assert subscriptions.made == 14
    await async_pass(hass, freezer, timedelta(hours=2))
    assert subscriptions.made == 14
    assert WEBHOOK_ID not in our_log()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RefusedError("The notification e-mail is malformed", "400"), "The notification e-mail is malformed"),
        (RefusedError("", "418"), "418"),
        (RefusedError("No", "403", Refusal.NO_PERMISSION), "Fake PBX: the account may not do this (403: No)"),
    ],
    ids=["words", "code", "kind"],
)
async def test_refused_for_good(
    hass: HomeAssistant,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    error: ProviderError,
    reason: str,
) -> None:
    """A person is told at once that no call will be reported, and why, in the phone system's words, until it works."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = error
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    refused = f"webhook_refused_{entry.entry_id}"
    for _ in range(5):  # which looks after it, too, and does not say that it had stood before
        assert issues(hass) == {refused}
        issue = ir.async_get(hass).async_get_issue(DOMAIN, refused)
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders["reason"] == reason
        await async_pass(hass, freezer, timedelta(minutes=20))
    subscriptions.script.errors["subscribe"] = ConnectError()
    await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert issues(hass) == {refused}
    subscriptions.script.errors.clear()
    await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert issues(hass) == set()
    assert health(entry).working


async def test_refused_and_not_wanted_any_more(hass: HomeAssistant, subscriptions: Subscriptions) -> None:
    """Whoever turns push messages off is not told of them."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = RefusedError("no")
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert issues(hass)
    hass.config_entries.async_update_entry(entry, options={"push": False})
    await async_settle(hass)
    assert issues(hass) == set()


async def test_nothing_after_an_unload(
    hass: HomeAssistant, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory
) -> None:
    """An attempt that is under way when the account is unloaded ends there, and no other follows."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = ConnectError()
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)

    held = asyncio.Event()
    ended: list[str] = []

    async def subscribe(_self: FakeProvider, _url: str) -> tuple[m.Subscription, ...]:
        try:
            await held.wait()
        finally:
            ended.append("ended")
        raise ConnectError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FakeProvider, "subscribe", subscribe)
        freezer.tick(timedelta(minutes=2))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert ended == []
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert ended == ["ended"]
    made = subscriptions.made
    await async_pass(hass, freezer, timedelta(hours=3))
    assert subscriptions.made == made


async def test_no_address(hass: HomeAssistant, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory) -> None:
    """Without an address on the internet the user is told; as soon as there is one, it is registered."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert not health(entry).working
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert subscriptions.made == 0
    await hass.config.async_update(external_url=HOME)
    await async_settle(hass)
    assert issues(hass) == set()
    assert health(entry).working
    assert set(subscriptions.listed) == {(URL, "calls"), (URL, "records")}
    await hass.config.async_update(external_url=None)
    await async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert subscriptions.listed == {}
    assert not health(entry).working


async def test_no_address_is_no_trouble_where_it_is_pasted(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A phone system next door may use an address that the internet does not have."""
    await hass.config.async_update(internal_url="http://10.1.2.3:8123")
    await async_settle(hass)
    assert issues(hass) == set()
    assert entry.runtime_data.subscription.url is None


async def test_issues_go_with_the_wish(
    hass: HomeAssistant, subscriptions: Subscriptions, fake_entry: MockConfigEntry
) -> None:
    """Who wants no pushes is not told that they do not work."""
    await async_set_up(hass, fake_entry)
    await async_settle(hass)
    assert issues(hass)
    hass.config_entries.async_update_entry(fake_entry, options={"push": False})
    await async_settle(hass)
    assert issues(hass) == set()


# -- Home Assistant Cloud ----------------------------------------------------------------------------


async def test_cloudhook(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """Without an address of its own Home Assistant is reached through its cloud; the address is kept, once."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert cloud.hooks == {WEBHOOK_ID: f"{CLOUDHOOK}0"}
    assert entry.data["cloudhook_url"] == f"{CLOUDHOOK}0"
    assert {url for url, _ in subscriptions.listed} == {f"{CLOUDHOOK}0"}
    assert health(entry).working
    assert await has_cloudhook(hass, entry)
    assert subscriptions.made == 1
    assert subscriptions.script.times("account") == 1

    await hass.config.async_update(external_url=HOME)
    await async_settle(hass)
    assert {url for url, _ in subscriptions.listed} == {URL}
    assert not await has_cloudhook(hass, entry)


async def test_cloud_is_offline(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """While the cloud cannot be reached the known address stays; where none is known, it is asked for later."""
    cloud.fails = ConnectionError()
    known = fake_config_entry("known", data={"webhook_id": WEBHOOK_ID, "cloudhook_url": f"{CLOUDHOOK}7"})
    new = fake_config_entry("new")
    for account, entry in (("known", known), ("new", new)):
        subscriptions.script.account = m.Account(id=account, title="x")
        await async_set_up(hass, entry)
    await async_settle(hass)
    assert {url for url, _ in subscriptions.listed} == {f"{CLOUDHOOK}7"}
    assert issues(hass) == {f"webhook_no_url_{new.entry_id}"}
    await cloud.async_connect()
    await async_settle(hass)
    assert issues(hass) == set()
    assert new.data["cloudhook_url"] in cloud.hooks.values()
    for entry in (known, new):
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert cloud.listeners == []


async def test_nobody_is_signed_in(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """An address in a cloud that was left is none."""
    cloud.active = False
    entry = fake_config_entry(data={"cloudhook_url": f"{CLOUDHOOK}7"})
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert subscriptions.made == 0


@pytest.mark.parametrize("trouble", [False, True])
async def test_cloudhook_is_removed(
    hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud, *, trouble: bool
) -> None:
    """With the account goes its address in the cloud, and no new one is made."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await async_settle(hass)
    cloud.fails = ConnectionError() if trouble else None
    await hass.config_entries.async_remove(entry.entry_id)
    assert cloud.hooks == ({WEBHOOK_ID: f"{CLOUDHOOK}0"} if trouble else {})
    assert subscriptions.listed == {}
