"""The many ways to say that a caller shows no number, as phone systems and carriers write them.

RFC 3323 has `anonymous@anonymous.invalid`, 3GPP TS 24.229 `unavailable@unknown.invalid`, phone
systems `<unknown>`; carriers put words of their own language where a number or a name should be,
alone ("Private") or in a phrase ("No Caller ID", "numero nascosto", "Appel masqué"). A phrase is
recognised when nothing is in it but such words and words that say "number" or "caller".
"""

import re
import unicodedata
from functools import lru_cache

# A domain that RFC 2606 reserves for what must never be found.
NOWHERE = ".invalid"

# Whole texts, in which a part would mean nothing. "Nan" and "Nil" are people's names.
_ALONE = frozenset({"na", "nan", "nil", "none", "null", "asserted", "o", "p", "nocli"})
_NAMES = frozenset({"Na", "Nan", "Nil"})

# "Anonymous" and the like on the keys of a telephone, as some carriers send them; most of them are
# numbers of somebody without the plus. Ten zeros are what some switches show unless told otherwise.
_KEYED = frozenset(
    {"266696687", "+266696687", "+2562533", "+7378742833", "+8656696", "+86282452253"}
)
_ZEROS = re.compile(r"\+?0{7,}")

_DIGIT = re.compile(r"\d")
_DIALLED = re.compile(r"[\d*#]")

_HIDING = """
anonymous anon anonymus private withheld confidential notprovided unknown restricted unavailable
undisclosed hidden blocked suppressed
notavailable notdisclosed outofarea nocallerid nocid nonumber noname payphone coinline
prohibited unlisted exdirectory notknown unobtainable coinphone anonymousinvalid unknowninvalid
undef undefined clir presentationrestricted presentationprohibited rejectedbyuser rejectbyuser
interactionwithotherservice interactionwithotherservices serviceunavailable
rufnummernunterdruckung unterdrueckt unterdrueckte anonym anonyme anonymer unbekannt unbekannte
unbekannter unterdruckt unterdruckte privat private
privater keinerufnummernanzeige unbek nichtubermittelt nichtuebermittelt
verborgen geheim geheime nichtverfugbar keinerufnummer keinenummer ohnenummer
ohnerufnummer
inconnu inconnue prive privee masque masquee cache cachee secret confidentiel indisponible
sansnumero
anonimo anonima sconosciuto sconosciuta privato privata nascosto nascosta riservato riservata
nondisponibile nonvisibile oscurato oscurata bloccato bloccata senzanumero
desconocido desconocida privado privada oculto oculta restringido restringida nodisponible
sinnumero sinidentificar sinidentificacion noidentificado noidentificada bloqueado bloqueada
desconhecido desconhecida restrito restrita confidencial indisponivel naoidentificado
naoidentificada semnumero
geennummer geennummerweergave anoniem anonieme onbekend onbekende afgeschermd afgeschermde verborgen
geheim
anonymni neznamy nezname neznama neznamo skryty skryte skryta skryto soukromy soukrome utajene
utajeny utajeno neuvedeno nezverejneno nezverejnene nezverejneny zakazane zakazano privatni
bezcisla
nenikdispozici nedostupne sukromny sukromne neuvedene nezverejnene zakazany
anonimowy nieznany nieznana prywatny zastrzezony ukryty
ukendt anonymt einumeroa hemmelig hemmeligt skjult okand okant hemligt dolt dold skyddat ukjent
tuntematon salainen piilotettu yksityinen
ismeretlen rejtett ascuns necunoscut nepoznat nepoznati skriven skrita skrito neznan
gizli bilinmeyen ozel
khôngxácđịnh ẩn pribadi tidakdikenal tersembunyi เบอร์ส่วนตัว ไม่ทราบหมายเลข
анонім анонімно приватнии приховано прихована невідомо невизначено неизвестно неизвестныи скрыт
скрытыи аноним анонимныи приватныи неопределен неопределена
анонимно невідомии приховании анонімнии неизвестен
αγνωστος αγνωστο αποκρυψη απορρητος απορρητο ανωνυμος
非通知 非通知設定 通知不可能 無號碼 无号码 无来电显示 匿名
表示圏外 不明 公衆電話 未知 私人 隐藏 익명 발신번호표시제한 비공개 발신자정보없음
مجهول مجهولة محجوب محجوبة مخفي خاص خاصة سري غيرمعروف غيرمعروفة غيرمتاح بدونرقم חסוי
"""

_NAMING = """
number numbers num no nr cli phone caller callers callerid id cid call calling name user line
the by of
identity identite identidad identita available n
nummer rufnummer telefonnummer rufnummernanzeige namensanzeige anruf anrufer teilnehmer ohne
numero numeros appel appelant abonne correspondant chiamata chiamante utente llamada llamante
chamada
beller oproep cislo volajici volajuci numer opkald oppkald samtal puhelu szam hivo numar broj
stevilka numara arayan nomor số номер телефон число
абонент вызов звонок виклик αριθμος κληση 号码 来电 番号 発信者 번호 رقم الرقم
متصل المتصل מספר
"""


def _letters(text: str) -> str:
    """Return the letters of a text without accents and case."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filter(str.isalpha, apart))


def _any_of(words: str) -> str:
    """Return a pattern for one of some words, the longest first."""
    return "|".join(sorted({_letters(word) for word in words.split()}, key=len, reverse=True))


_PHRASE = re.compile(
    rf"(?:{_any_of(_NAMING)})*(?:{_any_of(_HIDING)})(?:{_any_of(_NAMING)}|{_any_of(_HIDING)})*"
)


@lru_cache(maxsize=1024)
def says_withheld(text: str) -> bool:
    """Return whether a text without marks of URIs says only that there is no number or name."""
    if text in _KEYED or _ZEROS.fullmatch(text):
        return True
    letters = _letters(text)
    if not letters:
        return _DIALLED.search(text) is None
    if _DIGIT.search(text):
        return False
    if letters in _ALONE:
        return text not in _NAMES
    return bool(_PHRASE.fullmatch(letters))
