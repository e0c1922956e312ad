"""What a bench found: ratios with their targets and their noise, as a table and as JSON."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from types import BuiltinFunctionType
from typing import Any

from homeassistant.const import __version__ as home_assistant
from ulid_transform import ulid_at_time

# What only shows the noise takes part in every third round.
SELDOM = 3
LARGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure; `noise` is what the same thing against itself gave in the same run."""

    what: str
    value: float
    low: float | None = None
    high: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    noise: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether it is within its target, if it has one."""
        least = self.at_least is None or self.value >= self.at_least
        return least and (self.at_most is None or self.value <= self.at_most)

    @property
    def target(self) -> str:
        """Word the target."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"


def ratio(what: str, ours: Sequence[float], theirs: Sequence[float], **more: Any) -> Figure:
    """Compare what was measured side by side: the median of the rounds' ratios, and where the middle half lies."""
    found = [one / other for one, other in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(found, n=4) if len(found) > 1 else found * 3
    return Figure(what=what, value=median(found), low=low, high=high, **more)


def noise(one: Sequence[float], other: Sequence[float]) -> float:
    """Compare a thing with itself."""
    return ratio("", one, other).value


def percentile(values: Sequence[float], percent: int) -> float:
    """Give the value that so many percent do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def table(figures: Sequence[Figure], earlier: Mapping[str, float]) -> str:
    """Draw a Markdown table; `earlier` is what a run before found, by what was measured."""
    rows = [("what", "found", "run before", "middle half", "A/A", "target", "", "note")]
    rows += [
        (
            figure.what,
            _rounded(figure.value),
            _rounded(earlier[figure.what]) if figure.what in earlier else "",
            "" if figure.low is None or figure.high is None else f"{figure.low:.3g}-{figure.high:.3g}",
            "" if figure.noise is None else f"{figure.noise:.3g}",
            figure.target,
            ("met" if figure.met else "MISSED") if figure.target else "",
            figure.note,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _rounded(value: float) -> str:
    """Write a value with three digits, or without a fraction where it is large."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:.3g}"


def machine() -> dict[str, str | int]:
    """Say on what kind of machine this was measured."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return {
        "processor": model[1] if model else platform.processor() or platform.machine(),
        "processors": os.process_cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "home_assistant": home_assistant,
        # Each state has an id of its own, which takes forty times as long where this library is not compiled.
        "ulid_transform": "compiled" if isinstance(ulid_at_time, BuiltinFunctionType) else "plain Python",
    }


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """Give everything in a form to keep."""
    return {
        "machine": machine(),
        "figures": [{**asdict(figure), "met": figure.met if figure.target else None} for figure in figures],
    }
