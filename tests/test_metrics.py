"""The mirror counts what its docstring says."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "metrics"

SOURCE = '''"""A module.

Its docstring is no code, whatever it says: if, for, while.
"""

import os  # code, with a comment

TEXT = """two lines
that are no docstring"""


class Phone:
    """A phone."""

    number: str
    name: str = ""

    def __init__(self) -> None:
        # A comment.
        self.rings = 0
        self.name, other = "", 1
        self.rings += other

    async def ring(self):
        """Ring."""
        def inner():
            return 0

        for _ in range(3):
            if self.rings and self.name and self.number or os.sep:
                break
        while False:
            pass
        try:
            return [x for x in "ab" if x if x > "a"]
        except ValueError:
            return 1 if self.rings else 2


def answer(call):
    match call:
        case 1:
            pass
        case _ if call:
            pass
'''


@pytest.fixture(scope="module")
def metrics() -> ModuleType:
    """Load the program, whose name has no suffix."""
    loader = SourceFileLoader("metrics", str(SCRIPT))
    spec = spec_from_loader("metrics", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_counting(metrics: ModuleType) -> None:
    """Each figure of a small source is what a person counts."""
    found = metrics.measure(SOURCE)

    assert found.files == 1
    assert found.lines == len(SOURCE.splitlines()) == 45
    assert found.code == 28
    # for, if, three more operands, while, comprehension, its two ifs, except, conditional expression, two cases.
    assert found.decisions == 13
    assert found.density == pytest.approx(100 * 13 / 28)
    assert found.documented == 1
    assert sorted(found.lengths) == [2, 5, 6, 14]
    assert found.fields == 3
    assert found.long == 0


@pytest.mark.parametrize(
    ("source", "decisions"),
    [
        ("a = b or c", 1),
        ("a = (b or c) and d", 2),
        ("a = b and c and d", 2),
        ("if a: pass\nelif b: pass\nelse: pass", 2),
        ("async def f():\n    async for a in b: pass", 1),
        ("a = {x: y for x in b for y in c if y}", 3),
        ("try: a\nexcept (B, C): pass\nexcept D: pass\nelse: e\nfinally: f", 2),
        ("with a: b\nassert c\na = not b == c < d\nlambda: a", 0),
    ],
)
def test_decisions(metrics: ModuleType, source: str, decisions: int) -> None:
    """What branches is a decision, and nothing else."""
    assert metrics.measure(source).decisions == decisions


def test_line_length(metrics: ModuleType) -> None:
    """A hundred characters are not too long."""
    assert metrics.measure(f"#{'x' * 99}\n#{'x' * 100}\n").long == 1


def test_several_files(metrics: ModuleType) -> None:
    """Sums are over all of them, but fields are of the class with the most."""
    one, other = metrics.measure(SOURCE), metrics.measure("class A:\n    b: int\n\n\ndef f():\n    pass\n")
    sums = metrics.together([one, other])

    assert (sums.files, sums.lines, sums.code) == (2, 51, 32)
    assert sums.decisions == one.decisions
    assert (sums.fields, sorted(sums.lengths)) == (3, [2, 2, 5, 6, 14])


@pytest.mark.parametrize(("percent", "value"), [(50, 10), (95, 19), (99, 20), (100, 20), (1, 1)])
def test_percentile(metrics: ModuleType, percent: int, value: int) -> None:
    """So many percent of the values are not above it."""
    assert metrics.percentile(range(1, 21), percent) == value


def test_nothing_to_count(metrics: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file and an empty folder break nothing."""
    assert metrics.measure("").density == 0
    assert metrics.percentile([], 95) == 0
    assert metrics.main([str(tmp_path)]) == 0
    assert "no Python files" in capsys.readouterr().out


def test_the_house_beside_others(metrics: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints each package, the whole, and what it is compared with; whatever comes of it is no failure."""
    assert metrics.main([]) == 0

    said = capsys.readouterr().out
    names = {line.split()[0] for line in said.splitlines() if line}
    above = SCRIPT.parents[1] / "custom_components"
    assert {path.parent.relative_to(above).as_posix() for path in (above / "pbx").rglob("*.py")} <= names
    assert {"overseerr", "unifi_access", "peblar", "tailwind", "h11", "zeroconf", "pbx,"} <= names
