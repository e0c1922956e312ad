"""The providers know nothing of Home Assistant, and nothing above them knows a provider."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.pbx.providers import PROVIDERS

PROJECT = Path(__file__).parents[1]
INTEGRATION = PROJECT / "custom_components" / "pbx"
FREE = ("telephony", "registry", "providers")
INSIDE = sorted(path for package in FREE for path in (INTEGRATION / package).rglob("*.py"))
ABOVE = sorted(
    path
    for path in INTEGRATION.rglob("*")
    if path.suffix in {".py", ".yaml", ".json"} and path not in INSIDE and "translations" not in path.parts
)
ALLOWED = frozenset(sys.stdlib_module_names) | {"aiohttp", "aiolimiter", "phonenumbers", "yarl"}

# How single phone systems spell things: whoever reads these knows one of them.
FIELDS = (
    *("call_uuid", "callstate", "presence_id", "cid_num", "crm_url"),
    *("callId", "userExtension", "originatorNumber", "lastEvent", "pbxId"),
    *("channelName", "accountCode", "listcalls", "sipstatus", "queuestatus"),
    *("root_call_id", "event_name", "t_cause", "src_id", "dst_id"),
)

# Home Assistant is not there, and the integration's own package is not run: only what is below it.
ALONE = """
import sys, types
for name in ("homeassistant", "voluptuous", "probatio"):
    sys.modules[name] = None
for name, path in (("custom_components", "custom_components"), ("custom_components.pbx", "custom_components/pbx")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
"""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Give what a file imports, and how far above it that is."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def without_steps(path: Path) -> str:
    """Give a file without what the flow must name: a step of its own for each provider."""
    lines = path.read_text().splitlines()
    if path.name == "config_flow.py":
        steps = {f"async_step_{key}" for key in PROVIDERS}
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.AsyncFunctionDef) and node.name in steps:
                assert node.end_lineno is not None
                assert len(node.body) == 2, "a step of a provider only begins the shared routine"
                lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines)


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.name)
def test_a_provider_imports_nothing_from_above(path: Path) -> None:
    """Only the standard library, what the manifest asks for, aiohttp with its addresses, and its neighbours."""
    for level, module in imports(path):
        assert level <= len(path.relative_to(INTEGRATION).parts), f"{path.name} reaches above the integration"
        above = path.parents[level - 1] if level else None
        if above == INTEGRATION:
            assert module.split(".")[0] in FREE, f"{path.name} imports {module}"
        assert level or module.split(".")[0] in ALLOWED, f"{path.name} imports {module}"


def test_the_providers_work_without_home_assistant() -> None:
    """Every module can be imported, and a call comes and goes."""
    modules = [
        ".".join(path.relative_to(INTEGRATION).with_suffix("").parts) for path in INSIDE if path.stem != "__init__"
    ]
    program = f"""{ALONE}
from importlib import import_module
for name in {modules!r}:
    import_module("custom_components.pbx." + name)
assert not [name for name, module in sys.modules.items() if name.startswith("homeassistant") and module]
from datetime import UTC, datetime
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.models import CallState, LegPush
now, registry = datetime.now(UTC), CallRegistry()
for state in (CallState.RINGING, CallState.TALKING, CallState.ENDED):
    message = LegPush(provider_event="x", call_id="c", leg_id="101", extension="101", state=state)
    print(*(event.type for event in registry.apply(message, now).events if event.public))
print(*sorted(PROVIDERS))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["call_incoming", "call_answered", "call_ended", *sorted(PROVIDERS)]


@pytest.mark.parametrize(
    "tests",
    [
        "registry/test_call_registry.py",
        "registry/test_directory.py",
        "telephony/test_events.py",
        "providers/test_values.py",
    ],
)
def test_the_tests_of_the_registry_pass_without_home_assistant(tests: str) -> None:
    """They are as independent as what they test."""
    program = f"""{ALONE}
import pytest
sys.exit(pytest.main(["-q", "--noconftest", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".",
                      "tests/{tests}"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: path.name)
def test_nothing_above_knows_a_provider(path: Path) -> None:
    """Neither its key or name, but in the forms and the steps of the flow, nor its words anywhere."""
    text = without_steps(path)
    if path.name != "forms.py":
        names = {word for key, provider in PROVIDERS.items() for word in (key, provider.name)}
        lowered = text.lower()
        assert not [name for name in names if name.lower() in lowered]
    assert not [word for word in FIELDS if word in text]


def test_a_provider_is_one_module_one_line_and_one_form() -> None:
    """Whoever adds a fifth has to write these, and texts."""
    for key in PROVIDERS:
        assert (INTEGRATION / "providers" / key / "provider.py").is_file()
        assert f'"{key}":' in (INTEGRATION / "forms.py").read_text()
        assert f"def async_step_{key}(" in (INTEGRATION / "config_flow.py").read_text()
