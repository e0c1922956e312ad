"""Who is called from which phone in a sentence, where several names could be meant.

A name may be a word of the sentence itself, as that of somebody who is called "Ring" or "An".
"""

import re
from collections.abc import Iterable
from typing import Final

from .sentences import SENTENCES, Wish
from .voice_names import alternatives

_FROM: Final = re.compile(r"\[([^\[\]]*<phones>)\]")


def read_call(
    text: str, names: Iterable[str], phones: Iterable[str]
) -> tuple[str, str | None] | None:
    """Return who is called, and from which phone if one is said; None if that is not certain."""
    callers: list[str | None] = [None, *phones]
    readings = [
        (name, phone)
        for name in names
        for phone in callers
        if phone != name and _fits(text, name, phone)
    ]
    return readings[0] if len(readings) == 1 else None


def _fits(text: str, name: str, phone: str | None) -> bool:
    """Return whether the assistant understands a sentence so."""
    from hassil import Intents, recognize_all  # noqa: PLC0415 - it comes with the assistant

    sentences = [
        _frame(sentence, phone, language).replace("<names>", alternatives([name], language))
        for language, wishes in SENTENCES.items()
        for sentence in wishes[Wish.CALL]
        if phone is None or "<phones>" in sentence
    ]
    known = {"language": "en", "intents": {"call": {"data": [{"sentences": sentences}]}}}
    return next(iter(recognize_all(text, Intents.from_dict(known))), None) is not None


def _frame(sentence: str, phone: str | None, language: str) -> str:
    """Return a sentence with the phone that has to be said in it, or without any."""
    if phone is None:
        return _FROM.sub("", sentence)
    said = alternatives([phone], language)
    return _FROM.sub(lambda found: f"({found[1].replace('<phones>', said)})", sentence)
