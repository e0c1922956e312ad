"""Play every story to VoIPSUN accounts in a real Home Assistant, in all styles at once, and write down what was told.

    scripts/asterisk voipsun [--labs 3] [--actor core] [--no-public] [--table] [beginnings of names …]

One account per style asks the stand-in for VoIPSUN, which answers out of a real Asterisk; what is told is compared with
what Asterisk's own events say. Several Asterisks play at once, each to accounts of its own in one Home Assistant.
Exit status 1 where something was told wrongly that nobody can explain, or a style falls short.
"""

import argparse
import asyncio
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, override

from tests.e2e.client import Client, EventLog
from tests.e2e.process import HassProcess

from .ami import Ami
from .config import DID, PEOPLE
from .lab import Lab
from .stories import ALL, NATURAL, Stage
from .truth import Truth, counted, false_states, late, states_not_told
from .voipsun import AGENTS, QUEUES, VARIANTS, VoipsunShim

FULL_STYLES = ("core", "cdr", "party", "conn")
"""Those that list every channel, ringing ones as well."""
LEAST = 45
NOT_COUNTED = ("06_busy", "23_short", "34_unregistered", "99_restart")
"""Too short for any poll; and the death of an Asterisk, in which rows tell nothing."""
ANSWERABLE = 300
AGENT = "1000"
PAGE = Path(__file__).parents[2] / "docs" / "development" / "voipsun_styles.md"
BEGIN, END = "<!-- stories -->\n", "<!-- end of stories -->"

POLLED = {"07_declined": "call_incoming call_missed"}
"""What only polling can tell of a story, where that is something else: nothing says why a phone has stopped ringing."""
OPTIONAL = {
    "35_page": "call_outgoing call_incoming call_answered call_ended",  # a page is a call, or none
    "40_originate_internal": "call_incoming",  # the phone that is called does ring
}
CALLS_SHOWN = {"29_pickup": (1,), "35_page": (0, 1), "38_spy": (1,)}
"""How many calls are right where Asterisk counts others: who picks up, is paged or listens has channels of his own."""
UNCHANGED = "The one row of the caller is the same whoever talks to him: nothing tells of the change."
BY_ANOTHER = "Placed by another account, and the phone shows the number outside: it looks like a call from there."
EXPLAINED = {
    **dict.fromkeys(
        [
            ("17_attended_refer", "calls"),
            ("20_park_retrieve", "calls"),
            ("21_park_given_up", "calls"),
            ("22_voicemail", "calls"),
            ("29_pickup", "calls"),
            ("31_phone_forwards", "calls"),
        ],
        UNCHANGED,
    ),
    **{("42_originate_called", style): BY_ANOTHER for style in FULL_STYLES},
}
"""Why something cannot be told rightly, by the story and the style."""


@dataclass(kw_only=True)
class Seen:
    """What one account told of one story."""

    events: list[dict[str, Any]] = field(default_factory=list)
    phones: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    """The most at once."""
    idle: bool = False
    """Whether no call was left in the end."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How right one account was about one story."""

    events: tuple[str, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...]
    calls: str

    @property
    def right(self) -> bool:
        """Whether all was told as it was."""
        return not (self.events or self.wrong or self.missing or self.calls)

    @property
    def ghost(self) -> bool:
        """Whether something was shown that was not there."""
        shown, _, real = self.calls.partition("/")
        return bool(self.wrong) or bool(self.calls and int(shown) > int(real))

    def __str__(self) -> str:
        """Return it in a few words."""
        missing = f"not shown: {', '.join(self.missing)}" if self.missing else ""
        parts = [self.calls and f"calls {self.calls}", *self.events, *(f"**{one}**" for one in self.wrong), missing]
        return "; ".join(filter(None, parts)) or "right"


def judge(name: str, truth: Truth, seen: Seen, end: float) -> Verdict:
    """Compare what was told of a story with what was so."""
    expected = POLLED.get(name, ALL[name].expect).split()
    told = [event["type"] for event in seen.events]
    right = CALLS_SHOWN.get(name, (truth.most,))
    return Verdict(
        events=tuple(counted(told, expected, OPTIONAL.get(name, "").split())),
        wrong=tuple(found for phone in PEOPLE for found in false_states(truth, phone, seen.phones[phone], end)),
        missing=tuple(found for phone in PEOPLE for found in states_not_told(truth, phone, seen.phones[phone])),
        calls="" if seen.calls in right else f"{seen.calls}/{max(right)}",
    )


@dataclass(kw_only=True)
class Result:
    """A story that was played."""

    name: str
    verdicts: dict[str, Verdict]
    late: dict[str, list[float]]
    error: str = ""


# -- Home Assistant --------------------------------------------------------------------------------


class Accounts:
    """One account per style, at one Asterisk."""

    def __init__(self, client: Client, shim: VoipsunShim, *, public: bool) -> None:
        """Prepare; `public` says whether a person enters which number from outside rings which phone."""
        self.client, self.shim, self._public = client, shim, public
        self.entries: dict[str, str] = {}
        self.entities: dict[str, tuple[str, str]] = {}
        """Style and unique id, by entity id."""

    async def set_up(self) -> None:
        """Set all accounts up as a person does."""
        for style in VARIANTS:
            await self._set_up(style)
        await asyncio.gather(*(self._complete(style, entry) for style, entry in self.entries.items()))

    async def _set_up(self, style: str) -> None:
        """Set one account up."""
        form = {
            "host": "127.0.0.1",
            "port": self.shim.ports[style],
            "ssl": False,
            "verify_ssl": True,
            "username": self.shim.username,
            "password": self.shim.password,
        }
        step = await self.client.step(await self.client.start_flow("pbx"), next_step_id="voipsun")
        step = await self.client.step(step, "flow", **form)
        while step.get("step_id") == "phones":
            step = await self.client.step(step)
        self.entries[style] = step["result"]["entry_id"]

    async def _complete(self, style: str, entry: str) -> None:
        """Name the phones of an account, and add its agents and queues."""
        rows: list[dict[str, object]] = [
            {"user": user, "number": user, "name": name, "public": [f"{DID}{user}"] * self._public}
            for user, name in PEOPLE.items()
        ]
        rows.append({"user": "trunk-voip", "hidden": True})
        await self.client.set_options(
            entry, country="CZ", call_slots=4, mask_numbers=False, assist=False, extension_names=rows
        )
        await self.client.loaded(entry)
        for number, (pin, name, home) in AGENTS.items():
            await self.client.add_subentry(entry, "agent", name=name, number=number, pin=pin, extension=home)
            await self.client.loaded(entry)
        for queue in QUEUES:
            await self.client.add_subentry(entry, "queue", name=queue)
            await self.client.loaded(entry)
        await self.client.wait_entities(entry, "queue", "waiting", len(QUEUES))
        for entity in await self.client.entities(entry):
            self.entities[entity["entity_id"]] = (style, entity["unique_id"])

    async def silent(self, within: float) -> set[str]:
        """Wait until no account knows of a call, and return those that had none within some seconds."""
        counts = {
            style: entity for entity, (style, unique) in self.entities.items() if unique.endswith("_active_calls")
        }
        silent: set[str] = set()
        deadline = time.monotonic() + within
        while len(silent) < len(counts) and time.monotonic() < deadline:
            for style, entity in counts.items():
                if style not in silent and (await self.client.state(entity))["state"] == "0":
                    silent.add(style)
            await asyncio.sleep(0.25)
        return silent

    def seen(self, events: Iterable[dict[str, Any]], states: Iterable[dict[str, Any]]) -> dict[str, Seen]:
        """Return what each account told, of all that was heard."""
        found = {style: Seen() for style in VARIANTS}
        styles = {entry: style for style, entry in self.entries.items()}
        for event in events:
            style = styles.get(event["config_entry_id"])
            if style is not None and event["type"].startswith("call_"):
                found[style].events.append(event)
        for change in states:
            style, unique = self.entities.get(change["entity_id"], ("", ""))
            new = change.get("new_state")
            if not style or new is None:
                continue
            at = datetime.fromisoformat(new["last_changed"]).timestamp()
            if phone := re.search(r"_extension_(\d+)_call_state$", unique):
                found[style].phones[phone[1]].append((at, new["state"]))
            if unique.endswith("_active_calls") and new["state"].isdecimal():
                found[style].calls = max(found[style].calls, int(new["state"]))
        return found


# -- the stage -------------------------------------------------------------------------------------


class AccountsStage(Stage):
    """A stage on which the account of one style acts."""

    def __init__(self, lab: Lab, ami: Ami, accounts: Accounts, actor: str) -> None:
        """Take the accounts; `actor` is the style whose account acts."""
        super().__init__(lab, ami, NATURAL)
        self.accounts, self._entry = accounts, accounts.entries[actor]
        self.remarks: list[str] = []

    @override
    def log(self, *words: object) -> None:
        """Keep a remark."""
        self.remarks.append(" ".join(map(str, words)))

    @override
    async def act(self, action: str, device: str = "", **data: object) -> None:
        """Let Home Assistant do something."""
        client = self.accounts.client
        if device:
            await client.act(action, device=await client.device(self._entry, device), entity="", **data)
        else:
            await client.act(action, device="", entity="", config_entry_id=self._entry, **data)

    @override
    async def log_in(self, extension: str) -> None:
        """Log the agent in."""
        await self.act("pbx.agent_login", agent=AGENT, pin=AGENTS[AGENT][0], extension=extension)

    @override
    async def log_out(self, extension: str) -> None:
        """Log the agent out."""
        await self.act("pbx.agent_logout", agent=AGENT, pin=AGENTS[AGENT][0])

    @override
    async def originate_as(self, style: str) -> None:
        """Choose how a call is placed."""
        self.accounts.shim.originate_style = style

    @override
    async def restarted(self) -> None:
        """Let the stand-in log in again."""
        await self.accounts.shim.again("127.0.0.1", self.lab.ami_port)


class House:
    """An Asterisk with its accounts, in which one story is played after the other."""

    def __init__(self, lab: Lab, accounts: Accounts, events: EventLog, states: EventLog, out: Path) -> None:
        """Take them; `events` and `states` are all that Home Assistant tells, `out` is where rows are kept."""
        self.lab, self.accounts, self._out = lab, accounts, out
        self._events, self._states = events, states

    async def play(self, story: str, actor: str) -> Result:
        """Play a story, and judge what was told of it."""
        first_event, first_state = len(self._events.all), len(self._states.all)
        heard: list[tuple[float, Mapping[str, str]]] = []
        rows: list[tuple[float, str, object]] = []
        began, error = time.time(), ""
        self._keep_rows(rows)
        for phone in (*self.lab.phones.values(), self.lab.trunk):
            phone.policy = None
            while not phone.incoming.empty():
                phone.incoming.get_nowait()
        async with self.lab.ami() as ami, self.lab.ami(events=True) as listener:
            listener.listeners.append(lambda message, _raw, at: heard.append((at, message)))
            stage = AccountsStage(self.lab, ami, self.accounts, actor)
            try:
                async with asyncio.timeout(ANSWERABLE):
                    await ALL[story].work(stage)
            except Exception:  # noqa: BLE001 - belongs to the result
                error = traceback.format_exc()
            ended = time.time()
            for phone in (*self.lab.phones.values(), self.lab.trunk):
                for call in list(phone.calls.values()):
                    await call.hangup()
            await asyncio.sleep(1)  # the last event comes a moment after a phone has heard of the end
            silent = await self.accounts.silent(14)
            await asyncio.sleep(0.7)
        seen = self.accounts.seen(self._events.all[first_event:], self._states.all[first_state:])
        truth = Truth.of(heard)
        verdicts = {style: judge(story, truth, one, ended + 12) for style, one in seen.items()}
        kept = {
            "story": story,
            "began": began,
            "ended": ended,
            "error": error,
            "remarks": stage.remarks,
            "rows": rows,
            "events": {style: one.events for style, one in seen.items()},
            "phones": {style: one.phones for style, one in seen.items()},
            "told": {style: str(verdict) for style, verdict in verdicts.items()},
            "loud": sorted(set(VARIANTS) - silent),
            "ami": heard,
        }
        (self._out / f"{story}.json").write_text(json.dumps(kept, default=str))
        return Result(
            name=story,
            verdicts=verdicts,
            late={style: late(truth, one.phones) for style, one in seen.items()},
            error=error or ("" if len(silent) == len(VARIANTS) else f"calls left: {set(VARIANTS) - silent}"),
        )

    def _keep_rows(self, rows: list[tuple[float, str, object]]) -> None:
        """Keep each list of calls that is answered, and differs from the one before in more than ages."""
        last: dict[str, str] = {}

        def heard(style: str, action: str, _query: Mapping[str, str], answer: object) -> None:
            """Take an answer."""
            if action != "listcalls" or not isinstance(answer, list):
                return
            shape = json.dumps([{**row, "duration": ""} for row in answer])
            if last.get(style) != shape:
                last[style] = shape
                rows.append((time.time(), style, answer))

        self.accounts.shim.heard = heard


# -- all of it -------------------------------------------------------------------------------------


def in_order(names: Sequence[str], labs: int) -> list[list[str]]:
    """Return which stories each Asterisk plays; the first call after a start comes first, long stories early."""
    first = [name for name in names if name.startswith("00")]
    rest = sorted((name for name in names if name not in first), key=lambda name: (name != "60_rings", name))
    shares: list[list[str]] = [[] for _ in range(labs)]
    for number, name in enumerate(first):
        shares[number % labs].append(name)
    weights = [len(share) for share in shares]
    for name in rest:
        lightest = weights.index(min(weights))
        shares[lightest].append(name)
        weights[lightest] += 8 if name == "60_rings" else 1
    return shares


async def play(names: Sequence[str], out: Path, *, labs: int, actor: str, public: bool) -> list[Result]:
    """Play stories at several Asterisks, and return what was told of each."""
    results: list[Result] = []
    process = HassProcess(out / "hass")
    await process.start()
    try:
        async with Client(process) as client:
            events, states = await client.events(), await client.events("state_changed")
            setting_up = asyncio.Lock()

            async def live(number: int, share: Sequence[str]) -> None:
                """Let one house play its share."""
                async with Lab(out / f"asterisk{number}") as lab:
                    shim = VoipsunShim("127.0.0.1", lab.ami_port, "full", "full")
                    await shim.start()
                    try:
                        accounts = Accounts(client, shim, public=public)
                        async with setting_up:
                            await accounts.set_up()
                        house = House(lab, accounts, events, states, out)
                        await asyncio.sleep(6)
                        for name in share:
                            results.append(await house.play(name, actor))
                            say(results[-1])
                    finally:
                        await shim.stop()

            async with asyncio.TaskGroup() as houses:
                for number, share in enumerate(in_order(names, labs)):
                    houses.create_task(live(number, share))
    finally:
        await process.stop()
    for complaint in process.complaints():
        print(f"Home Assistant complains: {complaint}")  # noqa: T201 - for a person
    return sorted(results, key=lambda result: result.name)


def say(result: Result) -> None:
    """Print what was told of a story."""
    cells = " | ".join(f"{style}: {verdict}" for style, verdict in result.verdicts.items() if not verdict.right)
    print(f"{result.name}: {cells or 'right in every style'}", flush=True)  # noqa: T201 - for a person
    if result.error:
        print("   " + result.error.strip().splitlines()[-1], flush=True)  # noqa: T201 - as above


def right_of(results: Iterable[Result]) -> dict[str, tuple[int, int]]:
    """Return in how many of how many stories that polling can see each style was right."""
    counting = [result for result in results if result.name not in NOT_COUNTED]
    return {style: (sum(result.verdicts[style].right for result in counting), len(counting)) for style in VARIANTS}


def faults(results: Iterable[Result], *, whole: bool) -> list[str]:
    """Return what must not be: a style that falls short, something unexplained, or a ghost."""
    found = [f"{result.name}: {result.error.strip().splitlines()[-1]}" for result in results if result.error]
    for style, (right, _) in right_of(results).items():
        if whole and style in FULL_STYLES and right < LEAST:
            found.append(f"{style} is right in {right} stories only")
    for result in results:
        if result.name in NOT_COUNTED:
            continue
        for style, verdict in result.verdicts.items():
            fault = not verdict.right if style in FULL_STYLES else verdict.ghost
            if fault and (result.name, style) not in EXPLAINED:
                found.append(f"{result.name} in {style}: {verdict}")
    return found


def table(results: Sequence[Result]) -> str:
    """Return the results as a table of Markdown, with what polling cannot see."""
    lines = ["| What happened | " + " | ".join(f"`{style}`" for style in VARIANTS) + " |", "|---" * 7 + "|"]
    lines += [
        f"| {ALL[result.name].note} | " + " | ".join(str(result.verdicts[style]) for style in VARIANTS) + " |"
        for result in results
        if result.name not in NOT_COUNTED
    ]
    reasons: dict[str, list[str]] = defaultdict(list)
    for result in results:
        for style, verdict in result.verdicts.items():
            if (reason := EXPLAINED.get((result.name, style))) and not verdict.right:
                reasons[reason].append(f"*{ALL[result.name].note}* (`{style}`)")
    totals = [f"**{right} of {played}**" for right, played in right_of(results).values()]
    lines.append("| **right** | " + " | ".join(totals) + " |")
    notes = [f"{reason}\n\n" + "".join(f"- {case}\n" for case in cases) for reason, cases in reasons.items()]
    return "\n".join(lines) + "\n" + "".join(f"\n{note}" for note in notes)


def write_table(results: Sequence[Result]) -> None:
    """Put the table into its page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table(results)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def how_late(results: Sequence[Result]) -> str:
    """Return after how many seconds rings were shown, where phones that ring are listed."""
    lines = []
    for style in FULL_STYLES:
        values = sorted(value for result in results for value in result.late[style])
        if values:
            p95 = values[min(len(values) - 1, int(0.95 * len(values)))]
            lines.append(
                f"{style}: ring shown after p50 {statistics.median(values):.1f} s, p95 {p95:.1f} s, "
                f"at most {values[-1]:.1f} s (n={len(values)})"
            )
    return "\n".join(lines)


def chosen(beginnings: Sequence[str]) -> list[str]:
    """Return the names of the stories to play."""
    return [name for name in sorted(ALL) if not beginnings or name.startswith(tuple(beginnings))]


def main(given: Sequence[str]) -> int:
    """Play, and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/asterisk voipsun", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="beginnings of the names of stories; all without")
    parser.add_argument("--labs", type=int, default=3, help="how many Asterisks play at once")
    parser.add_argument("--actor", choices=VARIANTS, default="core", help="the style whose account acts")
    parser.add_argument("--no-public", action="store_true", help="nobody enters the phones' public numbers")
    parser.add_argument("--out", type=Path, help="where rows, events and logs are kept")
    parser.add_argument("--table", action="store_true", help=f"write the table in {PAGE.name}")
    options = parser.parse_args(given)
    names = chosen(options.names)
    out = options.out or Path(tempfile.mkdtemp(prefix="pbx-voipsun-"))
    out.mkdir(parents=True, exist_ok=True)
    labs, public = min(options.labs, len(names)), not options.no_public
    results = asyncio.run(play(names, out, labs=labs, actor=options.actor, public=public))
    print(table(results), how_late(results), sep="\n")  # noqa: T201 - for a person
    if options.table:
        write_table(results)
    wrong = faults(results, whole=not options.names)
    for fault in wrong:
        print(f"FAULT {fault}")  # noqa: T201 - as above
    if options.out is None and not wrong:
        shutil.rmtree(out)
    else:
        print(f"Everything is kept in {out}")  # noqa: T201 - as above
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
