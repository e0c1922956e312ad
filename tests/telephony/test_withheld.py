"""Callers without a number are told apart from callers with one, in whatever words."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.telephony.phone_numbers import is_hidden, received
from custom_components.pbx.telephony.withheld import says_withheld

WORDS = [
    *("Anonymous", "ANONYMOUS", "anonymous caller", "Private", "Private Number", "private-number", "PRIVATENUMBER"),
    *("Withheld", "Number withheld", "Unknown", "Unknown Caller", "Restricted", "Unavailable", "Not available"),
    *("No Caller ID", "NoCallerID", "No Number", "Caller ID Blocked", "Blocked", "Hidden", "Hidden number"),
    *("Out of Area", "Payphone", "Suppressed", "Undisclosed", "N/A", "none", "null", "false", "O", "P", "asserted"),
    *("Anonym", "Anonymer Anrufer", "Unbekannt", "Unbekannte Rufnummer", "Unterdrückt", "Unterdrückte Nummer"),
    *("Keine Rufnummer", "Nicht verfügbar", "Privat"),
    *("Anonyme", "Appelant inconnu", "Appel masqué", "Numéro masqué", "Numéro privé", "Indisponible"),
    *("Anonimo", "Numero nascosto", "Numero privato", "Sconosciuto", "Numero sconosciuto", "Non disponibile"),
    *("Anónimo", "Número oculto", "Número privado", "Desconocido", "Llamada desconocida"),
    *("Desconhecido", "Número confidencial", "Não identificado"),
    *("Anoniem", "Onbekend nummer", "Afgeschermd"),
    *("Anonymní", "Neznámé číslo", "Skryté číslo", "Soukromé číslo"),
    *("Nieznany numer", "Numer zastrzeżony", "Numer prywatny"),
    *("Ukendt nummer", "Hemmeligt nummer", "Okänt nummer", "Skjult nummer", "Tuntematon", "Rejtett szám"),
    *("Скрытый номер", "Номер скрыт", "Неизвестный", "Анонимный", "Невідомий номер", "Прихований номер"),
    *("Απόκρυψη", "Άγνωστος", "Gizli numara", "非通知", "匿名", "未知号码", "私人号码"),
    *("Keine Nummer", "Ohne Rufnummer", "Numéro inconnu", "Sans numéro", "Identité masquée", "Appel anonyme"),
    *("Numero oscurato", "ID chiamante bloccato", "Senza numero", "Sin identificar", "Número bloqueado", "Sem número"),
    *("Skryto", "Číslo skryto", "Utajené číslo", "Neuvedeno", "Nezveřejněné číslo", "Privátní číslo", "Bez čísla"),
    *("Číslo není k dispozici", "Neznámý volající", "Neznáme číslo", "Súkromné číslo"),
    *("Presentation restricted", "CLIR", "undefined", "_undef_", "Coin line", "Interaction with other service"),
    *("مجهول", "رقم محجوب", "מספר חסוי", "رقم خاص", "غير معروف", "رقم غير معروف", "رقم مخفي"),
    *("Приватний номер", "Номер приховано", "Correspondant inconnu", "Nummer unterdrueckt", "Rufnummernunterdrückung"),
    *(
        "Geen nummerweergave",
        "CLI withheld",
        "Not provided",
        "Confidential",
        "非通知設定",
        "通知不可能",
        "無號碼",
        "无来电显示",
    ),
    *("Приватный номер", "Номер не определён", "Аноним", "Телефон скрыт", "Απόρρητο", "Skrita številka", "Ei numeroa"),
    *("N° masqué", "No identificado", "Identidad oculta", "Anonieme oproep", "Anonymt nummer", "Unbek. Rufnummer"),
    *("Keine Rufnummernanzeige", "Nicht übermittelt", "Nummer nicht übermittelt", "Namensanzeige unterdrückt"),
    *("Unlisted number", "Ex-directory", "Not known", "Number unobtainable", "No number available", "Coin phone"),
    *("Numéro non communiqué", "Numéro non disponible", "Não disponível", "Sem identificação", "Non identificato"),
    *("Nessun ID chiamante", "Chiamata da numero privato", "Senza ID", "Brak numeru", "Nieznany rozmówca", "Bez ID"),
    *("Nicht angezeigt", "Keine Angabe", "Nummer ikke tilgjengelig", "Not set", "Numara yok", "Titkos szám"),
    *("Apel anonim", "Número ocult", "Nombor peribadi", "Непознат номер", "Неопределённый номер", "Neznana številka"),
    *("Nežinomas", "Paslėptas numeris", "Nezināms", "Varjatud number", "Óþekkt númer", "Номер не отображается"),
    *(
        "通知不可",
        "ヒツウチ",
        "私密号码",
        "未显示号码",
        "來電未顯示",
        "隱藏號碼",
        "無顯示號碼",
        "알 수 없음",
        "번호없음",
    ),
    *("לא ידוע", "מספר לא מזוהה", "مكالمة مجهولة", "شماره ناشناس", "अज्ञात", "निजी नंबर"),
    *("発信者不明", "발신자 정보 없음", "Nomor pribadi", "Số ẩn", "เบอร์ส่วนตัว", "anonymous.invalid"),
]
MARKS = ["", " ", "-", "--", "?", "<>", '""', "<", "()", "\u200b"]
ADDRESSES = [
    "<unknown>",
    "<Anonymous>",
    "anonymous@anonymous.invalid",
    "sip:anonymous@anonymous.invalid",
    "sips:anonymous@anonymous.invalid:5061;transport=tls",
    '"Anonymous" <sip:anonymous@anonymous.invalid>',
    '"Anonymous" <sip:c8oqz84zk7z@privacy.example.org>;tag=hyh8',
    "Anonymous <sip:anonymous@192.0.2.4>",
    "anonymous@sip.example.com",
    "sip:anonymous.user@anonymous.invalid",
    "sip:unavailable@unknown.invalid",
    "sip:+4930901820@anonymous.invalid",
    "sip:restricted@pbx.example.com",
    "sip:Unknown@pbx.example.com;user=phone",
    "sip:@pbx.example.com",
    "tel:anonymous",
    '"" <unknown>',
    "+266696687",
    *("+7378742833", "+2562533", "+8656696", "+86282452253"),
    *("0000000000", "+0000000000", "0000000", "sip:0000000000@host"),
    *(
        "sip:192.0.2.7",
        "sip:192.0.2.7:5060;transport=udp",
        "<sips:[2001:db8::1]:5061>",
        "192.168.178.1",
        "h323:10.0.0.1",
    ),
    "\u202aAnonymous\u202c",
    "\uff21nonymous",
]


@pytest.mark.parametrize("text", [*WORDS, *MARKS, *ADDRESSES])
def test_a_withheld_number(text: str) -> None:
    """In many languages, as a URI, or as nothing at all."""
    for written in (text, f" {text} ", text.upper() if text in WORDS else text, text.lower()):
        assert is_hidden(written)
        assert received(written, "DE") == ""


@pytest.mark.parametrize(
    "text",
    [
        *("12.34.56.78", "tel:12.34.56.78", "101@192.0.2.7", "7378742833", "8656696"),
        *("101", "00000", "0", "*97", "#31#", "+4930901820", "030 901820", "sip:101@host", '"Anonymous" <101>'),
        *("Anna", "Bob Unknown-Smith", "Private Practice Dr. Adams", "Hidden Valley Farm", "The Number One", "Norma"),
        *("Privatbank", "Secretary", "Blocker", "Call Center", "ID Systems", "No. 5", "Nonna", "sip:reception@host"),
        *(
            "Available",
            *("No", "Kein", "Non", "Sans Souci", "Nie Visser", "E. J. Kant", "Not Known Records", "Given", "Bekannt"),
            "Number available",
            "Telefon",
            "Anzeige",
            "Nomor",
            "Anonymous 2",
            "user@example.com",
            "محمد",
            "山田",
            "Петров",
        ),
    ],
)
def test_what_is_not_withheld(text: str) -> None:
    """Names hold such words, too; a digit is a number or a part of a name."""
    assert not is_hidden(text)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40))
def test_any_text_is_withheld_or_not(text: str) -> None:
    """And has no number where it is."""
    if is_hidden(text):
        assert received(text, "IT") == ""
    assert says_withheld(text.upper()) in {True, False}


@pytest.mark.parametrize(
    "word", ["no number", "no name", "no cid", "no caller id", "anonymous invalid", "privat privater"]
)
@pytest.mark.parametrize("end", ["", "x", " Smith"])
def test_a_long_name_is_judged_at_once(word: str, end: str) -> None:
    """A caller chooses the name: one of words that can be cut in many ways must hold nothing up."""
    begin = time.process_time()
    assert says_withheld(f"{word} " * 25 + end) == (not end)
    assert time.process_time() - begin < 1
