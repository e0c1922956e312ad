"""How a number that somebody looks for may stand in a list: people write it in many ways."""

from functools import lru_cache

from .telephony import phone_numbers


@lru_cache(maxsize=64)
def spellings(text: str, country: str) -> tuple[str, ...]:
    """Return what the number in a text, or a part of one, may look like in a list, without marks.

    `030 123`, typed in Germany, is also looked for as `+4930123`. Nothing for a text that is no
    number.
    """
    bare = phone_numbers.strip(text)
    if not bare.removeprefix("+").isdecimal():
        return ()
    said = (bare, phone_numbers.normalise(bare, country), phone_numbers.beginning(bare, country))
    return tuple(dict.fromkeys(one for one in said if one))
