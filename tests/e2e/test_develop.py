"""`scripts/develop`: it proves the main job, and notices when that is not done; the demo starts and stops."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "tests.e2e.develop")

pytestmark = pytest.mark.e2e


def once(*arguments: str) -> tuple[int, str]:
    """Run the proof; give its exit status and what it said."""
    done = subprocess.run(
        (*PROGRAM, "--once", "--only", "voipat", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout


def test_proof() -> None:
    """A house in order passes, and says what it has seen."""
    status, said = once()
    assert status == 0, said
    assert "Proved: voipat" in said
    assert "the automation placed exactly one call" in said


@pytest.mark.parametrize(
    ("broken", "notice"),
    [
        ("simulator", "No event with"),
        ("webhook", "the event's source is 'poll' instead of 'new_call'"),
        ("originate", "the number of calls placed is 2 instead of 1"),
    ],
)
def test_proof_fails(broken: str, notice: str) -> None:
    """A phone system that is gone, pushes that are lost, and calls that are placed twice are noticed."""
    status, said = once("--break", broken)
    assert status == 1, said
    assert "FAILED" in said
    assert notice in said


def test_stops(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a proof leaves no process behind."""
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen((*PROGRAM, "--once", "--only", "voipat"), cwd=ROOT, stdout=out, stderr=out)
        deadline = time.monotonic() + 60
        while "answers after" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
    assert "Stopped." in log.read_text()
    assert children
    for child in children:
        assert not Path(f"/proc/{child}").exists()
