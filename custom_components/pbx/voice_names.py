"""Names as people say and type them: without signs, and to the assistant with numbers in words too.

The assistant removes signs from the edges of words and keeps all others, and an engine that writes
down speech knows nothing of how a name is written. So each name is listed in all its spellings, and
heard by the same ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

AND: Final[Mapping[str, str]] = {
    "en": "and",
    "de": "und",
    "fr": "et",
    "it": "e",
    "es": "y",
    "pt-BR": "e",
    "pl": "i",
    "cs": "a",
    "uk": "\u0456",
    "ar": "و",
}
_NUMERALS: Final[Mapping[str, str]] = {
    "en": "zero one two three four five six seven eight nine ten",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    "pt-BR": "zero um dois três quatro cinco seis sete oito nove dez",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć",
    "cs": "nula jedna dva tři čtyři pět šest sedm osm devět deset",
    "uk": "нуль один два три чотири п'ять шість сім вісім дев'ять десять",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
}
WORDS: Final = {
    language: {str(number): word for number, word in enumerate(words.split())}
    for language, words in _NUMERALS.items()
}
DIGITS: Final = {
    language: {word: digits for digits, word in words.items()} for language, words in WORDS.items()
}
_EDGES: Final = (
    ".,?!;:\u00a1\u00bf\u061f\u2013\u2014\u2015\u2026\u3002\uff01\uff0c\uff1a\uff1b\uff1f"
)
"""What the assistant takes off a word."""
_INITIALS: Final = re.compile(r"(?:\w\.){2,}")
_JOINED: Final = re.compile(r"\s*[&+]\s*")
_SIGNS: Final = re.compile(r"[^\w\s'-]+")
_DIGITS: Final = re.compile(r"\b[0-9]{2,5}\b")
_LATIN: Final = {"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "\u0131": "i"}
_IN_TWO: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
"""How letters are written where there is no key for them."""
_NO_WORDS: Final = re.compile(r"[\W_]+")
_IN_TEMPLATES: Final = re.compile(r"[\\()\[\]{}<>|;]")


@lru_cache(maxsize=4096)
def spellings(name: str, language: str) -> tuple[str, ...]:
    """Return how a name is typed or written down in a language, as it is typed first."""
    composed = unicodedata.normalize("NFC", name).replace("\u2019", "'")
    typed = " ".join(filter(None, map(_without_edges, composed.split())))
    joined = _JOINED.sub(f" {AND[language]} ", typed)
    found = [typed, *map(_spoken, (typed, joined))]
    found += [_lettered(text, letters) for text in found for letters in (_LATIN, _IN_TWO)]
    found += [_DIGITS.sub(lambda digits: " ".join(digits[0]), text) for text in found]
    found += [text.replace("-", " ") for text in found]
    found += [text.replace("'", "") for text in found]
    for table in (WORDS[language], DIGITS[language]):
        found += [
            " ".join(table.get(word.casefold(), word) for word in text.split()) for text in found
        ]
    return tuple(text for text in dict.fromkeys(found) if plain(text))


def _without_edges(word: str) -> str:
    """Return a word as the assistant reads it."""
    return word if _INITIALS.fullmatch(word) else word.strip(_EDGES)


def _lettered(text: str, letters: Mapping[str, str]) -> str:
    """Return a text with plain Latin letters only, as somebody types or hears a foreign name."""
    return "".join(_letter(sign, letters) for sign in text)


def _letter(sign: str, letters: Mapping[str, str]) -> str:
    """Return a letter without its marks; another sign as it is."""
    if sign.isascii() or not unicodedata.name(sign, "").startswith("LATIN"):
        return sign
    small = sign.lower()
    base = letters.get(small) or _LATIN.get(small) or unicodedata.normalize("NFD", small)[0]
    return base if sign == small else base.capitalize()


def _spoken(text: str) -> str:
    """Return a text without what nobody says."""
    return " ".join(_SIGNS.sub(" ", unicodedata.normalize("NFKC", text)).split())


def alternatives(names: Iterable[str], language: str) -> str:
    """Return a choice of names as a template of the assistant; empty for none."""
    found = dict.fromkeys(text for name in names for text in spellings(name, language))
    escaped = (_IN_TEMPLATES.sub(r"\\\g<0>", text) for text in found)
    return f"({'|'.join(escaped)})" if found else ""


def plain(text: str) -> str:
    """Return a text as names are compared: its words, without case and signs."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    composed = composed.replace("'", "").replace("\u2019", "")
    return " ".join(_NO_WORDS.sub(" ", composed).split())


def is_named(text: str, name: str) -> bool:
    """Return whether a text is a name, whoever wrote which of them; nobody has no name."""
    return bool(name) and (text == name or (plain(text) or text) == plain(name))


def heard(text: str, names: Iterable[str]) -> dict[str, int]:
    """Return the names in a text, and where each is last; what is a part of a longer name is none.

    In Arabic a name may hang on the word before it. Where one name is said as it is written, it is
    none of those that are only written alike.
    """
    said = plain(text)
    found = sorted((place.span(), name) for name in names for place in _places(name, said))
    spans = {span for span, _ in found}
    exact = {span for span, name in found if said[slice(*span)] == plain(name)}
    return {
        name: span[0]
        for span, name in found
        if not any(_is_within(span, other) for other in spans)
        and (span not in exact or said[slice(*span)] == plain(name))
    }


def _places(name: str, said: str) -> Iterator[re.Match[str]]:
    """Yield the places at which a name is in a text."""
    for spelling in _compared(name):
        if spelling in said:
            whole = rf"(?:(?<!\w)|(?<= ب)|(?<= بـ)){re.escape(spelling)}(?!\w)"
            yield from re.finditer(whole, said)


@lru_cache(maxsize=4096)
def _compared(name: str) -> frozenset[str]:
    """Return the spellings of a name in all languages, as they are compared."""
    return frozenset(_compare(name))


def _compare(name: str) -> Iterator[str]:
    """Yield how a name may be written in a text that is compared."""
    for language in AND:
        yield from map(plain, spellings(name, language))


def _is_within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    """Return whether a place in a text is a part of another, longer one."""
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner != outer
