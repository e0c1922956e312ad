"""Files of ours that hold junk, or are of a newer version, harm nobody: accounts and front end start."""

from pathlib import Path
from typing import Any, override

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component

from custom_components.pbx.console.websocket import DATA_PREFERENCES
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.kept_files import async_read
from custom_components.pbx.phone_book.collection import async_get_phone_book

from .fake_provider import FakeProvider, async_set_up, fake_config_entry

type Stored = dict[str, Any]


class FileStore(Store[Any]):
    """Reads a real file, where other tests have files that are none."""

    @override
    async def _async_load(self) -> Any:
        return await self._async_load_data()  # type: ignore[no-untyped-call]


NO_FILE: list[Any] = [None, [], "x", 5, {"items": None}, {"items": "x"}, {"items": {}}, {"items": 5}]
ROWS: list[Any] = [
    None,
    "x",
    [],
    {},
    {"id": None},
    {"id": 5, "name": "A"},
    {"id": ["a"], "name": "A"},
    {"id": "", "name": "A"},
]
NO_CALLS: list[Any] = [None, [], "x", {"calls": None}, {"calls": "x"}, {"calls": {}}]
NO_ROWS: list[Any] = [None, "x", [], {}, {"call_id": 5}, {"call_id": ["a"]}, {"call_id": ""}]
BOOKS: list[tuple[Any, list[str]]] = [
    *((no_file, []) for no_file in NO_FILE),
    *(({"items": [junk, {"id": "b", "name": "Bob"}]}, ["Bob"]) for junk in ROWS),
    ({"items": [{"id": "a", "name": 5, "company": None, "groups": 5, "numbers": 5, "messages": "x"}]}, [""]),
    ({"items": [{"id": "a", "name": "A", "groups": [None, {}], "numbers": [None, "x", {}, {"number": 5}]}]}, ["A"]),
    ({"items": [{"id": "a", "name": "A", "numbers": [{"number": "+4930", "kind": []}]}]}, ["A"]),
    ({"items": [{"id": "a", "name": "A\x00\u202e\nB" + "b" * 500}]}, ["A B" + "b" * 96 + "…"]),
]
CALLS: list[tuple[Any, int]] = [
    *((no_file, 0) for no_file in NO_CALLS),
    *(({"calls": [junk]}, 0) for junk in NO_ROWS),
    ({"calls": [{"call_id": "a", "extensions": None}]}, 1),
    ({"calls": [{"call_id": "a", "extensions": "101"}]}, 1),
    ({"calls": [{"call_id": "a", "extensions": [None, 5, "101"], "from_number": 5, "missed": "no"}]}, 1),
    ({"calls": [{"call_id": "a", "started_at": "9999-99-99", "ended_at": "yesterday", "extensions": ["101"]}]}, 1),
    ({"calls": [{"call_id": "a", "started_at": "2026-13-45T00:00:00", "ended_at": "2026-01-01T00:00:00+99:99"}]}, 1),
    ({"calls": [{"call_id": "a", "started_at": 7, "ended_at": [], "duration": "x", "outcome": {}, "new": 1}]}, 1),
    ({"calls": [{"call_id": "a", "from_number": "+4930", "extensions": ["101"], "hidden": None, "duration": 1e9}]}, 1),
]
CHOICES: list[Any] = [
    None,
    [],
    "x",
    {"users": None},
    {"users": []},
    {"users": {"u": None}},
    {"users": {"u": {"popup": [], "extension": 5, "caller_id": {}, "sound": "x", "seen": "yesterday"}}},
    {"users": {"u": {"seen": "2026-13-45T00:00:00"}}},
]


def kept(storage: Stored, key: str, data: Any, version: int = 1) -> None:
    """Put a file there."""
    storage[key] = {"version": version, "minor_version": 1, "key": key, "data": data}


@pytest.mark.parametrize(("data", "names"), BOOKS)
async def test_phone_book(
    hass: HomeAssistant, fake: type[FakeProvider], hass_storage: Stored, data: Any, names: list[str]
) -> None:
    """What is no entry is left out, and the others are there."""
    kept(hass_storage, "pbx.phone_book", data)
    assert await async_setup_component(hass, DOMAIN, {})
    book = async_get_phone_book(hass)
    assert [entry.name for entry in book.entries] == names
    assert book.find("+4930123456") is None
    assert len(book.search("", 5)) == len(names)
    added = await book.async_add({"name": "New", "numbers": ["+4930123456"]})
    assert added.name == "New"


@pytest.mark.parametrize(("data", "count"), CALLS)
async def test_recent_calls(
    hass: HomeAssistant, fake: type[FakeProvider], hass_storage: Stored, data: Any, count: int
) -> None:
    """What is no call is left out, and of a damaged one what is damaged."""
    entry = fake_config_entry()
    kept(hass_storage, f"pbx.recent_calls.{entry.entry_id}", data)
    await async_set_up(hass, entry)
    assert len(entry.runtime_data.recent.newest(5)) == count
    assert entry.runtime_data.recent.last_caller("101") is None or count


@pytest.mark.parametrize("data", CHOICES)
async def test_choices(hass: HomeAssistant, fake: type[FakeProvider], hass_storage: Stored, data: Any) -> None:
    """A choice that cannot be read was not made."""
    kept(hass_storage, "pbx.console", data)
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.data[DATA_PREFERENCES].data_of("u") == {
        "extension": None,
        "caller_id": None,
        "popup": None,
        "sound": False,
        "seen": None,
    }


ENVELOPES: dict[str, bytes] = {
    "nothing": b"",
    "cut off": b'{"version": 1, "data": {"it',
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "an object": b"{}",
    "foreign keys": b'{"people": [1]}',
    "no data": b'{"version": 1, "minor_version": 1}',
    "an older version": b'{"version": 0, "minor_version": 1, "data": {}}',
    "a version that is a text": b'{"version": "1", "minor_version": 1, "data": {}}',
    "no version": b'{"version": null, "minor_version": 1, "data": {}}',
    "no text": b"\xff\xfe\x00\x01",
    "NUL": b"\x00" * 64,
}


@pytest.mark.parametrize("content", ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("name", ["pbx.phone_book", "pbx.console", "pbx.recent_calls.{}"])
async def test_any_file(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: list[str],
    name: str,
    content: bytes,
) -> None:
    """Accounts start whatever a file is, and what nobody can read is put aside for a person, not written over."""
    expected_warnings += ["pbx.+ cannot be read", "Unrecoverable error decoding", "Could not parse JSON content"]
    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))
    entry = fake_config_entry()
    path = tmp_path / ".storage" / name.format(entry.entry_id)
    path.parent.mkdir()
    path.write_bytes(content)
    assert await async_read(FileStore(hass, 1, path.name)) == {}
    kept = [one.read_bytes() for one in path.parent.glob(f"{path.name}*")]
    assert kept == [content]
    assert path.exists() is (content == b"{}")


async def test_a_folder_in_place_of_a_file(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]
) -> None:
    """And what cannot be opened."""
    expected_warnings += ["pbx.+ cannot be read", "JSON file reading failed"]
    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))
    (tmp_path / ".storage" / "pbx.console").mkdir(parents=True)
    assert await async_read(FileStore(hass, 1, "pbx.console")) == {}


async def test_newer_version(
    hass: HomeAssistant, fake: type[FakeProvider], hass_storage: Stored, expected_warnings: list[str]
) -> None:
    """After a way back to an older version accounts work, and no file that it does not understand is written."""
    expected_warnings.append("WARNING custom_components.pbx: pbx.+ is of a newer version")
    entry = fake_config_entry()
    recent = f"pbx.recent_calls.{entry.entry_id}"
    for key in ("pbx.phone_book", "pbx.console", recent):
        kept(hass_storage, key, {"people": [1]}, version=2)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    with pytest.raises(ServiceValidationError) as refused:
        await async_get_phone_book(hass).async_add({"name": "New", "numbers": ["+4930123456"]})
    assert refused.value.translation_key == "phone_book_newer"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    for key in ("pbx.phone_book", "pbx.console", recent):
        assert hass_storage[key]["data"] == {"people": [1]}, key
