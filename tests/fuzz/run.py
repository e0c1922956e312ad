"""Feed spoilt bodies to the parsers, by the batch: the same seed gives the same batch."""

import json
import logging
import random
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from custom_components.pbx.providers.base import Provider
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.registry.call_registry import CallRegistry, Changes
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ProviderError
from custom_components.pbx.telephony.events import event_data

from .corpus import Session, Work, client
from .mutate import learn, spoilt_push, spoilt_reply, written

BATCH = 25
NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
# Who sends what is not for us, in each provider's words.
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "voipat": {"domain": "other.example.net"},
    "voipstudio": {"customer_id": "99999999"},
    "voxloud": {"pbx_id": "99999999"},
}
READS = frozenset(
    {
        *("account", "directory", "calls", "record_of", "agent_status", "queue_status", "history", "statistics"),
        *(
            "search_contacts",
            "recordings",
            "voicemails",
            "media_source",
            "subscriptions",
            "originate",
            "update_contact",
        ),
    }
)
NOT_OURS = 4  # one batch of pushes in so many
OF_LINES = frozenset({"text", "transcription", "summary", "description", "notes", "csv"})
TURNING = frozenset({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})
UNSEEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff")
LARGEST = 8192


class NotKeptError(Exception):
    """Something that must hold does not."""


@dataclass(slots=True)
class Count:
    """What became of the bodies for one parser."""

    bodies: int = 0
    reached: int = 0
    refused: int = 0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of all bodies."""

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    foreign: int = 0
    failures: list[str] = field(default_factory=list)
    largest: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Take another's in."""
        for key, count in other.counts.items():
            own = self.counts.setdefault(key, Count())
            own.bodies += count.bodies
            own.reached += count.reached
            own.refused += count.refused
        self.foreign += other.foreign
        self.failures += other.failures
        self.largest |= other.largest


@contextmanager
def quietly() -> Iterator[None]:
    """Mind neither what is logged nor the pause between two tries."""
    logging.disable(logging.CRITICAL)
    try:
        with patch.object(voipat_access, "CONFIRM_AFTER", 0.0):
            yield
    finally:
        logging.disable(logging.NOTSET)


class Shelf:
    """The works of one provider, by what they do."""

    def __init__(self, provider: str, works: Sequence[Work]) -> None:
        """Sort them."""
        self.provider = provider
        self.works: dict[str, list[Work]] = {}
        for work in works:
            self.works.setdefault(work.name, []).append(work)
        self.names = sorted(self.works)
        self.pushes = [name for name in self.names if name in {"push", "stream"}]
        self.reads = [name for name in self.names if name.partition(" ")[0].rstrip(",") in READS]
        self.seeds = [seed for work in works for seed in work.seeds]
        for seed in self.seeds:
            learn(seed.tree)
        self.registry = CallRegistry(slots=4)
        self.now = NOW

    def choose(self, rng: random.Random) -> Work:
        """Choose a work; a third are pushes, where there are any, and most of the rest is read."""
        chosen = rng.random()
        name = rng.choice(
            (self.pushes if chosen < 1 / 3 else self.reads if chosen < 3 / 4 else self.names) or self.reads
        )
        return rng.choice(self.works[name])


class Batch:
    """Some bodies for one parser, with a provider and a registry that live through all of them."""

    def __init__(self, shelf: Shelf, seed: int, outcome: Outcome) -> None:
        """Choose by the seed what is spoilt."""
        self.rng = random.Random(seed)
        self.shelf = shelf
        self.seed = seed
        self.outcome = outcome
        self.work = shelf.choose(self.rng)
        self.count = outcome.counts.setdefault((shelf.provider, self.work.name), Count())
        self.session = Session()
        self.session.known = self.work.known
        self.provider: Provider = client(self.work, self.session)
        self.registry = CallRegistry(slots=4, pushed_ids_differ=self.provider.pushed_ids_differ)
        self.now = NOW
        self.body = ""

    async def run(self) -> None:
        """Feed all of it."""
        try:
            await self._prime()
        except Exception:  # noqa: BLE001 - as below
            self._failed("before all")
            return
        sender = FOREIGN.get(self.shelf.provider, {}) if self.rng.randrange(NOT_OURS) == 0 else {}
        for number in range(BATCH):
            self.now += timedelta(seconds=self.rng.choice((0, 1, 30, 4000)))
            try:
                await self._feed(sender)
            except Exception:  # noqa: BLE001 - whatever comes out is what is looked for
                self._failed(f"body {number}: {self.body[:3000]}")
        for registry in (self.registry, self.shelf.registry):
            self.outcome.largest |= Counter(registry.sizes)
            if max(registry.sizes.values()) > LARGEST:
                self.outcome.failures.append(f"{self.shelf.provider}: seed {self.seed}: {dict(registry.sizes)}")

    def _failed(self, where: str) -> None:
        found = f"{self.shelf.provider} {self.work.name}: seed {self.seed}, {where}\n{traceback.format_exc()}"
        self.outcome.failures.append(found)

    async def _prime(self) -> None:
        """Let the provider know its account, its directory and the calls."""
        if self.work.name in {"account", "login"}:
            return
        with suppress(ProviderError):
            await self.provider.account()
            self._take(await self.provider.directory())
            self._take(await self.provider.calls())
            if self.work.placing is not None:
                await self.provider.originate(self.work.placing)

    async def _feed(self, sender: Mapping[str, str]) -> None:
        if self.work.push is not None:
            self._push(sender)
        elif self.work.messages:
            await self._stream(sender)
        else:
            await self._answer()

    def _push(self, sender: Mapping[str, str]) -> None:
        push = self.work.push
        assert push is not None
        spoilt = spoilt_push(self.rng, self.work.seeds[0], push, self.shelf.seeds, sender)
        self.body = f"{spoilt.query} {spoilt.content_type} {spoilt.body!r}"
        self.count.bodies += 1
        try:
            self.provider.account_of(spoilt)
            found = self.provider.parse(spoilt)
        except ProviderError:
            self.count.refused += 1
            return
        if sender:
            self.outcome.foreign += 1
            # What names another account than the one that is known gets no further than the webhook.
            named = self.provider.account_of(spoilt)
            self._unchanged(() if named in sender.values() else found)
        elif any(not isinstance(pushed, m.UnknownPush) for pushed in found):
            self.count.reached += 1
        for pushed in found:
            self._take(pushed)

    def _unchanged(self, found: Sequence[m.Pushed]) -> None:
        if found:
            raise NotKeptError(f"Somebody else's push was taken: {found}")

    async def _stream(self, sender: Mapping[str, str]) -> None:
        """Say some of the messages, one of them spoilt; what is somebody else's may say no more than that it came."""
        messages = list(self.rng.sample(self.work.messages, min(4, len(self.work.messages))))
        seed = self.rng.choice(self.work.seeds)
        item, body = seed.spoilt(self.rng, self.shelf.seeds)
        if sender:
            valid = self.rng.choice([tree for seed in self.work.seeds if "uuid" in (tree := seed.tree).get("data", {})])
            data = item.get("data") if isinstance(item, dict) else None
            if not isinstance(data, dict) or item.get("type") == "system.status":
                item, data = valid, valid["data"]
            messages, body = [], written({**item, "data": {**data, **sender}})
        self.body = repr(body)
        self.session.messages = [*messages, body.decode(errors="replace")]
        self.count.bodies += 1
        found: list[m.Pushed] = []
        try:
            async for pushed in self.provider.stream():
                found.append(pushed)
                self._take(pushed)
        except ProviderError:
            self.count.refused += 1
        told = [pushed for pushed in found if pushed.provider_event != "connected"]
        if sender:
            self.outcome.foreign += 1
            self._unchanged(told)
        elif told:
            self.count.reached += 1

    async def _answer(self) -> None:
        answers = list(self.work.answers)
        place = self.rng.randrange(len(answers))
        key, reply = answers[place]
        spoilt = spoilt_reply(self.rng, self.work.seeds[place], reply, self.shelf.seeds)
        answers[place] = (key, spoilt)
        self.body = f"{key} {spoilt.status} {dict(spoilt.headers)} {spoilt.body!r}"
        self.session.script(answers)
        self.count.bodies += 1
        do = self.work.do
        assert do is not None
        try:
            result = await do(self.provider)
        except ProviderError:
            self.count.refused += 1
            return
        finally:
            self.session.script(())
        self.count.reached += _tells(result)
        self._take(result)

    def _take(self, result: Any) -> None:
        """Let a registry take what it would be given, and one that lives through everything as well."""
        self._clean(result)
        self._tell(_taken(self.registry, result, self.now))
        self.shelf.now += timedelta(seconds=1)
        self._tell(_taken(self.shelf.registry, result, self.shelf.now))

    def _tell(self, changes: Changes) -> None:
        for event in changes.events:
            data = event_data(event)
            json.dumps(data).encode()
            self._clean(data)

    def _clean(self, told: Any) -> None:
        """See to it that nothing of a stranger's that does harm is told or kept."""
        if found := [text for text in harmful(told) if text]:
            raise NotKeptError(f"Told with what does harm: {found[0]!r}")


def harmful(value: Any, key: str = "") -> Iterator[str]:
    """Return the texts in a value that hold control characters, halves of characters, or such as nobody sees."""
    if isinstance(value, str):
        for char in value:
            control = unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} and (char != "\n" or key not in OF_LINES)
            if control or char in UNSEEN or unicodedata.bidirectional(char) in TURNING:
                yield value
                return
    elif is_dataclass(value):
        for one in fields(value):
            yield from harmful(getattr(value, one.name), one.name)
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from harmful(name)
            yield from harmful(entry, str(name))
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            yield from harmful(entry, key)


def _taken(registry: CallRegistry, result: Any, now: datetime) -> Changes:
    changes = registry.tick(now)
    match result:
        case m.Directory():
            more = registry.directory(result, now)
        case m.LegPush() | m.RecordPush() | m.Notice() | m.CallHint() | m.UnknownPush():
            more = registry.apply(result, now)
        case m.CallRecord():
            more = registry.apply(m.RecordPush(provider_event="history", record=result), now)
        case tuple() if all(isinstance(item, m.Call) for item in result):
            more = registry.snapshot(result, now, now)
        case _:
            return changes
    return Changes(keys={**changes.keys, **more.keys}, events=[*changes.events, *more.events])


def _tells(result: Any) -> bool:
    """Whether an answer became something of the models."""
    match result:
        case m.Directory():
            return bool(result.extensions or result.agents or result.queues)
        case m.HistoryPage():
            return bool(result.records or result.csv)
        case m.ContactPage():
            return bool(result.contacts)
        case tuple():
            return bool(result)
    return True


async def feed(shelves: Sequence[Shelf], seeds: Sequence[int]) -> Outcome:
    """Run batches; the seed chooses the provider as well."""
    outcome = Outcome()
    with quietly():
        for seed in seeds:
            await Batch(shelves[seed % len(shelves)], seed, outcome).run()
    return outcome
