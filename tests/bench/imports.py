"""What loading the integration costs beside core's unifi_access, each in a fresh process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from homeassistant import components

from .figures import SELDOM, Figure, noise, ratio

ROOT = Path(__file__).parents[2]
OURS, THEIRS, NUMBERS = "custom_components.pbx", "homeassistant.components.unifi_access", "phonenumbers"
ACCOUNT, AGAIN = "with an account", f"{THEIRS} again"
SELDOM_LOADED = (NUMBERS, AGAIN)
MEBIBYTE = 1024 * 1024

# Home Assistant has its own parts in memory already, whatever is installed; what is left is the integration's.
CHILD = """
import gc, importlib, json, os, pkgutil, sys, time
what, before = sys.argv[1], json.loads(sys.argv[2])

def memory():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def load(name):
    package = importlib.import_module(name)
    for module in pkgutil.iter_modules(getattr(package, "__path__", ()), name + "."):
        # Clients of phone systems are loaded with their accounts.
        if not module.name.startswith("custom_components.pbx.providers"):
            load(module.name)

for name in before:
    importlib.import_module(name)
size, begin = memory(), time.process_time()
if what == "with an account":
    load("custom_components.pbx")
    importlib.import_module("custom_components.pbx.providers.voipstudio.provider")
elif what == "phonenumbers":
    importlib.import_module("custom_components.pbx.telephony.phone_numbers").load()
else:
    load(what)
spent = time.process_time() - begin
print(json.dumps({
    "time": spent,
    "memory": memory() - size,
    "modules": sorted(sys.modules),
    "numbers": "phonenumbers" in sys.modules,
}))
"""


def measure(rounds: int) -> list[Figure]:
    """Measure time and memory; the first process of each kind only looks what else is needed, and compiles."""
    theirs = library()
    if theirs is None:
        return [Figure(what="load: not measured, the library of unifi_access is missing", value=0)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(theirs)))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    first = {what: _load(what, ["homeassistant.bootstrap"], environment) for what in (ACCOUNT, THEIRS)}
    core = {name for found in first.values() for name in found["modules"] if name.startswith("homeassistant.")}
    shared = ["homeassistant.bootstrap", *sorted(name for name in core if not name.startswith(THEIRS))]
    before = {
        OURS: shared,
        ACCOUNT: shared,
        THEIRS: shared,
        NUMBERS: [*shared, OURS, f"{OURS}.telephony.phone_numbers"],
    }
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (*before, AGAIN)}
    for number in range(rounds):
        for name, results in found.items():
            if name in SELDOM_LOADED and number % SELDOM:
                continue
            results.append(_load(name.removesuffix(" again"), before[name.removesuffix(" again")], environment))
    return _figures(found)


def _figures(found: Mapping[str, list[dict[str, Any]]]) -> list[Figure]:
    figures = []
    for what, unit, factor in (("time", "ms", 1e3), ("memory", "MiB", 1 / MEBIBYTE)):
        values = {name: [max(one[what], 1e-9) for one in results] for name, results in found.items()}
        middle = {name: median(each) * factor for name, each in values.items()}
        still = noise(values[AGAIN], values[THEIRS][::SELDOM])
        figures += [
            ratio(
                f"load: {what} of unifi_access, {words}",
                values[name],
                values[THEIRS],
                at_most=1.5,
                noise=still,
                note=f"{middle[name]:.0f} {unit}, {middle[THEIRS]:.0f} {unit}",
            )
            for name, words in ((OURS, "without an account"), (ACCOUNT, "with one account"))
        ]
        note = f"{middle[NUMBERS]:.0f} {unit}"
        figures.append(
            ratio(
                f"load: {what} of unifi_access, phonenumbers alone",
                values[NUMBERS],
                values[THEIRS][::SELDOM],
                note=note,
            )
        )
    figures.append(
        Figure(
            what="load: time without an account, ms", value=median(one["time"] for one in found[OURS]) * 1e3, at_most=40
        )
    )
    early = sum(one["numbers"] for one in found[OURS])
    figures.append(Figure(what="load: phonenumbers loaded without an account", value=early, at_most=0))
    return figures


def _load(what: str, before: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-c", CHILD, what, json.dumps(before)]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answer


def library(name: str = "unifi_access", *, fetch: bool = False) -> Path | None:
    """Give the library of a part of core, in the version that core names, if it was fetched; nothing else needs it."""
    manifest = json.loads((Path(components.__path__[0]) / name / "manifest.json").read_text())
    (requirement,) = manifest["requirements"]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pbx" / f"bench-{requirement}"
    if fetch and not folder.exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*install, requirement], check=False)
    return folder if folder.exists() else None


if __name__ == "__main__":
    for part in ("unifi_access", "fritzbox_callmonitor"):
        library(part, fetch=True)
