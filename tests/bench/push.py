"""A push over Home Assistant's own HTTP, until a listener has heard of it, beside handlers that do the least."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from .figures import Figure, noise, percentile, ratio
from .hass import BenchHass, Load, account, load, running
from .pushes import calls

EXTENSIONS = 10
# What the integration is compared with; every second one again, to see what is noise.
OTHERS = {"event": "event only", "states": "event and states", "entities": "event and plain entities"}
TWINS = ("event", "states")
# What is told of each client; `answer` is how long the phone system waits, the 95th percentile as well.
MEASURES = {
    "library": ("throughput", "p95", "p99", "answer", "processor"),
    "plain": ("throughput", "processor"),
}
# The client, how many connections it has, and the targets.
CASES: Sequence[tuple[str, int, Mapping[tuple[str, str], Mapping[str, float]]]] = (
    (
        "library",
        1,
        {
            ("states", "throughput"): {"at_least": 0.8},
            ("states", "p95"): {"at_most": 1.25},
            ("event", "throughput"): {"at_least": 0.7},
            ("event", "p99"): {"at_most": 2.0},
        },
    ),
    ("library", 16, {("event", "throughput"): {"at_least": 0.35}}),
    ("plain", 1, {}),
    ("plain", 16, {}),
)


@dataclass(slots=True)
class Rounds:
    """What one handler did, round by round; times in seconds."""

    throughput: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    lost: int = 0


async def measure(rounds: int, pushes: int, clients: Collection[str]) -> list[Figure]:
    """Measure with one connection and with sixteen, with an ordinary client and with one that takes no time."""
    async with running() as hass, account("voipstudio", EXTENSIONS) as phones, load() as posting:
        await hass.add(phones)
        (url,) = await hass.client.urls_to_paste(phones.entry_id)
        urls = {name: f"{hass.process.url}/api/webhook/bench_{name}" for name in OTHERS}
        urls |= {f"{name} again": urls[name] for name in TWINS}
        urls["pbx"] = url
        found: list[Figure] = []
        for client, connections, targets in CASES:
            if client in clients:
                found += await Case(hass, posting, urls, client, connections, targets).measure(rounds, pushes)
        return found


@dataclass(slots=True)
class Case:
    """One way to post."""

    hass: BenchHass
    posting: Load
    urls: Mapping[str, str]
    client: str
    connections: int
    targets: Mapping[tuple[str, str], Mapping[str, float]]
    results: dict[str, Rounds] = field(default_factory=dict)

    async def measure(self, rounds: int, pushes: int) -> list[Figure]:
        """Let the handlers take turns, in another order each round."""
        await self._round("pbx", pushes)
        await self.hass.control("study")
        await self._round("pbx", pushes)
        states = await self.hass.control("learn")
        names = list(self.urls)
        for name in names:
            await self._round(name, pushes)
        self.results = {name: Rounds() for name in names}
        for number in range(rounds):
            turn = number % len(names)
            for name in (*names[turn:], *names[:turn]):
                await self._round(name, pushes)
        return self._figures("/".join(map(str, states.values())))

    async def _round(self, name: str, pushes: int) -> None:
        result = self.results.setdefault(name, Rounds())
        made = [list(calls(pushes // 2 // self.connections, EXTENSIONS)) for _ in range(self.connections)]
        chains = [[body for call in chain for body in call] for chain in made]
        total = sum(map(len, chains))
        before = await self.hass.control("start")
        times = await self.posting.post(self.client, self.urls[name], chains)
        after = await self.hass.control("collect", wanted=total)
        heard = dict(after["seen"])
        waits, answers = [], []
        for chain, (sent, answered) in zip(chains, times, strict=True):
            for body, start, end in zip(chain, sent, answered, strict=True):
                row = json.loads(body)
                answers.append(end - start)
                if (at := heard.get(f"{row['call_id']} {row['event_name']}")) is None:
                    result.lost += 1
                else:
                    waits.append(at - start)
        result.throughput.append(len(waits) / (max(heard.values()) - min(sent[0] for sent, _ in times)))
        result.p95.append(percentile(waits, 95))
        result.p99.append(percentile(waits, 99))
        result.answer.append(percentile(answers, 95))
        result.processor.append((after["cpu"] - before) / total)

    def _figures(self, states: str) -> list[Figure]:
        way = f"push, {self.connections} connection{'s' if self.connections > 1 else ''}, {self.client} client"
        found = [
            self._compared(f"{way}: {attribute} of {words}", attribute, name)
            for name, words in OTHERS.items()
            for attribute in MEASURES[self.client]
        ]
        lost = sum(rounds.lost for rounds in self.results.values())
        return [*found, Figure(what=f"{way}: not heard", value=lost, at_most=0, note=f"{states} states a push")]

    def _compared(self, what: str, attribute: str, name: str) -> Figure:
        ours, theirs = (getattr(self.results[one], attribute) for one in ("pbx", name))
        twin = f"{name} again" if name in TWINS else ""
        return ratio(
            what,
            ours,
            theirs,
            noise=noise(getattr(self.results[twin], attribute), theirs) if twin else None,
            note=_absolute(attribute, ours, theirs),
            **self.targets.get((name, attribute), {}),
        )


def _absolute(attribute: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    if attribute == "throughput":
        return f"{median(ours):.0f}/s, {median(theirs):.0f}/s"
    return f"{median(ours) * 1e6:.0f} µs, {median(theirs) * 1e6:.0f} µs"
