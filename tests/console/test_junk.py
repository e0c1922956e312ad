"""Junk over the socket of the cards, and files that are none: an answer or a refusal, and nothing else.

`PBX_JUNK=20000 .venv/bin/pytest tests/console/test_junk.py` sends as many of each as docs/trust.md says.
"""

import os
import random
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.phone_book.draft import UnreadableError
from custom_components.pbx.phone_book.formats import Format, format_of
from custom_components.pbx.phone_book.reading import read

from ..fake_provider import FakeProvider, async_set_up, incoming
from .conftest import Page

ROUNDS = int(os.environ.get("PBX_JUNK", "400"))
FIELDS = (
    *("account", "cursor", "limit", "search", "direction", "outcome", "text", "missed", "call_id", "number"),
    *("extension", "popup", "sound", "before", "extra"),
)
VALUES: tuple[Any, ...] = (
    *("", " ", "entry_house", "101", "entry_house/101", "c1", "+390612345678", "incoming", "missed", "mine"),
    *("x" * 5_000, "\u202e\x00\x1b", "<img src=x>", "../../etc", "{{ 1 }}", "0" * 400, "1e999", "-1"),
    *(None, True, False, 0, -1, 1, 25, 2**60, 1.5, [], {}, ["101"], {"a": {"b": []}}),
)
FILES = {
    Format.VCARD: "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Bauer\r\nTEL;TYPE=CELL:+491711234567\r\nEND:VCARD\r\n",
    Format.CSV: 'name,number,groups\n"Anna, Bauer",030 123456,"VIP"\nBob;102;\n',
    Format.FRITZBOX: "<phonebooks><phonebook><contact><person><realName>Anna</realName></person><telephony>"
    '<number type="home">030123456</number></telephony></contact></phonebook></phonebooks>',
}
PIECES = (
    *("\r\n", "\n", ",", ";", '"', ":", "=", "<", ">", "&#0;", "&amp;", "\ufeff", "\x00", "\u202e", "\ud800"),
    *("BEGIN:VCARD\n", "END:VCARD", "ENCODING=QUOTED-PRINTABLE:=", "=C3=28", "<!DOCTYPE x>", "]]>", "+" * 50),
    *("<contact>" * 40, "<number>", "TEL:" + "9" * 500, "1e5", "=cmd|' /C calc'!A0"),
)


async def test_junk_over_the_socket(
    hass: HomeAssistant,
    page: Page,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Whatever a page asks, it gets an answer or a refusal that says why; the next page is served as before."""
    expected_warnings.append(r"(?s)Error handling message: .*\(invalid_format\)")  # as Home Assistant says it
    fake.script.calls = (incoming("c1"),)
    fake.script.answers["media"] = ()
    await async_set_up(hass, fake_entry)
    socket = await page()
    chance = random.Random(14)
    kinds = sorted(kind for kind in hass.data["websocket_api"] if kind.startswith("pbx/"))
    kinds.remove("pbx/subscribe")
    answered = 0
    for _ in range(ROUNDS):
        fields = {name: chance.choice(VALUES) for name in chance.sample(FIELDS, chance.randint(0, 4))}
        kind = chance.choice(kinds)
        await socket.send_json_auto_id({"type": kind, **fields})
        answer = await socket.receive_json()
        answered += answer["success"]
        assert answer["success"] or answer["error"]["code"] != "unknown_error", (kind, fields, answer)
    assert 0 < answered < ROUNDS
    await socket.send_json_auto_id({"type": "pbx/recent"})
    assert (await socket.receive_json())["success"]


@pytest.mark.parametrize("kind", Format)
def test_junk_in_a_file(kind: Format) -> None:
    """What is no phone book is refused as such; of what is one, nothing is too long."""
    chance = random.Random(14)
    found = 0
    for _ in range(ROUNDS):
        text = FILES[kind]
        for _ in range(chance.randint(0, 6)):
            at = chance.randint(0, len(text))
            text = text[:at] + chance.choice(PIECES) + text[at + chance.randint(0, 8) :]
        format_of(text)
        try:
            entries = read(text, kind, chance.choice(["DE", "IT", "US", ""])).entries
        except UnreadableError:
            continue
        for entry in entries:
            found += 1
            assert len(entry.name) <= 255
            assert len(entry.numbers) <= 50
            assert entry.name.isprintable()
    assert found
