"""Names as people say them: whatever signs and numbers they are written with."""

import pytest
from hassil import Intents, recognize_all

from custom_components.pbx.sentences import SENTENCES
from custom_components.pbx.voice_names import AND, DIGITS, WORDS, alternatives, heard, plain, spellings


def understands(language: str, names: list[str], said: str) -> bool:
    """Return whether the assistant takes a sentence, and who is named in it is known."""
    sentence = f"call {alternatives(names, language)} now"
    intents = Intents.from_dict({"language": language, "intents": {"call": {"data": [{"sentences": [sentence]}]}}})
    text = f"call {said} now"
    return bool(list(recognize_all(text, intents))) and bool(heard(text, names))


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("Dr. Weber", "en", ("Dr. Weber", "Dr Weber", "dr weber")),
        ("J. R. R. Tolkien", "en", ("J. R. R. Tolkien", "J R R Tolkien")),
        ("A.C. Repairs", "en", ("A.C. Repairs",)),
        ("O'Brien", "en", ("O'Brien", "O\u2019Brien", "OBrien")),
        ("O\u2019Brien Ltd.", "en", ("O'Brien Ltd.", "OBrien Ltd")),
        ("Müller-Lüdenscheidt", "de", ("Müller-Lüdenscheidt", "Müller Lüdenscheidt")),
        ("Müller, Anna", "de", ("Müller, Anna", "Müller Anna")),
        ("Zahnarzt (Praxis)", "de", ("Zahnarzt (Praxis)", "Zahnarzt Praxis")),
        ("Firma «Müller»", "de", ("Firma «Müller»", "Firma Müller")),
        ("Müller & Söhne", "de", ("Müller & Söhne", "Müller und Söhne")),
        ("Tom & Jerry", "fr", ("Tom & Jerry", "Tom et Jerry")),
        ("Bob + Sons", "en", ("Bob + Sons", "Bob and Sons")),
        ("Smith | Jones", "en", ("Smith | Jones", "Smith Jones")),
        ("{x} <y> [z]", "en", ("{x} <y> [z]", "x y z")),
        ("a;b\\c", "en", ("a;b\\c", "a b c")),
        ("24/7 Taxi", "en", ("24/7 Taxi",)),
        ("Bob's Pizza!", "en", ("Bob's Pizza!", "Bobs Pizza")),
        ("\u2116 1", "en", ("\u2116 1", "No one")),
        ("Station 5", "en", ("Station 5", "Station five")),
        ("Line Two", "en", ("line two", "Line 2")),
        ("Two Brothers", "en", ("Two Brothers", "2 Brothers")),
        ("Apotheke 3", "de", ("Apotheke drei",)),
        ("Linka 4", "cs", ("Linka čtyři",)),
        ("Пошта 5", "uk", ("Пошта п'ять", "Пошта п\u2019ять")),
        ("Jörg", "de", ("Jörg", "Jo\u0308rg", "Joerg")),
        ("Łukasz Żółć", "en", ("Łukasz Żółć", "Lukasz Zolc")),
        ("Søren Ångström", "en", ("Soren Angstrom", "Soeren Aangstroem")),
        ("Großmann", "de", ("Großmann", "Grossmann")),
        ("Room 101", "en", ("Room 101", "Room 1 0 1", "room one zero one")),
        ("Anna\u00a0Keller", "en", ("Anna Keller",)),
    ],
)
def test_said(name: str, language: str, said: tuple[str, ...]) -> None:
    """A name is understood as it is written, and as an engine that hears it writes it down."""
    for text in said:
        assert understands(language, [name], text), text
    assert not understands(language, [name], "somebody else")


def test_every_language() -> None:
    """Each language of the sentences has its words for numbers, each of which stands for one number."""
    assert list(AND) == list(WORDS) == list(DIGITS) == list(SENTENCES)
    assert {len(words) for words in (*WORDS.values(), *DIGITS.values())} == {11}


def test_an_ordinary_name() -> None:
    """A name without signs and numbers is listed once; one of signs alone not at all."""
    assert spellings("Anna Keller", "en") == ("Anna Keller",)
    assert spellings("...", "en") == ()
    assert alternatives(["...", ""], "en") == ""


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("Call Anna", {"Ann", "Anna", "Al"}, ["Anna"]),  # no name is looked for within a word
        ("call Ann Smith", {"Ann", "Ann Smith", "Smith"}, ["Ann Smith"]),
        ("call Ann from Ann Smith", {"Ann", "Ann Smith"}, ["Ann", "Ann Smith"]),
        ("Call Dr. Weber from Bob.", {"Dr. Weber", "Bob"}, ["Dr. Weber", "Bob"]),
        ("call Bob Two", {"Bob 2", "Bob"}, ["Bob 2"]),
        ("اتصل بزوي", {"زوي"}, ["زوي"]),
        ("اتصل بـزوي", {"زوي"}, ["زوي"]),
    ],
)
def test_heard(text: str, names: set[str], found: list[str]) -> None:
    """The longest names are heard, in the order in which they are said."""
    places = heard(text, names)
    assert sorted(places, key=lambda name: places[name]) == found


def test_plain() -> None:
    """Names are compared without case, signs and widths."""
    assert plain("  Dr.\u00a0O\u2019BRIEN-Smith (\uff21) ") == "dr obrien smith a"
