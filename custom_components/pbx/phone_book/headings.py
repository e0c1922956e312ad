"""What the columns of an address book are called, in the languages of the integration.

A program writes its headings in the language of its user, and each has words of its own for the
phone at work. So names, companies and groups are known by whole headings, and numbers by words:
whatever has *phone* or *fax* in it is a number. Upper case and accents do not count.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Self

from ..telephony.text import folded
from .entry import MAX_TEXT, NumberKind

_WORD = re.compile(r"\w+")


def plain(text: str) -> str:
    """Return a heading without accents, upper case and blanks around it."""
    return folded(text.strip().replace("\u2019", "'"))


def _plain(*texts: str) -> frozenset[str]:
    """Return headings as they are compared, of texts with commas between them."""
    return frozenset(plain(one) for text in texts for one in text.split(","))


class _Words(NamedTuple):
    """Words by which a number is known: whole ones, how they begin, and what may be within one."""

    whole: frozenset[str]
    begin: tuple[str, ...]
    within: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the words of a text: a star stands where others may have more letters."""
        words = [plain(word) for word in text.split()]
        return cls(
            whole=frozenset(word for word in words if "*" not in word),
            begin=tuple(word[:-1] for word in words if word[0] != "*" and word[-1] == "*"),
            within=tuple(word.strip("*") for word in words if word[0] == "*"),
        )

    def are_in(self, text: str) -> bool:
        """Return whether any of them is in a plain text."""
        if any(word in text for word in self.within):
            return True
        words = _WORD.findall(text)
        return any(word.startswith(self.begin) or word in self.whole for word in words)


FULL_NAMES = _plain(
    "full name, display name, vollständiger name, anzeigename, nom complet, nom affiché",
    "nome completo, nome visualizzato, nombre completo, nombre para mostrar, nome de exibição",
    "imię i nazwisko, nazwa wyświetlana, celé jméno, zobrazované jméno, повне ім'я",
    "коротке ім'я, الاسم الكامل, اسم العرض",
)
NAMES = _plain("name, nom, nome, nombre, imię, jméno, ім'я, الاسم, contact, kontakt")
"""The full name, or the one part of it that no other column has."""
FIRST_NAMES = _plain(
    "first name, given name, forename, vorname, rufname, prénom, nome di battesimo",
    "nombre de pila, primer nombre, primeiro nome, křestní jméno, власне ім'я, الاسم الأول",
)
MIDDLE_NAMES = _plain(
    "middle name, additional name, weitere vornamen, zweiter vorname, deuxième prénom",
    "autres prénoms, secondo nome, segundo nombre, segundo nome, nome do meio, drugie imię",
    "další jméno, druhé jméno, prostřední jméno, по батькові, الاسم الأوسط",
)
LAST_NAMES = _plain(
    "last name, family name, surname, nachname, familienname, zuname, nom de famille, cognome",
    "apellidos, apellido, sobrenome, apelido, último nome, nazwisko, příjmení, прізвище",
    "الاسم الأخير, اسم العائلة, اللقب",
)
COMPANIES = _plain(
    "company, company name, organization, organisation, organization name",
    "organization 1 - name, firma, firmenname, unternehmen, entreprise, société, azienda, società",
    "ditta, organizzazione, empresa, compañía, organización, companhia, organização, organizacja",
    "společnost, organizace, компанія, організація, الشركة, المؤسسة",
)
GROUPS = _plain(
    "group, groups, labels, group membership, category, categories, gruppe, gruppen, kategorie",
    "kategorien, groupes, catégories, libellés, gruppi, categorie, etichette, grupos, categorías",
    "etiquetas, categorias, marcadores, grupy, etykiety, skupiny, štítky, групи, категорії, мітки",
    "المجموعات, الفئات",
)
_ONLY_NUMBERS = _plain(
    "number, nummer, numero, numéro, número, numer, číslo, номер, رقم, الرقم",
    "ufficio, ufficio 2, abitazione, abitazione 2",  # so an Italian Outlook calls phones
)
_KINDS = (
    (NumberKind.FAX, _Words.of("*fax* faks* *telecop* *факс* *فاكس*")),
    (
        NumberKind.MOBILE,
        _Words.of(
            "mobil* *mobiltel* *handy* cell* celul* móvil* móvel* portable* komór* kom *natel*"
            " *iphone* мобіл* *محمول* *جوال* *نقال* *موبايل*"
        ),
    ),
    (
        NumberKind.WORK,
        _Words.of(
            "work* business* company* office* *geschäft* arbeit* *firma* firm* dienst* büro*"
            " bureau* travail* société* profes* lavoro* ufficio* azienda* società* trabajo*"
            " trabalho* oficina* empresa* negocio* comercial* laboral* prac* służb* zaměst*"
            " робоч* робот* служб* компан* *عمل* *مكتب* *شركة*"
        ),
    ),
    (
        NumberKind.HOME,
        _Words.of(
            "home* *privat* zuhause* domicil* maison* perso* abitazione* casa* particular*"
            " residen* prywat* dom* soukrom* домаш* дім* особист* *منزل* *بيت*"
        ),
    ),
)
_PHONE = _Words.of("*phone* *telefon* teléf* téléph* tel *rufnummer* *телефон* тел *هاتف*")
_NO_NUMBER = _Words.of(
    "*phonetic* *mail* courriel* correo* type typ tipo label country extension ext durchwahl"
)


def is_number(heading: str) -> bool:
    """Return whether a column has phone numbers in it, by its plain heading."""
    if heading in _ONLY_NUMBERS:
        return True
    if _NO_NUMBER.are_in(heading):
        return False
    kind = kind_of(heading)
    return kind in {NumberKind.FAX, NumberKind.MOBILE} or _PHONE.are_in(heading)


@lru_cache(maxsize=1024)
def kind_of(text: str) -> NumberKind:
    """Return what kind of number a plain heading or label means."""
    text = text[:MAX_TEXT]
    return next((kind for kind, words in _KINDS if words.are_in(text)), NumberKind.OTHER)


def first_in(headings: Iterable[str], names: frozenset[str]) -> int | None:
    """Return the first column that is called by one of these names; None if there is none."""
    return next((place for place, heading in enumerate(headings) if heading in names), None)
