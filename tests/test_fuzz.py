"""Bad input, for some seconds: spoilt bodies for every parser, and the proof that a fault among them is found."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.asterisk.ami import LONGEST_MESSAGE, Framer
from custom_components.pbx.providers.asterisk.channels import Channel
from custom_components.pbx.providers.voipat import payload as voipat_payload
from custom_components.pbx.providers.voipstudio import push as voipstudio_push
from custom_components.pbx.providers.voipsun import payload as voipsun_payload
from custom_components.pbx.providers.voxloud import payload as voxloud_payload
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.providers.voxloud.settings import VoxloudSettings
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import PushRequest

from .fuzz import ami
from .fuzz.corpus import Work, corpus
from .fuzz.run import BATCH, Count, Outcome, Shelf, feed

FOUND = (573, 1251, 2298)  # streams of Asterisk that broke something once
BODIES = 5_000  # for each provider
SIMULATED = [key for key in PROVIDERS if key != "asterisk"]  # which has no bodies, but a stream of bytes


@pytest.fixture(autouse=True)
def _budgets(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the budgets back that the recording takes away."""
    for kind in PROVIDERS.values():
        monkeypatch.setattr(kind, "limits", kind.limits)


RECORDED: dict[str, list[Work]] = {}  # takes longer than what it is for


async def recorded(provider: str) -> list[Work]:
    """Give the valid bodies of one provider."""
    if provider not in RECORDED:
        RECORDED.update(await corpus([provider]))
    return RECORDED[provider]


async def fed(provider: str, bodies: int) -> Outcome:
    """Feed spoilt bodies to the parsers of one provider."""
    return await feed([Shelf(provider, await recorded(provider))], range(bodies // BATCH))


def of(outcome: Outcome, *names: str) -> Count:
    """Add up what became of the bodies for some parsers, or for all."""
    total = Count()
    for (_, name), count in outcome.counts.items():
        if name in names or not names:
            total.bodies += count.bodies
            total.reached += count.reached
            total.refused += count.refused
    return total


@pytest.mark.parametrize("provider", SIMULATED)
async def test_nothing_but_our_own_errors(provider: str) -> None:
    """No body breaks a parser, the registry or an event; most are read nevertheless, others' are dropped."""
    outcome = await fed(provider, BODIES)
    total = of(outcome)
    assert outcome.failures == []
    assert total.bodies > BODIES * 0.95
    assert total.reached > total.bodies / 2
    assert outcome.foreign > 100 or provider == "voipsun"


@pytest.mark.parametrize(
    ("provider", "module", "name", "trusting"),
    [
        ("voxloud", voxloud_payload, "integer", int),
        ("voipsun", voipsun_payload, "seconds", float),
        ("voipstudio", voipstudio_push, "_call_id", lambda row, _roots: row["root_call_id"] or row["call_id"]),
        ("voipat", voipat_payload, "seconds", float),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_unguarded_parser_is_found(
    provider: str, module: object, name: str, trusting: Callable[[Any], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parser that trusts what it is sent."""
    await recorded(provider)
    monkeypatch.setattr(module, name, trusting)
    outcome = await fed(provider, 2_000)
    assert outcome.failures
    assert "seed" in outcome.failures[0]


async def test_a_push_of_another_account_that_is_taken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that does not look whose push it is."""

    def parse(self: VoxloudProvider, request: PushRequest) -> object:
        self.settings = VoxloudSettings()
        return original(self, request)

    original = VoxloudProvider.parse
    monkeypatch.setattr(VoxloudProvider, "parse", parse)
    monkeypatch.setattr(VoxloudProvider, "account_of", lambda _self, _request: None)
    outcome = await fed("voxloud", 2_000)
    assert any("Somebody else's push was taken" in failure for failure in outcome.failures)


async def test_any_bytes_of_asterisk() -> None:
    """Events of the manager interface, spoilt anywhere, in any pieces: most are told of, and nothing breaks."""
    found = await ami.feed([*range(150), *FOUND])
    assert found.failures == []
    assert found.streams == 150 + len(FOUND)
    assert found.told > 20


async def test_an_unguarded_event_of_asterisk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that trusts the state of a channel to be a number."""
    monkeypatch.setattr(Channel, "take_state", lambda _self, state, _now: int(state))
    found = await ami.feed(range(25))
    assert found.failures
    assert "seed" in found.failures[0]


def test_what_has_no_end_is_not_kept() -> None:
    """A message that never ends is given up at a bound, however small its pieces are."""
    framer, piece = Framer(), b"Key: value\r\n" * 100
    for _ in range(LONGEST_MESSAGE // len(piece)):
        assert list(framer.feed(piece)) == []
    with pytest.raises(ConnectError):
        list(framer.feed(piece))


async def test_the_same_seed_is_the_same_bodies() -> None:
    """What was found can be repeated."""
    found = await recorded("voipsun")
    first, second = [await feed([Shelf("voipsun", found)], range(20)) for _ in range(2)]
    assert first.counts == second.counts


def test_a_branch_that_no_body_reaches_is_found() -> None:
    """A few bodies do not reach every branch of a parser; scripts/fuzz says which, and fails."""
    few = [sys.executable, "-m", "tests.fuzz", "200", "--provider", "voxloud", "--branches"]
    done = subprocess.run(few, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "not reached: voxloud/payload.py:" in done.stdout
    assert "not reached: voipat" not in done.stdout
