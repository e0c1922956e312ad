"""The providers know nothing of Home Assistant, and nothing above them knows a provider."""

import ast
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from custom_components.pbx.providers import PROVIDERS

PROJECT = Path(__file__).parents[1]
INTEGRATION = PROJECT / "custom_components" / "pbx"
FREE = ("telephony", "registry", "providers")


def inside(integration: Path) -> list[Path]:
    """Return the files that know nothing of Home Assistant."""
    return sorted(path for package in FREE for path in (integration / package).rglob("*.py"))


def above(integration: Path) -> list[Path]:
    """Return the files above the providers, in any folder, but the texts that people read."""
    return sorted(
        path
        for path in integration.rglob("*")
        if path.suffix in {".py", ".yaml", ".json"}
        and not path.is_relative_to(integration / "providers")
        and "translations" not in path.parts
    )


INSIDE = inside(INTEGRATION)
ABOVE = above(INTEGRATION)
ALLOWED = frozenset(sys.stdlib_module_names) | {"aiohttp", "aiolimiter", "idna", "phonenumbers", "yarl"}

# How single phone systems spell things: whoever reads these knows one of them.
FIELDS = (
    *("call_uuid", "callstate", "presence_id", "cid_num", "crm_url"),
    *("callId", "userExtension", "originatorNumber", "lastEvent", "pbxId"),
    *("channelName", "accountCode", "listcalls", "sipstatus", "queuestatus"),
    *("Linkedid", "Uniqueid", "CallerIDNum", "ConnectedLineNum"),
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


def name(path: Path) -> str:
    """Name a file in a test's id."""
    return str(path.relative_to(INTEGRATION))


@cache
def imports(text: str) -> list[tuple[int, str]]:
    """Return what a file imports, and how far above it that is."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


def forbidden_imports(path: Path, integration: Path) -> list[str]:
    """Return what a file of these packages imports and must not.

    It may import the standard library, what the manifest asks for, aiohttp with its addresses, and its neighbours.
    """
    forbidden = []
    for level, module in imports(path.read_text()):
        if not level:
            allowed = module.split(".")[0] in ALLOWED
        elif level > len(path.relative_to(integration).parts):
            allowed = False  # it reaches above the integration
        else:
            allowed = path.parents[level - 1] != integration or module.split(".")[0] in FREE
        if not allowed:
            forbidden.append("." * level + module)
    return forbidden


def words_of_a_provider(path: Path) -> list[str]:
    """Return the words of single phone systems in a file above them.

    These are their keys and names, but in the forms, and their fields anywhere.
    """
    text = path.read_text()
    names = set() if path.name == "forms.py" else {word for key, kind in PROVIDERS.items() for word in (key, kind.name)}
    lowered = text.lower()
    return [name for name in sorted(names) if name.lower() in lowered] + [word for word in FIELDS if word in text]


@pytest.mark.parametrize("path", INSIDE, ids=name)
def test_a_provider_imports_nothing_from_above(path: Path) -> None:
    """Nor does anything else in the packages below Home Assistant."""
    assert forbidden_imports(path, INTEGRATION) == []


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


@pytest.mark.parametrize("path", ABOVE, ids=name)
def test_nothing_above_knows_a_provider(path: Path) -> None:
    """Neither its key or name nor its words."""
    assert words_of_a_provider(path) == []


LEFT_OUT = shutil.ignore_patterns("__pycache__", "translations", "brand", "www")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Make a copy of the integration, in which something can be planted."""
    return Path(shutil.copytree(INTEGRATION, tmp_path / "pbx", ignore=LEFT_OUT))


def plant(copy: Path, file: str, text: str) -> Path:
    """Add a file with a text, or the text to a file that is there."""
    path = copy / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as opened:
        opened.write(f"\n{text}\n")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "import homeassistant",
        "import homeassistant.core as ha",
        "from homeassistant.core import HomeAssistant",
        "import voluptuous as vol",
        "def later() -> None:\n    from homeassistant import core",
        "from custom_components.pbx import coordinator",
    ],
)
@pytest.mark.parametrize(
    "file",
    [
        "telephony/planted.py",
        "telephony/inner/planted.py",
        "registry/planted.py",
        "registry/inner/deeper/planted.py",
        "registry/call_registry.py",
        "providers/planted.py",
        "providers/acme/planted.py",
        "providers/acme/inner/planted.py",
        "providers/voxloud/payload.py",
    ],
)
def test_a_planted_import_is_found(copy: Path, file: str, text: str) -> None:
    """In a new file or an old one, in whatever folder of the packages, and wherever in the file."""
    planted = plant(copy, file, text)

    assert [path for path in inside(copy) if forbidden_imports(path, copy)] == [planted]


@pytest.mark.parametrize(
    ("file", "levels"), [("telephony/planted.py", 2), ("registry/planted.py", 2), ("providers/acme/planted.py", 3)]
)
@pytest.mark.parametrize("module", ["coordinator", "push.webhook", "services", ""])
def test_a_planted_import_from_above_is_found(copy: Path, file: str, levels: int, module: str) -> None:
    """Also a relative one, and one of the integration itself."""
    planted = plant(copy, file, f"from {'.' * levels}{module} import planted")

    assert [path for path in inside(copy) if forbidden_imports(path, copy)] == [planted]


@pytest.mark.parametrize("word", [*sorted(PROVIDERS), *(kind.name for kind in PROVIDERS.values()), *FIELDS])
def test_a_planted_word_is_found(copy: Path, word: str) -> None:
    """In any file above the providers, whatever its kind and folder."""
    files = (
        "planted.py",
        "push/planted.py",
        "services/inner/planted.py",
        "registry/planted.py",
        "telephony/planted.py",
    )
    planted = [plant(copy, file, f'WORD = "{word}"') for file in files]
    planted += [plant(copy, "services.yaml", f"# {word}"), plant(copy, "icons.json", f'"{word}"')]

    assert [path for path in above(copy) if words_of_a_provider(path)] == sorted(planted)


def test_a_provider_is_one_module_one_line_and_one_form() -> None:
    """Whoever adds a fifth has to write these, and texts."""
    for key in PROVIDERS:
        assert (INTEGRATION / "providers" / key / "provider.py").is_file()
        assert f'"{key}":' in (INTEGRATION / "forms.py").read_text()
