"""The house: which file may import which, and who may write what, read from the code itself.

Imports run downwards through the layers below and never in a circle. An import that only a type checker sees counts
like any other, so that nothing hides behind it. What belongs to a part of an account is written by that part alone:
everybody else calls a method of it, which has a name.
"""

import ast
import re
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
    "the parts that know no account": (
        "activity",
        "errors",
        "issues",
        "kept_files",
        "phone_book",
        "places",
        "sentences",
        "spellings",
        "voice_names",
        "voice_reading",
        "wording",
    ),
    "the parts of an account, which know no coordinator": (
        "accounts",
        "contexts",
        "devices",
        "directory_schedule",
        "directory_values",
        "dial_guard",
        "event_dispatcher",
        "features",
        "gaps",
        "listeners",
        "looks",
        "push_health",
        "stored",
        "targets",
        "tick",
    ),
    "the heart of an account": ("coordinator",),
    "what feeds the coordinator": ("commands", "lookups", "push", "recent_calls", "unseen_calls"),
    "the account as a whole": ("data",),
    "what asks an account": (
        "callers",
        "contradictions",
        "entity",
        "event_words",
        "known_names",
        "recent_rows",
        "rights",
        "trigger_fields",
        "trigger_names",
    ),
    "the forms": (
        "config_flow",
        "form_errors",
        "forms",
        "migration",
        "options",
        "options_flow",
        "stored_secrets",
        "subentries",
        "trials",
        "webhook_page",
    ),
    "the actions; the front end": ("services", "console"),
    "what Home Assistant loads": (
        "binary_sensor",
        "button",
        "condition",
        "diagnostics",
        "event",
        "llm",
        "logbook",
        "media_source",
        "media_view",
        "notify",
        "repairs",
        "sensor",
        "switch",
        "system_health",
        "text",
        "trigger",
        "voice",
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


# The parts of an account, as the others call them.
PARTS = frozenset(
    {
        *("coordinator", "data", "devices", "events", "health", "lookups", "names", "provider", "registry"),
        *("runtime_data", "stream", "subscription", "webhook", "wording"),
    }
)
# Methods of collections that change them.
CHANGING = frozenset(
    {
        *(
            "add",
            "append",
            "clear",
            "difference_update",
            "discard",
            "extend",
            "insert",
            "intersection_update",
            "move_to_end",
        ),
        *(
            "pop",
            "popitem",
            "popleft",
            "remove",
            "reverse",
            "setdefault",
            "sort",
            "symmetric_difference_update",
            "update",
        ),
    }
)


def written(text: str) -> Iterator[str]:
    """Find what a file writes into a part that it does not belong to."""
    for node in ast.walk(ast.parse(text)):
        targets: list[ast.expr] = []
        match node:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                pass
            case ast.AugAssign(target=one) | ast.AnnAssign(target=one):
                targets = [one]
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as called, attr=name)) if name in CHANGING:
                targets = [called]
        for target in targets:
            yield from (ast.unparse(each) for each in parts_of(target) if belongs_to_a_part(each))


def parts_of(target: ast.expr) -> Iterator[ast.expr]:
    """Give what is written: each of several, and what an item is an item of."""
    match target:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from parts_of(element)
        case ast.Subscript(value=value) | ast.Starred(value=value):
            yield from parts_of(value)
        case _:
            yield target


def belongs_to_a_part(target: ast.expr) -> bool:
    """Say whether an attribute is one of a part: whatever comes before its name ends in one."""
    match target:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
            return owner in PARTS
        case ast.Attribute(value=ast.Call(func=ast.Name(id=owner) | ast.Attribute(attr=owner))):
            return owner in PARTS
    return False


@pytest.mark.parametrize(
    "name", [name for name in files() if name.split(".")[0] not in {"telephony", "registry", "providers"}]
)
def test_nobody_writes_into_a_part(name: str) -> None:
    """A view does not change what it views, and a part changes another one by calling it."""
    assert list(written(files()[name].read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self.registry.missed += 3", ["self.registry.missed"]),
        ("sensor.coordinator.described = (call, attributes)", ["sensor.coordinator.described"]),
        ("coordinator.entity_count += min(len(enabled), room)", ["coordinator.entity_count"]),
        ("coordinator.last_callers['101'] = number", ["coordinator.last_callers"]),
        ("self.coordinator.last_callers.update(found)", ["self.coordinator.last_callers"]),
        ("first, entry.runtime_data.webhook.bad = 1, 2", ["entry.runtime_data.webhook.bad"]),
        ("del self.coordinator.devices.subjects[key]", ["self.coordinator.devices.subjects"]),
        ("self.coordinator = coordinator", []),
        ("self.last_callers.update(found)", []),
        ("self.coordinator.devices.async_sync()", []),
        ("registry = self.coordinator.data", []),
    ],
)
def test_what_counts_as_writing(text: str, expected: list[str]) -> None:
    """An assignment to an attribute or an item, however many steps away, and a collection's own methods."""
    assert list(written(text)) == expected


def test_every_part_is_on_the_page() -> None:
    """The page on the architecture says of each part what it is for."""
    page = (INTEGRATION.parents[1] / "docs/development/architecture.md").read_text("utf-8")
    house = page.partition("## The house")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in house.splitlines() if line.startswith("|")]
    told = {name.rstrip("/") for row in rows for name in re.findall(r"`([\w/]+)`", row)}
    parts = {part for layer in LAYERS.values() for part in layer} - {"__init__", "const"}
    assert sorted(parts - told) == []
