"""Take the number out of what people and phone systems write around it.

That is marks between digits, characters that nobody sees, digits of other scripts, and URIs:

    ======================================  =====================================
    written                                 number
    ======================================  =====================================
    `+49 (30) 90-18/20`                     `+4930901820`
    `"Anna" <sip:+4930901820@host>`         `+4930901820`
    `sips:030901820@host;user=phone`        `030901820`
    `tel:901820;phone-context=+4930`        `+4930901820`
    `"Anna" <101>`                          `101`
    `+49 30 901820 ext. 12`                 `+4930901820`
    `+4930901820,,12#`                      `+4930901820`
    `%2B4930901820`                         `+4930901820`
    ======================================  =====================================

A number of several digits in front of an extension, or of keys that are pressed after a pause, is
what is dialled; who answers there connects. Names may be written as in SIP, in an e-mail and in an
address of the web: `"Jörg"`, `=?utf-8?Q?J=C3=B6rg?=`, `J%C3%B6rg`.
"""

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from .text import clean
from .withheld import says_withheld

_PLAIN = re.compile(r"\+?[0-9]+")
_DIALLED = re.compile(r"[+0-9*#]+")

_MARKS = re.compile(
    r"[\s\-./()\[\]~"
    "\xb7\u2010-\u2015\u2022\u2043\u2212\u30fc\ufe58\ufe63\uff08\uff09\uff0d\uff0e\uff0f]+"
)
_SIGNS = str.maketrans(
    {"\uff0b": "+", "\ufe62": "+", "\uff0a": "*", "\ufe61": "*", "\uff03": "#", "\ufe5f": "#"}
)

# A header may hold parameters, and more addresses, of which the first is the one that counts. A
# long one is cut off on the way. A name may hold brackets, too, with quotes around it or without.
_NAME = re.compile(r'"(?:[^"\\]|\\.)*"\s*', re.DOTALL)
_BRACKETS = re.compile(r"<(?P<inside>[^<>]*)(?:(?P<end>>)\s*(?:[;,]|\Z)|\Z)")
_ESCAPED = re.compile(r"\\(.)")
_QUOTED = re.compile(r"""["'](?P<inside>[^"']*)["']""")
_SCHEME = re.compile(r"(?P<scheme>sips?|tel|callto|iax2?|h323):(?://)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?P<user>[^@\s]*)@(?P<host>[^@\s]+)")
_USER_WITH_BLANKS = re.compile(r"(?P<user>[^@]*)@(?P<host>[^@\s]+)")
# A machine that calls has an address and no number. People write eight digits as `12.34.56.78`.
_MACHINE = re.compile(
    r"(?:\[[0-9a-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?", re.IGNORECASE
)
_IN_PAIRS = re.compile(r"[0-9]{2}(?:\.[0-9]{2}){3}")
_CONTEXT = re.compile(r";phone-context=(\+[0-9\-. ()]+)", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?P<number>\+?[(\[]?[0-9][0-9\s\-./()\[\]]{5,40})(?:[\s,;(\[]{0,4}"
    r"(?:e?xte?n?(?:sion)?|x|int(?:erno)?|anexo|ramal|poste|linka|klapka|wewn?|durchwahl|dw|tst"
    r"|toestel|доб|вн)[\s.:=#]{0,4}[0-9]{1,8}[)\]]?|\s#\s?[0-9]{1,8}|(?:,,|[pw])[0-9*#,pw]{1,24})",
    re.IGNORECASE,
)
_AREA = re.compile(
    r"(?:[*#][0-9*#]{1,8}[\s-]*)?(?:[18][\s-]*)?(?:\((?P<digits>[1-9][0-9]{1,4})\)"
    r"|(?P<three>[1-9][0-9]{2})(?P<mark>[\s./-])(?:[0-9]{3,4}(?P=mark)[0-9]{4}|[0-9]{6,7})\Z)"
)
# What a template or a program has taken for an amount.
_DECIMAL = re.compile(r"(?P<number>\+?[0-9]+)\.0")
_ENCODED = re.compile(r"[^%\s]*(?:%[0-9a-f]{2}[^%\s]*)+", re.IGNORECASE)
_WORDS_OF_MAIL = re.compile(r"=\?[^?\s]+\?[BQ]\?[^?]*\?=", re.IGNORECASE)


class Address(NamedTuple):
    """A number as it was written: in a URI or not, with a display name or without.

    `user` is visible text, with ASCII digits; `host` and `scheme` are in lower case.
    """

    user: str
    host: str = ""
    name: str = ""
    scheme: str = ""

    @property
    def digits(self) -> str:
        """Return the user without the marks people write between digits."""
        return without_marks(self.user)

    @property
    def area(self) -> str:
        """Return the digits that are set apart at the beginning of a number, as at home.

        They are in brackets, or three before seven or eight others. A code, and a 1 or an 8, may be
        dialled before them.
        """
        found = _AREA.match(self.user)
        return "" if found is None else found["digits"] or found["three"]

    @property
    def is_number(self) -> bool:
        """Return whether the user is made of what a telephone's keys can dial."""
        return is_dialled(self.digits)


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address:
    """Return what a text holds, whether it is a number, a URI, or neither."""
    if _PLAIN.fullmatch(text):
        return Address(user=text)
    if _ENCODED.fullmatch(text) and _is_written(decoded := unquote(text)):
        text = decoded
    name, text = _taken_apart(_visible(text).strip())
    scheme = ""
    while (prefix := _SCHEME.match(text)) is not None:
        scheme = prefix["scheme"].lower()
        text = text[prefix.end() :].strip()
    host = ""
    address = (_USER_WITH_BLANKS if scheme else _ADDRESS).fullmatch(text)
    if address is not None:
        text, host = address["user"], address["host"]
        host = host.partition(";")[0].partition("?")[0].lower()
    elif _is_machine(text, scheme):
        return Address(user="", host=text.lower(), name=name, scheme=scheme)
    if scheme and (context := _CONTEXT.search(text)) and not text.startswith("+"):
        text = context[1] + text
    if host or scheme:
        text = unquote(text.partition(";")[0].partition("?")[0].partition(":")[0])
        text = text.partition(";")[0]
    elif "=" in (parts := text.partition(";"))[2]:
        text = parts[0]
    text = text.strip().rstrip(",;")
    found = _DECIMAL.fullmatch(text) or _EXTENSION.fullmatch(text)
    text = text if found is None else found["number"]
    return Address(user=text.strip(), host=host, name=name, scheme=scheme)


def unquoted(name: str) -> str:
    """Return a display name without the quotes around it, and without the marks before others.

    What is encoded in it is one clean line.
    """
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = _ESCAPED.sub(r"\1", name[1:-1]).strip()
    return _decoded(name) if "=?" in name or "%" in name else name


def _decoded(name: str) -> str:
    """Return a name whose letters are encoded as in an e-mail (RFC 2047) or in an address."""
    try:
        if _WORDS_OF_MAIL.search(name):
            parts = decode_header(name)
            name = "".join(
                part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
                for part, charset in parts
            )
        elif _ENCODED.fullmatch(name):
            name = unquote(name, errors="strict")
    except HeaderParseError, ValueError, LookupError:
        return name
    return clean(name)


def _is_written(text: str) -> bool:
    """Return whether a text is a URI, an address, or what keys can dial."""
    return bool(_SCHEME.match(text) or _ADDRESS.fullmatch(text)) or is_dialled(without_marks(text))


def _taken_apart(text: str) -> tuple[str, str]:
    """Return a display name, empty where there is none, and the text without it and its marks."""
    name = _NAME.match(text)
    for found in _BRACKETS.finditer(text, 0 if name is None else name.end()):
        if _may_be_called(found["inside"], whole=bool(found["end"])):
            return unquoted(text[: found.start()].strip()), found["inside"].strip()
    quoted = _QUOTED.fullmatch(text)
    return "", text if quoted is None else quoted["inside"].strip()


def _is_machine(text: str, scheme: str) -> bool:
    """Return whether a text is the address of a machine; in a URI, numbers in pairs are one too."""
    host = text.partition(";")[0].partition("?")[0]
    if scheme == "tel" or not _MACHINE.fullmatch(host):
        return False
    return bool(scheme) or not _IN_PAIRS.fullmatch(host)


def _may_be_called(text: str, *, whole: bool) -> bool:
    """Return whether a text in angle brackets is an address, and no word or HTML.

    Where it is not `whole` only a URI is: "love <3" is a name.
    """
    text = text.strip()
    if not whole:
        return bool(_SCHEME.match(text))
    if _SCHEME.match(text) or _ADDRESS.fullmatch(text) or says_withheld(text):
        return True
    return is_dialled(without_marks(text.partition(";")[0]))


def without_marks(text: str) -> str:
    """Return a visible text without blanks, hyphens, dots, slashes and brackets."""
    return _MARKS.sub("", text)


def is_dialled(text: str) -> bool:
    """Return whether a text is made of digits, plus, star and hash only."""
    return bool(_DIALLED.fullmatch(text))


def _visible(text: str) -> str:
    """Return a text without characters that nobody sees, with ASCII digits and signs."""
    if text.isascii() and text.isprintable():
        return text
    result = []
    for character in text.translate(_SIGNS):
        category = unicodedata.category(character)
        if category == "Nd":
            result.append(str(unicodedata.decimal(character)))
        elif category == "Cc":
            result.append(" ")
        elif category != "Cf":
            result.append(character)
    return "".join(result)
