"""Clean the text of strangers: callers, phone systems, and whoever reaches a webhook.

A caller's name is chosen by the caller, and travels from SIP through a phone system into states,
events, logs, notifications and a database. Some characters do harm on the way and are of no use
to anybody who reads them, so none of them passes this wall:

    =======================================  ===============================================
    what                                     why, and what becomes of it
    =======================================  ===============================================
    control characters (C0, C1, DEL)         a NUL makes a database refuse a whole commit, an
                                             escape colours a terminal: removed
    line breaks, tabs, odd blanks            forge a second line: one blank
    marks and overrides of direction         turn the text that follows round: removed
    zero-width and other invisible           make two names that look the same differ:
    characters, tags, fillers                removed
    joiners and non-joiners                  the same, but in scripts that need them, as RFC
                                             5892 tells: removed elsewhere
    variation selectors                      the same, but behind an emoji: removed elsewhere
    letters with their marks                 the same: composed where they can be (NFC)
    piles of accents and other marks         cover the lines above and below: four remain
    halves of characters                     cannot be written down: replaced by "?"
    noncharacters                            have no meaning: removed
    bytes that are no UTF-8                  would lose the whole message: replaced by U+FFFD
    =======================================  ===============================================

Letters of every script, accents, and emoji stay as they are. A joined emoji becomes its parts.
HTML and Markdown are text like any other here, and escaped where they are shown.
"""

import json
import re
import unicodedata

MAX_LINE = 200
MAX_LINES = 4096
CUT = "…"

_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile("[\t\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_PLANES = range(0x10000, 0x110000, 0x10000)  # beyond the first, each with two noncharacters
_DROPPED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls; a line break is judged before
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, direction
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffc"  # more blanks of no width, annotations
    "\ufdd0-\ufdef\ufe00-\ufe0d\ufffe\uffff"  # noncharacters, selectors of no emoji
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3"  # of hieroglyphs and shorthand
    "\U0001d159\U0001d173-\U0001d17a"  # of music
    "\U000e0000-\U000e0fff"  # tags and more selectors
    + "".join(f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in _PLANES)
    + "]"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_MOST_JOINERS = 1000  # more are in no text of a person, and each has to be judged
_BEFORE_A_MARK = re.compile(r"[\u200c\u200d]++(?=[^\w\s\x00-\x7f])")
_ENDS = " \u200c\u200d"  # of a text that is cut: a joiner has nothing to join any more
_CONTEXT = 8  # characters around a joiner that decide
_EMOJI = "0-9#*\xa9\xae\u203c\u2049\u20e3\u2100-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_SELECTOR = re.compile(f"(?<![{_EMOJI}])[\ufe0e\ufe0f]+|(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)")
_HIGHEST = 4
# What may be a pile: marks are no letters, and these are no marks.
_SYMBOLS = "\\u2010-\\u20cf\\u2100-\\u2bff\\u3001-\\u3029\\U0001f000-\\U0001faff"
_PILE = re.compile(rf"[^\w\s\x00-\x7f{_SYMBOLS}]{{{_HIGHEST + 1},}}")
_MARKS = frozenset({"Mn", "Me"})
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def decode(body: bytes) -> str:
    """Return the text of a JSON message, with U+FFFD for each byte that cannot be read.

    UTF-8 is assumed; UTF-16 and UTF-32 are recognised as RFC 4627 tells, and a byte order mark
    is left out.
    """
    return body.decode(json.detect_encoding(body), errors="replace")


def clean(value: str) -> str:
    """Return a text of any length as one clean line without blanks around it."""
    if not (value.isascii() and value.isprintable()):
        value = _cleaned(_BREAKS.sub(" ", value))
    return value.strip()


def line(value: str, limit: int = MAX_LINE) -> str:
    """Return a text as one clean line without blanks around it.

    It has at most `limit` characters, the last of which is "…" where some were cut off.
    """
    return _bounded(clean(value), limit)


def lines(value: str, limit: int = MAX_LINES) -> str:
    """Return a text of several lines, as in a text message, clean and without blanks around it.

    Every kind of line break becomes a line feed. The text has at most `limit` characters, the
    last of which is "…" where some were cut off.
    """
    if not (value.isascii() and value.isprintable()):
        value = "\n".join(_cleaned(part).rstrip() for part in _BREAKS.split(value))
    return _bounded(value.strip(), limit)


def folded(value: str) -> str:
    """Return a text as people look for it: without upper case, accents and vowel marks."""
    if value.isascii():
        return value.casefold()
    apart = unicodedata.normalize("NFKD", value.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _cleaned(value: str) -> str:
    """Return a text without the characters that nobody should meet."""
    value = _PAIR.sub(_joined, value).encode(errors="replace").decode()
    value = _DROPPED.sub("", _BLANKS.sub(" ", value))
    joined = "\u200c" in value or "\u200d" in value
    if joined:
        value = _BEFORE_A_MARK.sub("", value)
    # Piles first: to put thousands of marks in order takes long.
    value = _PILE.sub(_lower, _SELECTOR.sub("", value))
    composed = unicodedata.normalize("NFC", value)
    if composed != value:
        composed = _PILE.sub(_lower, composed)  # some marks have become two
    return _with_joiners(composed) if joined else composed


def _with_joiners(value: str) -> str:
    """Return a text with those joiners that it needs."""
    if len(_JOINERS.findall(value)) > _MOST_JOINERS:
        return _JOINERS.sub("", value)
    return unicodedata.normalize("NFC", _JOINERS.sub(_needed, value))


def _needed(found: re.Match[str]) -> str:
    """Return the first of some joiners where its script needs it (RFC 5892, A.1 and A.2)."""
    from idna import valid_contextj  # noqa: PLC0415 - aiohttp has loaded it

    joiner = found[0][0]
    before = found.string[max(0, found.start() - _CONTEXT) : found.start()]
    after = found.string[found.end() : found.end() + _CONTEXT]
    try:
        return joiner if valid_contextj(before + joiner + after, len(before)) else ""
    except ValueError:  # beside a character that has no name
        return ""


def _lower(pile: re.Match[str]) -> str:
    """Return signs with no more than a few marks on each other."""
    kept: list[str] = []
    height = 0
    for sign in pile[0]:
        height = height + 1 if unicodedata.category(sign) in _MARKS else 0
        if height <= _HIGHEST:
            kept.append(sign)
    return "".join(kept)


def _joined(pair: re.Match[str]) -> str:
    """Return the character that two halves are, which somebody wrote in two escapes."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _bounded(value: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with a mark where it was cut off."""
    return value if len(value) <= limit else value[: limit - 1].rstrip(_ENDS) + CUT
