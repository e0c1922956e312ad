"""The house: which file may import which, read from the code itself.

Imports run downwards through the layers below and never in a circle. An import that only a type checker sees counts
like any other, so that nothing hides behind it.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).parents[1] / "custom_components" / "pbx"

# From the bottom to the top. A file may import files of the layers below its own, and of its own layer as long as
# no circle comes of it. A package stands for all its files that are not named themselves. What may not import
# Home Assistant is guarded by test_boundary.py.
LAYERS: Mapping[str, tuple[str, ...]] = {
    "the words of telephony": ("telephony",),
    "what is known of calls; the phone systems": ("registry", "providers"),
    "what everybody shares": ("const",),
    "the parts that know no account": ("errors", "issues", "phone_book", "wording"),
    "the parts of an account, which know no coordinator": (
        "accounts",
        "devices",
        "event_dispatcher",
        "push_health",
    ),
    "the heart of an account": ("coordinator",),
    "what feeds the coordinator": ("lookups", "push", "recent_calls"),
    "the account as a whole": ("data",),
    "what asks an account": ("callers", "entity", "rights"),
    "the forms": ("config_flow", "forms", "options", "subentries"),
    "the actions; the front end": ("services", "console"),
    "what Home Assistant loads": (
        "binary_sensor",
        "button",
        "condition",
        "diagnostics",
        "event",
        "llm",
        "media_source",
        "media_view",
        "repairs",
        "sensor",
        "switch",
        "system_health",
        "trigger",
    ),
    "the set-up": ("__init__",),
}


@cache
def files() -> Mapping[str, Path]:
    """Give every file by its dotted name below the integration; a package is its `__init__`."""
    return {name_of(path): path for path in sorted(INTEGRATION.rglob("*.py"))}


def name_of(path: Path) -> str:
    """Give the dotted name of a file."""
    parts = path.relative_to(INTEGRATION).with_suffix("").parts
    return ".".join(parts[:-1]) if len(parts) > 1 and parts[-1] == "__init__" else ".".join(parts)


def imported(text: str, name: str, known: Mapping[str, Path]) -> Iterator[str]:
    """Find the files of the integration that a file imports, wherever in it that is written."""
    is_package = known[name].name == "__init__.py"
    package = () if name == "__init__" else tuple(name.split("."))[: None if is_package else -1]
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1]
        module = (*base, *(node.module.split(".") if node.module else ()))
        for alias in node.names:
            candidates = (".".join((*module, alias.name)), ".".join(module) or "__init__")
            yield next((each for each in candidates if each in known), ".".join(module))


@cache
def graph() -> Mapping[str, frozenset[str]]:
    """Give what each file imports."""
    known = files()
    return {name: frozenset(imported(path.read_text("utf-8"), name, known)) - {name} for name, path in known.items()}


@cache
def layer(name: str) -> int | None:
    """Say how high a file stands, by its own name or its package's; None for one that nobody has placed."""
    for candidate in (name, name.split(".", maxsplit=1)[0]):
        for height, members in enumerate(LAYERS.values()):
            if candidate in members:
                return height
    return None


def circles(arrows: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Find what imports itself by way of others: each time the files that all reach each other."""
    reach = {name: reached(name, arrows) for name in arrows}
    found = {
        tuple(sorted(other for other in reach[name] if name in reach[other])) for name in arrows if name in reach[name]
    }
    return [list(circle) for circle in sorted(found)]


def reached(name: str, arrows: Mapping[str, frozenset[str]]) -> set[str]:
    """Give everything that a file imports, also by way of others."""
    found: set[str] = set()
    waiting = list(arrows[name])
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += arrows.get(other, ())
    return found


def test_every_file_has_a_layer() -> None:
    """Whoever adds a file says where it stands, and a layer holds what there is."""
    assert [name for name in files() if layer(name) is None] == []
    placed = {member for members in LAYERS.values() for member in members}
    assert placed <= {name.split(".")[0] for name in files()} | set(files())


def test_every_import_is_a_file() -> None:
    """What is imported is there, so that the drawing lacks no arrow."""
    assert {other for others in graph().values() for other in others} <= set(files())


def test_nothing_imports_itself_by_way_of_others() -> None:
    """There is no circle, of whatever length, hidden or not."""
    assert circles(graph()) == []


@pytest.mark.parametrize("name", files())
def test_imports_run_down(name: str) -> None:
    """A file imports nothing that stands above it."""
    height = layer(name)
    assert height is not None
    assert [other for other in graph()[name] if (layer(other) or 0) > height] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from .errors import invalid", {"errors"}),
        ("from . import issues", {"issues"}),
        ("from ..const import DOMAIN\nfrom .. import issues", {"const", "issues"}),
        ("from .push.url import external_url", {"push.url"}),
        ("if TYPE_CHECKING:\n    from .coordinator import PbxCoordinator", {"coordinator"}),
        ("def late():\n    from .services import ACTIONS", {"services"}),
        ("from homeassistant.core import HomeAssistant\nimport asyncio", set()),
    ],
)
def test_what_counts_as_an_import(text: str, expected: set[str]) -> None:
    """Also what only a type checker sees, and what a function imports."""
    name = "push.webhook" if ".." in text else "coordinator"
    assert set(imported(text, name, files())) == expected


def test_a_circle_is_found() -> None:
    """One of any length; two that touch are one."""
    arrows = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a"), "d": frozenset("ad"), "e": frozenset("a")}
    assert circles(arrows) == [["a", "b", "c"], ["d"]]
