"""What strangers write reaches nobody with characters that do harm."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.telephony.text import CUT, decode, folded, line, lines

HARMFUL = {
    "NUL": "\x00",
    "backspace": "\b",
    "escape": "\x1b",
    "delete": "\x7f",
    "C1": "\x9b",
    "soft hyphen": "\xad",
    "combining joiner": "\u034f",
    "Arabic letter mark": "\u061c",
    "Hangul filler": "\u3164",
    "Mongolian separator": "\u180e",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "embedding": "\u202a",
    "pop": "\u202c",
    "override": "\u202e",
    "word joiner": "\u2060",
    "invisible times": "\u2062",
    "isolate": "\u2066",
    "pop isolate": "\u2069",
    "braille blank": "\u2800",
    "byte order mark": "\ufeff",
    "annotation": "\ufff9",
    "noncharacter": "\uffff",
    "another": "\ufdd0",
    "object": "\ufffc",
    "hieroglyph joiner": "\U00013430",
    "null notehead": "\U0001d159",
    "noncharacter of another plane": "\U0010ffff",
    "tag": "\U000e0041",
    "tag in two escapes": "\udb40\udc41",
    "selector": "\ufe00",
    "selector of an emoji": "\ufe0f",
    "selector of a text": "\ufe0e",
    "shorthand": "\U0001bca0",
    "music": "\U0001d173",
}
BREAKS = {
    "LF": "\n",
    "CR": "\r",
    "CR LF": "\r\n",
    "VT": "\v",
    "FF": "\f",
    "NEL": "\x85",
    "line": "\u2028",
    "paragraph": "\u2029",
}
BLANKS = {"tab": "\t", "no-break": "\xa0", "thin": "\u2009", "narrow": "\u202f", "ideographic": "\u3000"}

NAMES = [
    "Anna Rossi",
    "Jörg Müller",
    "João",
    "مكتب",
    "שלום",
    "山田太郎",
    "🚀",
    "❤\ufe0f",
    "❤\ufe0f Anna ☎\ufe0e",
    "1\ufe0f\u20e3",
    "Nguyễn",
    "Rémi",
    "می\u200cخوب",
    "همه\u200cی",
    "ශ්\u200dරී ලංකා",
    "क्\u200dष",
    "क्\u200cष",
    "ന്\u200d",
    "สุภาพร",
    "בְּרֵאשִׁית",
    "O'Brien & <b>Sons</b>",
    "{{ states }}",
    "two  blanks",
]

THOROUGH = settings(max_examples=300, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_stays(name: str) -> None:
    """Also what looks like a program: it is escaped where it is shown."""
    assert line(name) == name
    assert lines(name) == name
    assert line(f"  {name}\n") == name


@pytest.mark.parametrize("bad", HARMFUL.values(), ids=HARMFUL)
@pytest.mark.parametrize("name", ["Anna{}Rossi", "{}Jörg", "مكتب{}"])
def test_a_harmful_character_is_removed(name: str, bad: str) -> None:
    """Wherever it stands."""
    assert line(name.format(bad)) == name.format("")
    assert lines(name.format(bad)) == name.format("")


@pytest.mark.parametrize("bad", (BREAKS | BLANKS).values(), ids=BREAKS | BLANKS)
def test_a_name_is_one_line(bad: str) -> None:
    """With ordinary blanks."""
    assert line(f"Anna{bad}Rossi") == "Anna Rossi"
    assert line(f"{bad}Anna{bad}") == "Anna"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("1\ufe0f", "1"),
        ("❤\ufe0f\ufe0f\ufe0e", "❤\ufe0f"),
        ("Re\u0301\ufe0fmi", "Rémi"),
        ("Re\u200c\u0301mi", "Rémi"),
        ("ก" + "\u0e47" * 99, "ก" + "\u0e47" * 4),
        ("ب" + "\u064b\u0650" * 99, "ب" + "\u064b" * 2 + "\u0650" * 2),
        ("א" + "\u05b0" * 99 + "ב", "א" + "\u05b0" * 4 + "ב"),
        ("क" + "\u0941" * 99, "क" + "\u0941" * 4),
        ("😀" * 9 + "\u20dd" * 9, "😀" * 9 + "\u20dd" * 4),
        ("a" + "\u0344" * 9, "ä" + "\u0301" + "\u0308\u0301" + "\u0308"),
        ("Z" + "\u0300" * 300 + "a", "Z" + "\u0300" * 4 + "a"),
        ("Z" + "\u0301\u20dd" * 99, "Ź\u20dd\u0301\u20dd"),
    ],
)
def test_what_is_not_seen_or_covers_other_lines(text: str, clean: str) -> None:
    """Stays as far as it has a meaning."""
    assert line(text) == clean
    assert lines(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Anna\u200cRossi", "AnnaRossi"),
        ("Anna\u200dRossi", "AnnaRossi"),
        ("می\u200c", "می"),
        ("\u200cمی", "می"),
        ("می\u200c خوب", "می خوب"),
        ("د\u200cر", "در"),
        ("می\u200dخوب", "میخوب"),
        ("می\u200c\u200c\u200dخوب", "می\u200cخوب"),
        ("می\u202e\u200cخوب", "می\u200cخوب"),
        ("ක\u200dර", "කර"),
        ("ශ්\u200d\u200d\u200cරී", "ශ්\u200dරී"),
        ("👩\u200d👧", "👩👧"),
        ("ශ්\u0301\u200c", "ශ්\u0301"),
        ("ශ්\u200dා", "ශ්ා"),
        ("\u1112\u200c\u1161", "하"),
    ],
)
def test_a_joiner_stays_where_a_script_needs_it(text: str, clean: str) -> None:
    """As RFC 5892 tells for names of hosts: nowhere else does it change what is read."""
    assert line(text) == clean
    assert lines(text) == clean


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [("می\u200cخوب", 4, "می…"), ("ශ්\u200dරී", 4, "ශ්…"), ("می\u200cخوب خوب", 6, "می\u200cخو…")],
)
def test_a_joiner_before_a_cut_goes(text: str, limit: int, cut: str) -> None:
    """What it joined is gone."""
    assert line(text, limit) == cut
    assert line(cut, limit) == cut


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("e\u0323\u0302\u0301", "ệ\u0301"),
        ("u\u0308", "ü"),
        ("\u212bngstro\u0308m", "Ångström"),
        ("한".join("ㄱ") + "\u1112\u1161\u11ab", "ㄱ한"),
    ],
)
def test_a_letter_is_written_in_one_way(text: str, clean: str) -> None:
    """Two names that look the same are the same (NFC)."""
    assert line(text) == clean
    assert lines(text) == clean


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("أحمد", "احمد"),
        ("Їжак", "іжак"),
        ("", ""),
    ],
)
def test_a_text_as_it_is_looked_for(text: str, plain: str) -> None:
    """Nobody has to know where an accent is, nor how it is encoded."""
    assert folded(text) == plain


@pytest.mark.parametrize("bad", BREAKS.values(), ids=BREAKS)
def test_a_message_keeps_its_lines(bad: str) -> None:
    """However they are separated."""
    assert lines(f"{bad}one{bad}{bad}two {bad}three{bad}") == "one\n\ntwo\nthree"


@pytest.mark.parametrize(
    ("text", "clean"),
    [("Bob\ud83d", "Bob?"), ("\udc80Bob", "?Bob"), ("\ud83d\ude80", "🚀"), ("\ude80\ud83d", "??")],
)
def test_halves_of_characters_are_replaced(text: str, clean: str) -> None:
    """Unless both of them are there."""
    assert line(text) == clean
    assert lines(text) == clean


@pytest.mark.parametrize(("clean", "limit"), [(line, 200), (lines, 4096)])
def test_a_text_is_bounded(clean: object, limit: int) -> None:
    """And says so where it was cut off."""
    assert callable(clean)
    assert clean("x" * limit) == "x" * limit
    assert clean("x" * (limit + 1)) == "x" * (limit - 1) + CUT
    assert clean("Anna Rossi", 6) == "Anna" + CUT
    assert len(clean("\x00" * 100_000 + "x")) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_message_is_read_in_any_unicode(encoding: str) -> None:
    """With and without a byte order mark."""
    message = {"name": "Jörg 🚀", "number": "+49"}
    assert json.loads(decode(json.dumps(message, ensure_ascii=False).encode(encoding))) == message


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15"])
def test_bytes_that_are_no_utf_8_are_replaced(encoding: str) -> None:
    """The rest of the message is not lost."""
    body = json.dumps({"name": "Jörg", "number": "+49"}, ensure_ascii=False).encode(encoding)
    assert json.loads(decode(body)) == {"name": "J\ufffdrg", "number": "+49"}


@pytest.mark.parametrize("body", [b"", b"\xff", b"\x00", b"\xc3", b"\xed\xa0\x80", b"\xff\xfe", b"\xff\xfe\x00"])
def test_any_bytes_can_be_decoded(body: bytes) -> None:
    """A message that was cut off, too."""
    text = decode(body)
    assert text.encode().decode() == text


@THOROUGH
@given(st.text(st.characters(codec=None)), st.integers(1, 300))
def test_no_text_gets_through_with_a_character_that_does_harm(text: str, limit: int) -> None:
    """Whatever it holds; cleaning twice changes nothing."""
    for clean in (line, lines):
        result = clean(text, limit)
        assert len(result) <= limit
        assert result == result.strip()
        assert clean(result, limit) == result
        assert result.encode().decode() == result
        allowed = {"\n"} if clean is lines else set()
        for character in set(result) - allowed:
            assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
            assert character in "\u200c\u200d" or unicodedata.bidirectional(character) not in {
                *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN")
            }
        assert unicodedata.is_normalized("NFC", result)


@THOROUGH
@given(st.text("a\u0301\u0344\u0323\u05b0\u200c\u200dم\u064bدක\u0dca\u0ddfﬁ\ufe0f ", max_size=30), st.integers(2, 30))
def test_marks_and_joiners_in_any_order(text: str, limit: int) -> None:
    """Cleaning twice changes nothing."""
    for clean in (line, lines):
        result = clean(text, limit)
        assert clean(result, limit) == result
        assert unicodedata.is_normalized("NFC", result)


@THOROUGH
@given(st.binary())
def test_any_bytes_are_some_text(body: bytes) -> None:
    """Which can be cleaned."""
    text = line(decode(body))
    assert text.encode().decode() == text
