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
    variation selectors                      the same, but behind an emoji: removed elsewhere
    piles of accents                         cover the lines above and below: four remain
    halves of characters                     cannot be written down: replaced by "?"
    noncharacters                            have no meaning: removed
    bytes that are no UTF-8                  would lose the whole message: replaced by U+FFFD
    =======================================  ===============================================

Letters of every script, accents, and emoji stay as they are. A joined emoji becomes its parts.
HTML and Markdown are text like any other here, and escaped where they are shown.
"""

import json
import re

MAX_LINE = 200
MAX_LINES = 4096
CUT = "…"

_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile("[\t\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_DROPPED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls; a line break is judged before
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, direction
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"  # more blanks of no width, annotations
    "\ufdd0-\ufdef\ufe00-\ufe0d\ufffe\uffff"  # noncharacters, selectors of no emoji
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # of shorthand and music
    "\U000e0000-\U000e0fff"  # tags and more selectors
    "]"
)
_SELECTOR = re.compile(
    "(?:^|(?<=[\\s\ufe0e\ufe0f])|(?<=[^\\W\\d_])|(?<=[\u0300-\u036f]))[\ufe0e\ufe0f]+"
    "|(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)"
)
_ACCENTS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_ACCENTS}{{4}}){_ACCENTS}+")
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


def _cleaned(value: str) -> str:
    """Return a text without the characters that nobody should meet."""
    value = _DROPPED.sub("", _BLANKS.sub(" ", value))
    value = _PILE.sub(r"\1", _SELECTOR.sub("", value))
    value = _PAIR.sub(_joined, value)
    return value.encode(errors="replace").decode()


def _joined(pair: re.Match[str]) -> str:
    """Return the character that two halves are, which somebody wrote in two escapes."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _bounded(value: str, limit: int) -> str:
    """Return a text of at most `limit` characters, with a mark where it was cut off."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + CUT
