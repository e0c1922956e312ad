"""What is served is what the sources build to, as far as a machine without Node can tell."""

import hashlib
import json
import re
from pathlib import Path

from ..bench.console import weight

PROJECT = Path(__file__).parents[2]
FRONTEND = PROJECT / "frontend"
WWW = PROJECT / "custom_components" / "pbx" / "www"
FIRST_LINE = re.compile(r"// sources sha256:([0-9a-f]{64})\n")
IMPORT = re.compile(r"""["'`]\./([\w-]+\.js)["'`]""")


def digest() -> str:
    """Work out the digest of the sources as frontend/build.mjs does."""
    sources = [f"src/{path.name}" for path in (FRONTEND / "src").glob("*.ts")]
    total = hashlib.sha256()
    for name in sorted([*sources, "build.mjs", "package-lock.json", "tsconfig.json"]):
        total.update(name.encode() + b"\0" + (FRONTEND / name).read_bytes() + b"\0")
    return total.hexdigest()


def test_the_bundle_was_built_from_the_sources() -> None:
    """Its first line names them."""
    found = FIRST_LINE.match((WWW / "pbx.js").read_text("utf-8"))
    assert found is not None
    assert found[1] == digest(), "run npm run build in frontend/"


def test_every_part_is_there_and_none_is_left_over() -> None:
    """What a script imports lies beside it, and nothing else does."""
    scripts = {path.name: path.read_text("utf-8") for path in WWW.glob("*.js")}
    imported = {name for text in scripts.values() for name in IMPORT.findall(text)}
    assert imported | {"pbx.js"} == set(scripts)


def test_what_every_page_loads_is_light() -> None:
    """Whoever opens any page of Home Assistant waits for this much; the rest is loaded where it is shown."""
    figure = weight()
    assert figure.met, figure


def test_versions_are_exact_and_no_registry_is_named() -> None:
    """The same packages are installed everywhere, from wherever one gets packages."""
    package = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert [name for name, package in lock["packages"].items() if name and "integrity" not in package] == []


def test_only_one_element_of_home_assistant_is_used() -> None:
    """Others change with every release."""
    sources = "".join(path.read_text("utf-8") for path in (FRONTEND / "src").glob("*.ts"))
    assert set(re.findall(r"<(ha-[a-z-]+)", sources)) == {"ha-card"}
