"""Breaks one rule of the registry after the other, in a copy, and sees whether the tests notice: scripts/mutants."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
INTEGRATION = Path("custom_components/pbx")
PACKAGES = ("registry", "telephony", "providers")
TESTS = Path("tests/registry")
# The tables first: they are quicker and say more. What they do not notice, the sequences may.
NOTICING = (
    *("test_active_leg.py", "test_groups.py", "test_identity.py", "test_lists.py", "test_records.py"),
    *("test_active_calls.py", "test_call_registry.py", "test_deadlines.py", "test_ended.py", "test_directory.py"),
    *("test_sequences.py", "test_outcomes.py", "test_announcements.py"),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing that is wrong; `old` stands once in `file`."""

    name: str
    rule: str
    file: str
    old: str
    new: str

    def apply(self, copy: Path) -> bool:
        """Make it wrong in a copy; tell whether the text was there, once."""
        path = copy / INTEGRATION / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            return False
        path.write_text(text.replace(self.old, self.new))
        return True


MUTANTS = (
    Mutant("rows", "1 one id is one call", "registry/lists.py", "legs=known.legs + call.legs", "legs=call.legs"),
    Mutant("rank", "2 no leg goes back", "registry/active_leg.py", "climbs < 0 or (", "("),
    Mutant(
        "order", "2 by the message's own time", "registry/active_leg.py", "and time < self.changed\n", "and False\n"
    ),
    Mutant(
        "repeated", "2 repeated messages", "registry/call_registry.py", "known = key in self._keys", "known = False"
    ),
    Mutant("older-list", "2 older lists", "registry/lists.py", "requested_at < self._requested_at", "False"),
    Mutant(
        "push-beats-list",
        "3 a leg",
        "registry/active_leg.py",
        "newest = not self.pushed_since(requested_at)",
        "newest = True",
    ),
    Mutant(
        "push-keeps-call",
        "3 a call",
        "registry/lists.py",
        " and not call.sources.pushed_since(requested_at)",
        "",
    ),
    Mutant("glitch", "4 complete lists", "registry/lists.py", "else self._complete_after\n", "else 1\n"),
    Mutant(
        "absence",
        "4 a missing call has ended",
        "registry/lists.py",
        "call.sources.missing += 1",
        "call.sources.missing = 0",
    ),
    Mutant(
        "first-list",
        "14 the first list is no news",
        "registry/lists.py",
        "preexisting = call is None and first",
        "preexisting = False",
    ),
    Mutant("tombstone", "5 ended ids", "registry/ended.py", "return self._ended.get(call_id)", "return None"),
    Mutant("tombstones", "5 as many as fit", "registry/ended.py", "len(self._ended) > TOMBSTONES", "False"),
    Mutant("group", "6 the others stop ringing", "registry/inferences.py", "    if called:\n", "    if False:\n"),
    Mutant(
        "elsewhere",
        "6 answered elsewhere",
        "registry/announcements.py",
        " else Outcome.ANSWERED_ELSEWHERE",
        " else None",
    ),
    Mutant(
        "machine",
        "8 a machine is no answer",
        "registry/outcomes.py",
        "if meaning.talked or meaning.rang:",
        "if meaning.talked:",
    ),
    Mutant("told-once", "6 told once", "registry/announcements.py", "public=not known", "public=True"),
    Mutant(
        "end-once",
        "6 ends once",
        "registry/announcements.py",
        "if call.told.ended:\n        #",
        "if False:\n        #",
    ),
    Mutant(
        "expiry",
        "7 given up at last",
        "registry/deadlines.py",
        "RINGING_END = timedelta(min",
        "RINGING_END = timedelta(hours=1, min",
    ),
    Mutant("question", "7 asks before", "registry/call_registry.py", "self._life.questions[call_id] = None", "pass"),
    Mutant(
        "put-off",
        "7 a message puts the end off",
        "registry/lifecycle.py",
        "heard = call.sources.pushed_at or now",
        "heard = call.seen_at",
    ),
    Mutant(
        "record",
        "8 missed calls are put right",
        "registry/lifecycle.py",
        "if missed is not None and self.missed.set(ended, missed=missed):",
        "if False:",
    ),
    Mutant(
        "part",
        "8 one phone's record",
        "registry/call_registry.py",
        "if call is not None and records.is_part(call, record, asked=asked):",
        "if False:",
    ),
    Mutant("unmet", "9 a mailbox is no answer", "registry/outcomes.py", "UNTAKEN | {Outcome.VOICEMAIL}", "UNTAKEN"),
    Mutant(
        "urgency",
        "10 ringing comes first",
        "registry/active_calls.py",
        "URGENCY.index(doing[0])",
        "-URGENCY.index(doing[0])",
    ),
    Mutant(
        "slot",
        "10 a call keeps its slot",
        "registry/active_calls.py",
        "slot = self._slot_of.get(call.id)",
        "slot = None",
    ),
    Mutant("waiting", "10 slots are handed on", "registry/active_calls.py", "self._slot_of[waiting] = slot", "pass"),
    Mutant("calls", "11 bounded calls", "registry/lifecycle.py", "if len(self.active) >= MAX_CALLS:", "if False:"),
    Mutant("legs", "11 bounded legs", "registry/active_call.py", "if len(self.legs) < MAX_LEGS:", "if True:"),
    Mutant(
        "waits",
        "12 a phone rings on",
        "registry/outcomes.py",
        " if inside and not answered else ",
        " if False else ",
    ),
    Mutant("grace", "14 an end waits", "registry/lifecycle.py", "cause.time + grace", "cause.time"),
    Mutant("book", "15 a known name", "registry/lifecycle.py", "found = self._names(number)", "found = None"),
    Mutant("ids", "11 bounded ids", "telephony/bounded_map.py", "if len(self._items) > self.limit:", "if False:"),
)


def copy_to(folder: Path) -> None:
    """Copy the registry and what tests it; nothing else comes along, so that it starts quickly."""
    for package in PACKAGES:
        source, target = PROJECT / INTEGRATION / package, folder / INTEGRATION / package
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / TESTS).mkdir(parents=True)
    for name in ("story.py", *NOTICING):
        shutil.copy(PROJECT / TESTS / name, folder / TESTS / name)
    for place in (INTEGRATION.parent, INTEGRATION, INTEGRATION / "providers", TESTS.parent, TESTS):
        (folder / place / "__init__.py").write_text("")


def noticed_by(folder: Path) -> str:
    """Give the first test that fails in a copy; empty when all pass."""
    options = ("-q", "-x", "-p", "no:cacheprovider", "--tb=no", "-rf", "-c", os.devnull, "--rootdir", str(folder))
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    for tests in NOTICING:
        command = (sys.executable, "-m", "pytest", *options, str(TESTS / tests))
        done = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=300
        )
        failed = [line.partition("::")[2] for line in done.stdout.splitlines() if line.startswith("FAILED")]
        if done.returncode:
            return failed[0].split(" - ")[0] if failed else f"{tests} does not run"
    return ""


def judge(mutant: Mutant | None) -> tuple[bool, str]:
    """Say whether a mutant was noticed, and by what; None is no mutant at all, which must not be."""
    with tempfile.TemporaryDirectory(prefix="pbx-mutant-") as name:
        copy_to(Path(name))
        if mutant is None:
            broken = noticed_by(Path(name))
            return not broken, broken or "every test passes"
        if not mutant.apply(Path(name)):
            return False, "fits no more"
        found = noticed_by(Path(name))
        return bool(found), found or "NOT NOTICED"


def report(mutants: Iterable[Mutant]) -> bool:
    """Print what became of the mutants; tell whether all were noticed."""
    chosen = [None, *mutants]
    with ThreadPoolExecutor(max_workers=os.process_cpu_count() or 1) as pool:
        verdicts = list(pool.map(judge, chosen))
    for mutant, (good, what) in zip(chosen, verdicts, strict=True):
        name, rule = (mutant.name, mutant.rule) if mutant is not None else ("-", "nothing is wrong")
        print(f"{'ok  ' if good else 'BAD '} {name:16} {rule:30} {what}")  # noqa: T201 - this is for a person
    return all(good for good, _ in verdicts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutants that are named, or all."""
    names = {mutant.name: mutant for mutant in MUTANTS}
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"only these of {', '.join(names)}")
    chosen = parser.parse_args(arguments).name
    if unknown := set(chosen) - names.keys():
        parser.error(f"there is no {', '.join(unknown)}")
    start = time.monotonic()
    good = report([names[name] for name in chosen] or MUTANTS)
    print(f"{'All' if good else 'Not all'} as it should be, in {time.monotonic() - start:.0f} s")  # noqa: T201
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
