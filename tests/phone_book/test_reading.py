"""Files of other programs: what is read, what a person is asked about, and what is written."""

import base64
import csv
import io
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.pbx.phone_book.draft import UnreadableError
from custom_components.pbx.phone_book.entry import Entry, EntryNumber, NumberKind
from custom_components.pbx.phone_book.formats import MAX_FILE, Format, format_of
from custom_components.pbx.phone_book.reading import Problem, read
from custom_components.pbx.phone_book.writing import to_csv, to_vcard

type Found = tuple[str, str, tuple[str, ...], list[tuple[str, str]]]


def found(text: str, country: str = "DE", kind: Format | None = None) -> list[Found]:
    """Read a file, and give its entries in short."""
    entries = read(text, kind or format_of(text), country).entries
    return [
        (one.name, one.company, one.groups, [(number.kind.value, number.number) for number in one.numbers])
        for one in entries
    ]


APPLE = """\
BEGIN:VCARD\r
VERSION:3.0\r
PRODID:-//Apple Inc.//macOS 15.0//EN\r
N:Schmidt;Anna;;;\r
FN:Anna Schmidt\r
ORG:Bakery Schmidt\\, Berlin;Sales\r
item1.TEL;type=pref;type=CELL;type=VOICE:+49 170 1234567\r
item1.X-ABLabel:_$!<Mobile>!$_\r
TEL;type=HOME;type=FAX:030 2312 5102\r
NOTE:A long note that is\r
  folded\\nand has TEL:0 in it\r
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD\r
 /4QAiRXhpZgAATU0AKgAAAAgAAQ\r
UID:1D1A-ANNA\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:3.0\r
N:Family\r
FN:Family\r
X-ADDRESSBOOKSERVER-KIND:group\r
X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1D1A-ANNA\r
X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:gone\r
UID:GROUP-1\r
END:VCARD\r
"""

CARDS: list[tuple[str, Found]] = [
    (
        APPLE,
        (
            "Anna Schmidt",
            "Bakery Schmidt, Berlin",
            ("Family",),
            [("mobile", "+491701234567"), ("fax", "+493023125102")],
        ),
    ),
    (
        (
            'BEGIN:VCARD\nVERSION:4.0\nKIND:individual\nFN:Jürgen\nTEL;VALUE=uri;TYPE="voice,work";PREF=1:tel:+49-30-23125101\n'
            "CATEGORIES:VIP,myContacts,Tennis\\, Sunday\nEND:VCARD\n"
        ),
        ("Jürgen", "", ("vip", "Tennis, Sunday"), [("work", "+493023125101")]),
    ),
    (
        (
            "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\n"
            "TEL;CELL;PREF:0170 1234567\nTEL;WORK:030/23125101\nEND:VCARD\n"
        ),
        ("Jörg Müller", "", (), [("mobile", "+491701234567"), ("work", "+493023125101")]),
    ),
    (
        (
            "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=84rztehaus am =\nSee\n"
            "TEL:030 23125101\nEND:VCARD"
        ),
        ("Ärztehaus am See", "", (), [("other", "+493023125101")]),
    ),
    (
        "BEGIN:VCARD\nFN;CHARSET=nonsense;ENCODING=QUOTED-PRINTABLE:=C3=84\nTEL:101\nEND:VCARD",
        ("Ä", "", (), [("other", "101")]),
    ),
    (
        (
            "BEGIN:VCARD\nORG:Mill\nFN:Mill\nTEL;TYPE=work:030 23125101\nTEL:+493023125101\nAGENT:\nBEGIN:VCARD\n"
            "FN:Agent\nTEL:110\nEND:VCARD\nEND:VCARD"
        ),
        ("", "Mill", (), [("work", "+493023125101")]),
    ),
]


@pytest.mark.parametrize(("text", "expected"), CARDS)
def test_vcards(text: str, expected: Found) -> None:
    """Every version, Apple's groups, folded and quoted lines, a card within a card."""
    assert format_of(text) is Format.VCARD
    assert found(text) == [expected]
    assert found("\ufeff" + text) == [expected]


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        ("TEL;PREF=2:102\nTEL:103\nTEL;PREF=1:101", ["101", "102", "103"]),
        ("TEL:102\nTEL;PREF=100:103\nTEL;TYPE=pref:101", ["101", "102", "103"]),
        ("TEL;PREF=nonsense:101\nTEL;PREF=:102\nTEL;PREF=\u0661:103", ["103", "101", "102"]),
        ("TEL;PREF=99999999999999999999:101\nTEL;PREF=5:102", ["102", "101"]),
    ],
)
def test_the_preferred_number_is_first(lines: str, numbers: list[str]) -> None:
    """In version 4 a number says how much it is preferred, in earlier ones only that it is."""
    [(*_, read_numbers)] = found(f"BEGIN:VCARD\nFN:A\n{lines}\nEND:VCARD\n")
    assert [number for _, number in read_numbers] == numbers


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ("item1.TEL:101\nitem1.X-ABLabel:_$!<HomeFAX>!$_", "fax"),
        ("item1.X-ABLabel:Fax Büro\nitem1.TEL:101", "fax"),
        ("item1.TEL;type=HOME:101\nitem2.X-ABLabel:Fax", "home"),
        ("item1.TEL:101\nitem1.X-ABLabel:Ferienhaus", "other"),
        ("TEL;X-Mobile:101", "mobile"),
        ("TEL;TYPE=x-fax:101", "fax"),
        ("TEL;WORKFAX:101", "fax"),
        ("TEL;PAGER:101", "other"),
        ('TEL;TYPE="voice,home":101', "home"),
    ],
)
def test_kinds_of_numbers(lines: str, kind: str) -> None:
    """A fax is known by the words of a program or of a person, and never offered for a call."""
    [(*_, numbers)] = found(f"BEGIN:VCARD\nFN:A\n{lines}\nEND:VCARD\n")
    assert numbers == [(kind, "101")]


def test_a_number_in_a_uri() -> None:
    """A person sees a number, and none of what only belongs to the form."""
    text = "BEGIN:VCARD\nFN:A\nTEL;VALUE=uri:TEL:+49-30-23125101;ext=12\nEND:VCARD\n"
    [entry] = read(text, Format.VCARD, "DE").entries
    assert entry.numbers == (EntryNumber(number="+493023125101", typed="+49-30-23125101"),)


@pytest.mark.parametrize("name", ["N:Family;;;;\nFN:Family", "N:Family;;;;", "FN:Family"])
def test_name_of_a_group(name: str) -> None:
    """It is a whole name, or the part of one."""
    text = f"BEGIN:VCARD\n{name}\nKIND:group\nMEMBER:urn:uuid:A\nEND:VCARD\n"
    [(_, _, groups, _)] = found(f"{text}BEGIN:VCARD\nUID:a\nFN:A\nTEL:101\nEND:VCARD\n")
    assert groups == ("Family",)


def test_damaged_card() -> None:
    """What is damaged harms no other card."""
    text = (
        "nonsense\nEND:VCARD\nBEGIN:VCARD\nTEL\n:::\n;;;=\nTEL:030 23125101\nFN;ENCODING=QUOTED-PRINTABLE:=ZZ=\n"
        "END:VCARD\nBEGIN:VCARD\nFN:Open\nTEL:030 23125102\n"
    )
    assert len(found("BEGIN:VCARD\nFN:A\nTEL:101\nEND:VCARD\n" + text)) == 2


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("BEGIN A BEGIN B END BEGIN C END", "ABC"),
        ("BEGIN A BEGIN BEGIN B END END BEGIN C END", "ABC"),
        ("END A BEGIN B END END BEGIN C END", "BC"),
        ("BEGIN A AGENT BEGIN B END END BEGIN C END", "AC"),
        ("BEGIN A AGENT BEGIN B AGENT BEGIN C END END D END", "A"),
        ("BEGIN AGENT BEGIN B END A END BEGIN C END", "AC"),
        ("BEGIN A END BEGIN B", "A"),
    ],
)
def test_a_card_without_its_end(lines: str, names: str) -> None:
    """It takes no other card along; a card that is within one is the agent's."""
    borders = {"BEGIN": "BEGIN:VCARD", "END": "END:VCARD", "AGENT": "AGENT:"}
    text = "\n".join(borders.get(line, f"FN:{line}\nTEL:101") for line in lines.split())
    assert [name for name, *_ in found(text, kind=Format.VCARD)] == list(names)


FRITZ = """<?xml version="1.0" encoding="utf-8"?>
<phonebooks><phonebook name="Telefonbuch"><!-- saved -->
<contact><category>1</category><person><realName>Anna &amp; Bob</realName></person>
<telephony nid="3"><number type="home" prio="0" id="0">030 23125101</number>
<number type="mobile" prio="1" id="1">01701234567</number>
<number type="fax_work" prio="0" id="2">03023125102</number><number type="home" prio="0" id="3"/></telephony>
<services/><setup/><uniqueid>1</uniqueid></contact>
<contact><category>0</category><person><realName>Mill</realName></person><telephony/></contact>
</phonebook></phonebooks>"""


def test_fritzbox() -> None:
    """The number to prefer is first, and the important ones are VIPs."""
    assert format_of(FRITZ) is Format.FRITZBOX
    assert found(FRITZ) == [
        (
            "Anna & Bob",
            "",
            ("vip",),
            [("mobile", "+491701234567"), ("home", "+493023125101"), ("fax", "+493023125102")],
        )
    ]
    assert read(FRITZ, Format.FRITZBOX, "DE").without_number == 1


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("fax", "fax"), ("fax_work", "fax"), ("intern", "other"), ("memo", "other"), ("label:Praxis Fax", "fax"),
     ("label:Ferienhaus", "other"), ("label:Büro", "work"), ("", "other")],
)  # fmt: skip
def test_kinds_of_a_fritzbox(type_: str, kind: str) -> None:
    """A person may give a number a label, and that may be a fax."""
    [entry, *_] = found(FRITZ.replace('type="home"', f'type="{type_}"', 1))
    assert (kind, "+493023125101") in entry[3]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "UTF-16", "windows-1252"])
def test_fritzbox_in_another_encoding(encoding: str) -> None:
    """What the file says of its bytes is over once it is a text."""
    [(name, *_), *_] = found(FRITZ.replace("utf-8", encoding).replace("Anna", "Änne"))
    assert name == "Änne & Bob"


TABLES: list[tuple[str, list[Found]]] = [
    (
        (
            "First Name,Middle Name,Last Name,Organization Name,Labels,Phone 1 - Label,Phone 1 - Value,"
            "Phone 2 - Label,Phone 2 - Value\n"
            "Anna,,Schmidt,Bakery,* myContacts ::: Family,Mobile,+49 170 1234567 ::: 030 23125101,Fax,030 23125102\n"
        ),
        [
            (
                "Anna Schmidt",
                "Bakery",
                ("Family",),
                [("mobile", "+491701234567"), ("mobile", "+493023125101"), ("fax", "+493023125102")],
            )
        ],
    ),
    (
        (
            '"First Name","Last Name","Company","Business Fax","Business Phone","Home Phone",'
            '"Mobile Phone","Categories"\r\n'
            '"Anna","Schmidt","Bakery","030 23125102","030 23125101","","01701234567","VIP;Family"\r\n'
        ),
        [
            (
                "Anna Schmidt",
                "Bakery",
                ("vip", "Family"),
                [("fax", "+493023125102"), ("work", "+493023125101"), ("mobile", "+491701234567")],
            )
        ],
    ),
    (
        "Name;Telefon;Handy\nMüller;030 23125101;01701234567\n;;\n",
        [("Müller", "", (), [("other", "+493023125101"), ("mobile", "+491701234567")])],
    ),
    ("Nome\tTelefono\nAnna\t+39 06 1234 5678\n", [("Anna", "", (), [("other", "+390612345678")])]),
    ("name,number\nAnna,'+493023125101\nShort\n", [("Anna", "", (), [("other", "+493023125101")])]),
]


@pytest.mark.parametrize(("text", "expected"), TABLES)
def test_tables(text: str, expected: list[Found]) -> None:
    """Google's and Outlook's files, and lists with headings in another language."""
    assert format_of(text) is Format.CSV
    assert found(text) == expected


WORK, MOBILE, HOME, FAX = "030 23125101", "0170 1234567", "030 23125102", "030 23125103"
OUTLOOK = {
    "en": "First Name,Last Name,Company,Business Phone,Mobile Phone,Home Phone,Business Fax,Categories",
    "de": "Vorname,Nachname,Firma,Telefon geschäftlich,Mobiltelefon,Telefon privat,Fax geschäftlich,Kategorien",
    "fr": ("Prénom,Nom,Société,Téléphone (bureau),Tél. mobile,Téléphone (domicile),Télécopie (bureau),Catégories"),
    "it": "Nome,Cognome,Società,Ufficio,Cellulare,Abitazione,Fax (uff.),Categorie",
    "it, by hand": "Nome,Cognome,Azienda,Tel. ufficio,Cell.,Telefono casa,Fax,Gruppi",
    "es": ("Nombre,Apellidos,Organización,Teléfono del trabajo,Móvil,Teléfono particular,Fax del trabajo,Categorías"),
    "pt": "Nome,Sobrenome,Empresa,Telefone comercial,Telefone celular,Telefone residencial,Fax comercial,Categorias",
    "pl": "Imię,Nazwisko,Firma,Telefon służbowy,Telefon komórkowy,Telefon domowy,Faks służbowy,Kategorie",
    "cs": "Jméno,Příjmení,Společnost,Telefon do zaměstnání,Mobilní telefon,Telefon domů,Fax do práce,Kategorie",
    "uk": "Ім'я,Прізвище,Організація,Робочий телефон,Мобільний телефон,Домашній телефон,Робочий факс,Категорії",
    "ar": "الاسم الأول,الاسم الأخير,الشركة,هاتف العمل,الهاتف المحمول,هاتف المنزل,فاكس العمل,الفئات",
    "Thunderbird": "First Name,Last Name,Organization,Work Phone,Mobile Number,Home Phone,Fax Number,Groups",
    "Thunderbird de": ("Vorname,Nachname,Organisation,Tel. dienstlich,Mobil-Tel.-Nr.,Tel. privat,Fax-Nummer,Gruppen"),
}


@pytest.mark.parametrize("headings", OUTLOOK.values(), ids=OUTLOOK)
def test_headings_in_the_language_of_the_user(headings: str) -> None:
    """Each of them is known, in whatever order they are and however accents are written."""
    row = f"Anna,Schmidt,Mill,{WORK},{MOBILE},{HOME},{FAX},VIP;Family"
    for normal in (unicodedata.normalize("NFC", headings), unicodedata.normalize("NFD", headings).upper()):
        for turned in (False, True):
            columns = [line.split(",")[:: -1 if turned else 1] for line in (normal, row)]
            [(name, company, groups, numbers)] = found("\n".join(map(",".join, columns)))
            assert (name, company, groups) == ("Anna Schmidt", "Mill", ("vip", "Family"))
            assert sorted(numbers) == [
                ("fax", "+493023125103"),
                ("home", "+493023125102"),
                ("mobile", "+491701234567"),
                ("work", "+493023125101"),
            ]


@pytest.mark.parametrize(
    ("headings", "name"),
    [
        ("Name,Vorname", "B A"),
        ("Vorname,Name", "A B"),
        ("Name,Surname", "A B"),
        ("Nom,Prénom", "B A"),
        ("Prénom,Deuxième prénom", "A B"),
        ("Nombre,Apellidos", "A B"),
        ("Name,Nickname", "A"),
        ("Name,Phonetic Name", "A"),
        ("Name,E-mail", "A"),
        ("Name,Telex", "A"),
        ("Name,Phone Type", "A"),
        ("Display Name,First Name", "A"),
    ],
)
def test_which_part_of_a_name(headings: str, name: str) -> None:
    """What is the whole name in one table is a part of it where another column has the rest."""
    read_file = read(f"{headings},Tel\nA,B,101\n", Format.CSV, "DE")
    assert [one.name for one in read_file.entries] == [name]
    assert read_file.uncertain == ()


@pytest.mark.parametrize(
    ("label", "kind"),
    [("Mobil", "mobile"), ("Privat", "home"), ("Work Fax", "fax"), ("Arbeit", "work"), ("lavoro", "work"),
     ("Domicile", "home"), ("Праця", "other"), ("робочий", "work"), ("", "other"), ("Main", "other")],
)  # fmt: skip
def test_labels_of_numbers(label: str, kind: str) -> None:
    """People name their numbers in their own language."""
    [(*_, numbers)] = found(f"Name,Phone 1 - Label,Phone 1 - Value\nA,{label},101\n")
    assert numbers == [(kind, "101")]


UNREADABLE = [
    (Format.VCARD, "name,number\nAnna,101\n"),
    (Format.VCARD, ""),
    (Format.FRITZBOX, "<html/>"),
    (Format.FRITZBOX, "<phonebooks>"),
    (
        Format.FRITZBOX,
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><phonebooks><contact>&b;</contact></phonebooks>',
    ),
    (Format.FRITZBOX, '<?xml version="1.0"?><!DOCTYPE p SYSTEM "file:///etc/passwd"><phonebooks/>'),
    (Format.CSV, ""),
    (Format.CSV, "Anna,101\nBob,102\n"),
    (Format.CSV, "name,email\nAnna,a@example.com\n"),
    (Format.CSV, "number\n101\n"),
    (Format.CSV, 'name,number\n"' + "x" * 200_000 + '",1\n'),
    *((kind, "x" * (MAX_FILE + 1)) for kind in Format),
]


@pytest.mark.parametrize(("kind", "text"), UNREADABLE, ids=lambda value: str(value)[:20])
def test_other_files(kind: Format, text: str) -> None:
    """A file of another kind, a bomb, or one that is too long is refused."""
    with pytest.raises(UnreadableError):
        read(text, kind, "DE")


@pytest.mark.parametrize(
    ("number", "country", "problem"),
    [
        ("4,93023E+11", "DE", Problem.SPREADSHEET),
        ("4.93023125101E11", "DE", Problem.SPREADSHEET),
        ("0800-FLOWERS", "DE", Problem.LETTERS),
        ("030 1234 oder 5678", "DE", Problem.LETTERS),
        ("3023125101", "DE", Problem.INCOMPLETE),
        ("493023125101", "DE", Problem.INCOMPLETE),
        ("23125101", "DE", Problem.INCOMPLETE),
        ("23125101", "", Problem.INCOMPLETE),
        ("030 23125101", "", None),
        ("03", "DE", None),
        ("+99", "DE", Problem.NOT_A_NUMBER),
        ("030 23125101 / 030 23125102", "DE", Problem.NOT_A_NUMBER),
        ("415 555 0132", "US", None),
        ("06 1234 5678", "IT", None),
    ],
)
def test_uncertain_numbers(number: str, country: str, problem: Problem | None) -> None:
    """A person is told of what cannot be read for certain; nothing is guessed."""
    text = f'name,number\nAnna,"{number}"\nBob,102\n'
    read_file = read(text, Format.CSV, country)
    assert [(one.name, one.number, one.problem) for one in read_file.uncertain] == (
        [("Anna", number, problem)] if problem else []
    )
    assert [one.name for one in read_file.entries] == (["Bob"] if problem else ["Anna", "Bob"])


def test_more_numbers_than_an_entry_can_have() -> None:
    """What does not fit is told; the same number in another spelling takes no room."""
    lines = [f"TEL:030 231251{number:02}\nTEL:+49 30 231251{number:02}\n" for number in range(22)]
    taken = read("BEGIN:VCARD\nFN:Anna\n" + "".join(lines) + "END:VCARD\n", Format.VCARD, "DE")
    assert len(taken.entries[0].numbers) == 20
    assert [(one.name, one.number, one.problem) for one in taken.uncertain] == [
        ("Anna", number, Problem.TOO_MANY)
        for number in ("030 23125120", "+49 30 23125120", "030 23125121", "+49 30 23125121")
    ]


@pytest.mark.parametrize(
    "cell", ["'030 23125101", "'+49 30 23125101", '"=""030 23125101"""', '="+49 30 23125101"', "''030 23125101"]
)
def test_a_number_as_the_text_of_a_spreadsheet(cell: str) -> None:
    """People who keep their leading zeros so have done nothing wrong."""
    taken = read(f"name,number\nAnna,{cell}\n", Format.CSV, "DE")
    if cell.startswith("''"):
        assert [one.problem for one in taken.uncertain] == [Problem.NOT_A_NUMBER]
    else:
        assert [number.number for entry in taken.entries for number in entry.numbers] == ["+493023125101"]


def test_number_of_nobody() -> None:
    """A number without a name cannot be in the book."""
    (one,) = read("name,number\n,101\n", Format.CSV, "DE").uncertain
    assert (one.number, one.problem) == ("101", Problem.NO_NAME)


NASTY = Entry(
    name='=HYPERLINK("http://x")',
    company="Mill; Sons, \\ Co.",
    groups=("vip", "Tennis, Sunday"),
    numbers=(
        EntryNumber(number="+493023125101", kind=NumberKind.MOBILE),
        EntryNumber(number="+493023125102", kind=NumberKind.FAX),
        EntryNumber(number="101"),
        EntryNumber(number="+49900*"),
    ),
)
LONG = Entry(name="Ä" * 80, numbers=(EntryNumber(number="*97"),))


def plain(entries: tuple[Entry, ...]) -> list[Entry]:
    """Give entries without how their numbers were typed."""
    return [replace(one, numbers=tuple(replace(number, typed="") for number in one.numbers)) for one in entries]


def test_vcards_of_ours_are_read_again() -> None:
    """Nothing is lost on the way out and back, and no line is too long."""
    text = to_vcard([NASTY, LONG])
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert plain(read(text, Format.VCARD, "DE").entries) == [NASTY, LONG]


def test_tables_of_ours_are_read_again() -> None:
    """Nothing is lost, not even a comma in the name of a group."""
    assert plain(read(to_csv([NASTY, LONG]), Format.CSV, "DE").entries) == [NASTY, LONG]


@pytest.mark.parametrize("group", ["Tennis, Sunday", "a;b", "a:::b", ":::", "* x", "=1", '"q"', "a\\", "a\\,b", "\\n"])
@pytest.mark.parametrize(("write", "kind"), [(to_csv, Format.CSV), (to_vcard, Format.VCARD)])
def test_a_group_stays_one(group: str, write: Callable[[list[Entry]], str], kind: Format) -> None:
    """Whatever is in its name."""
    entry = Entry(name="Anna", groups=(group, "b", group + group), numbers=(EntryNumber(number="101"),))
    assert plain(read(write([entry]), kind, "DE").entries) == [entry]


@pytest.mark.parametrize("name", ["'t Hart", "'", "'=1+1", "''+1", "=1+1", "\uff1d1+1", "'s-Gravenhage", "-", "@home"])
def test_an_apostrophe_is_the_names(name: str) -> None:
    """Only the one that guards a cell is taken off it."""
    entry = Entry(name=name, numbers=(EntryNumber(number="+4930123456"),))
    assert plain(read(to_csv([entry]), Format.CSV, "DE").entries) == [entry]
    assert found(f"Name,Phone\n'+1 HQ,101\n{name},102\n'030123456,\n")[0][0] == "+1 HQ"


@pytest.mark.parametrize("start", "=+-@\t\r\uff1d\uff0b\uff0d\uff20")
def test_no_cell_is_run(start: str) -> None:
    """A spreadsheet takes what would be a formula for text."""
    entry = Entry(
        name=f"{start}1+1", company=f"{start}cmd|x", groups=(f"{start}2",), numbers=(EntryNumber(number="+4930"),)
    )
    cells = [cell for row in csv.reader(io.StringIO(to_csv([entry]), newline="")) for cell in row]
    assert len(cells) == 10
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")]


@pytest.mark.parametrize("start", "=+-@\uff1d")
@pytest.mark.parametrize("mark", [";", "; ", "\t", "|"])
def test_no_cell_is_run_where_another_mark_parts_cells(start: str, mark: str) -> None:
    """A spreadsheet of another country parts them at semicolons; the text is the same when it is read again."""
    name = f"Meier{mark.strip(' ')}{start}1+1{mark}{start}2"
    entry = Entry(name=name, company=f"x{mark}{start}cmd|x", numbers=(EntryNumber(number="+493023125101"),))
    written = to_csv([entry])
    for other in (",", ";", "\t", "|"):
        rows = csv.reader(io.StringIO(written, newline=""), delimiter=other, quoting=csv.QUOTE_NONE)
        cells = [cell.strip(' "') for row in rows for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\uff1d")], other
    [(read_name, company, _, numbers)] = found(written)
    assert (read_name, company) == (entry.name.replace("\t", " "), entry.company.replace("\t", " "))
    assert numbers == [("other", "+493023125101")]


PATIENCE = 5  # seconds, for what takes milliseconds
MANY = 100_000
HUGE: dict[str, str] = {
    "a line that goes on": "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:=\n" + "=\n" * (8 * MANY) + "\nEND:VCARD",
    "a group of one person": "BEGIN:VCARD\nKIND:group\nFN:a\nMEMBER:x\nEND:VCARD\n" * 9_000
    + "BEGIN:VCARD\nUID:x\nFN:b\nTEL:1\nEND:VCARD\n" * 9_000,
    "columns": "name," + "".join(f"phone {number} - value," for number in range(MANY)) + "\na,1",
    "contacts in contacts": "<phonebooks>" + "<contact>" * MANY + "</contact>" * MANY + "</phonebooks>",
    "depth": "<phonebooks>" + "<a>" * (3 * MANY) + "</a>" * (3 * MANY) + "</phonebooks>",
    "one label of many numbers": "BEGIN:VCARD\nFN:a\ni.X-ABLabel:"
    + "x " * (10 * MANY)
    + "\n"
    + "i.TEL:1\n" * (2 * MANY)
    + "END:VCARD\n",
    "headings": ",".join(["name", *(f"phone {'x ' * 4000}" for _ in range(300))]) + ("\n" + "a" + "," * 300) * 4_000,
    "labels": ",".join(["name", *(f"phone {number} - value,phone {number} - type" for number in range(200))])
    + ("\na" + f",1,{'x ' * 20}" * 200) * 200,
    "quotes": "name,number\n" + '"' * (20 * MANY),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_no_file_takes_long(text: str) -> None:
    """What is written for that costs no more than its length; a file of usual contacts takes longer."""
    assert len(text) < MAX_FILE
    begin = time.process_time()
    try:
        taken = read(text, format_of(text), "DE")
    except UnreadableError:
        pass
    else:
        assert all(len(entry.groups) <= 20 for entry in taken.entries)
    assert time.process_time() - begin < PATIENCE


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ("FN:Anna\u2028Berg", "Anna Berg"),
        ("FN:Anna\x0cBerg\x85Tal", "Anna Berg Tal"),
        ("FN:Anna\x00Berg", "AnnaBerg"),
        ("N;QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BC=\nller;J=C3=B6rg", "Jörg Müller"),
        ("FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=F6=\r\nrg", "Jörg"),
        ("FN;CHARSET=nonsense;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg", "Jörg"),
        *(
            (f"FN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:J=C3=B6rg", "Jörg")
            for charset in ("idna", "hex", "undefined", "a\x00b", "../x", "")
        ),
        (f"FN;ENCODING=b:{base64.b64encode('Jörg'.encode()).decode()}", "Jörg"),
        (f"FN;BASE64;CHARSET=ISO-8859-1:{base64.b64encode('Jörg'.encode('latin-1')).decode()}", "Jörg"),
        (f"N;ENCODING=BASE64:{base64.b64encode('Müller;Jörg;;;'.encode()).decode()}", "Jörg Müller"),
        ("FN;ENCODING=b:no base64!", "no base64!"),
        ("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\nFN:Anna", "Anna"),
        ('FN;X="a:b;c":Anna', "Anna"),
    ],
)
def test_how_a_card_writes_a_name(properties: str, name: str) -> None:
    """In each version, by whatever program; a break that no file has between its lines is the name's own."""
    [(read_name, *_)] = found(f"BEGIN:VCARD\nVERSION:2.1\n{properties}\nTEL:030 23125101\nEND:VCARD\n")
    assert read_name == name


@pytest.mark.parametrize("start", ["sep=;\n", "sep=;\r\n", "\ufeffsep=;\n", '"sep=;"\n', "\n", "\r\n\r\n"])
def test_a_table_with_something_before_its_headings(start: str) -> None:
    """A spreadsheet says there which mark parts its cells."""
    assert found(f"{start}Name;Nummer\nMeier, Anna;030 23125101\n", kind=Format.CSV) == [
        ("Meier, Anna", "", (), [("other", "+493023125101")])
    ]


@pytest.mark.parametrize(
    "path", sorted(Path("custom_components/pbx/phone_book").glob("*.py")), ids=lambda path: path.name
)
def test_only_the_collection_knows_home_assistant(path: Path) -> None:
    """What an entry is, and how files are read, can be tried without Home Assistant."""
    assert ("homeassistant" in path.read_text(encoding="utf-8")) is (path.name == "collection.py")
