"""`scripts/develop --once` proves the main job and notices when it is not done; stopped, it leaves nothing behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "tests.e2e.develop", "--once", "--only", "voipat")
BREAKS = ("", "simulator", "webhook", "originate")

pytestmark = pytest.mark.e2e


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that runs."""

    process: subprocess.Popen[bytes]
    log: Path

    def result(self) -> tuple[int, str]:
        """Wait for its exit status, and give what it said too."""
        return self.process.wait(100), self.log.read_text()


@contextmanager
def started(log: Path, broken: str = "") -> Iterator[Proof]:
    """Start a proof, in which something may be broken on purpose; it does not outlive the tests."""
    breaking = ("--break", broken) if broken else ()
    with log.open("wb") as out:
        process = subprocess.Popen((*PROGRAM, *breaking), cwd=ROOT, stdout=out, stderr=out)
    try:
        yield Proof(process=process, log=log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Proof]]:
    """Run all proofs at once, for they mostly wait."""
    folder = tmp_path_factory.mktemp("proofs")
    with ExitStack() as stack:
        yield {broken: stack.enter_context(started(folder / f"log-{broken}", broken)) for broken in BREAKS}


def test_proof(proofs: Mapping[str, Proof]) -> None:
    """A house in order passes, and says what it has seen."""
    status, said = proofs[""].result()
    assert status == 0, said
    assert "Proved: voipat" in said
    assert said.count("the automation placed exactly one call") == 2


@pytest.mark.parametrize(
    ("broken", "notice"),
    [
        ("simulator", "No event with"),
        ("webhook", "the event's source is 'poll' instead of 'new_call'"),
        ("originate", "the number of calls placed is 2 instead of 1"),
    ],
)
def test_proof_fails(proofs: Mapping[str, Proof], broken: str, notice: str) -> None:
    """A phone system that is gone, pushes that are lost, and calls that are placed twice are noticed."""
    status, said = proofs[broken].result()
    assert status == 1, said
    assert "FAILED" in said
    assert notice in said


def test_proof_by_the_documents(tmp_path: Path) -> None:
    """The main job is done at servers that speak as the phone systems' own documents say, and nothing else."""
    log = tmp_path / "log"
    with log.open("wb") as out:
        command = (sys.executable, "-m", "tests.e2e.develop", "--once", "--documents")
        status = subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False, timeout=400).returncode
    said = log.read_text()
    assert status == 0, said
    assert "Proved by the documents: voipat, voipstudio, voipsun, voxloud" in said
    assert said.count("the automation placed exactly one call") == 4


def test_stops(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a proof leaves no process behind."""
    with started(tmp_path / "log") as proof:
        deadline = time.monotonic() + 60
        while "answers after" not in proof.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        pid = proof.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        proof.process.send_signal(signal.SIGINT)
        status, said = proof.result()
    assert status == 1
    assert "Stopped." in said
    assert children
    for child in children:
        assert not Path(f"/proc/{child}").exists()
