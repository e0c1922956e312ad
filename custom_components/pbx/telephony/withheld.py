"""The many ways to say that a caller shows no number, as phone systems and carriers write them.

RFC 3323 has `anonymous@anonymous.invalid`, 3GPP TS 24.229 `unavailable@unknown.invalid`, phone
systems `<unknown>`; carriers put words of their own language where a number or a name should be,
alone ("Private") or in a phrase ("No Caller ID", "numero nascosto", "Appel masqué"). A phrase is
recognised when nothing is in it but such words and words that say "number" or "caller", or when
it denies that there is one: "Brak numeru", "Non communiqué".
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

# A domain that RFC 2606 reserves for what must never be found.
NOWHERE = ".invalid"

# Whole texts, in which a part would mean nothing. "Nan" and "Nil" are people's names.
_ALONE = frozenset({"na", "nan", "nil", "none", "null", "false", "asserted", "o", "p", "nocli"})
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
ismeretlen rejtett titkos ascuns necunoscut anonim anonimna anonimni nepoznat nepoznati skriven
skrita skrito neznan neznana neznano
gizli bilinmeyen ozel desconegut desconeguda ocult anonimous unspecified vertraulich
nezinomas pasleptas slaptas nezinams slepts anonuumne varjatud tundmatu salajane
oþekkt oþekktur leyni ovst peribadi
khôngxácđịnh ẩn pribadi tidakdikenal tersembunyi เบอร์ส่วนตัว ไม่ทราบหมายเลข
анонім анонімно приватнии приховано прихована невідомо невизначено неизвестно неизвестныи скрыт
скрытыи аноним анонимныи приватныи неопределен неопределена
анонимно невідомии приховании анонімнии неизвестен
неопределенныи неопределенная засекречен засекреченныи непознат непозната скрит скрита анонимен
анонимна непознати скривен
αγνωστος αγνωστο αποκρυψη απορρητος απορρητο ανωνυμος
非通知 非通知設定 通知不可能 無號碼 无号码 无来电显示 匿名
通知不可 ヒツウチ 表示圏外 不明 公衆電話 未知 私人 私密 隐私 隱私 隐藏 隱藏
未显示 未顯示 无法显示 無法顯示 無顯示 无显示 익명 발신번호표시제한 비공개 발신자정보없음
알수없음 번호없음
مجهول مجهولة محجوب محجوبة مخفي خاص خاصة سري غيرمعروف غيرمعروفة غيرمتاح بدونرقم ناشناس
חסוי לאידוע לאמזוהה अज्ञात निजी गुप्त
"""

# "Not available", "non communiqué", "Brak numeru": a word that says no, before what is not there.
_DENYING = """
no not non none nicht kein keine keinen ohne sans pas aucun aucune senza nessun nessuna sin ningun
sem nao geen niet bez brak nie neni nem nincs fara ingen ikke inte yok degil без нет не немає
χωρις δεν
"""

_GIVEN = """
available known provided given shown displayed disclosed identified recognised recognized sent set
present transmitted assigned supplied received
verfugbar bekannt angezeigt ubermittelt angegeben vorhanden angabe identifiziert gesendet
communique communiquee disponible identifie identifiee affiche affichee transmis connu fourni
disponibile identificato identificata visibile visualizzato trasmesso comunicato noto presente
identificado identificada identificacion identificar conocido mostrado identificacao disponivel
informado conhecido beschikbaar bekend weergegeven meegezonden
identifikace identifikovane identifikovano dispozici dostupne zname zobrazeno
identyfikacji dostepny znany tilgjengelig tilgaengelig kjent vist kendt tillgangligt
определен определена известен доступен известно отображается указан
"""

_NAMING = """
number numbers num no nr cli phone caller callers callerid id cid call calling name user line
the by of da di del della da n
identity identite identidad identita available
nummer rufnummer telefonnummer rufnummernanzeige namensanzeige anruf anrufer teilnehmer ohne
numero numeros appel appelant abonne correspondant chiamata chiamante utente llamada llamante
chamada
beller oproep cislo cisla volajici volajuci numer numeru rozmowca polaczenie opkald oppkald samtal
puhelu szam hivo numar apel broj stevilka numara arayan nomor nombor numeris numurs númer num số
номер номера телефон число абонент вызов звонок виклик αριθμος κληση
号码 號碼 来电 來電 番号 発信者 번호 رقم الرقم متصل المتصل مكالمة شماره מספר שיחה नंबर कॉल
"""


def _letters(text: str) -> str:
    """Return the letters of a text without accents and case."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filter(str.isalpha, apart))


@cache
def _words() -> Mapping[str, bool]:
    """Return the letters of all words, each with whether it hides, or only names what is hidden."""
    naming = dict.fromkeys(map(_letters, _NAMING.split()), False)
    return naming | dict.fromkeys(map(_letters, _HIDING.split()), True)


@cache
def _longest() -> int:
    """Return how many letters the longest word has."""
    return max(map(len, _words()))


def _is_phrase(letters: str) -> bool:
    """Return whether letters are nothing but such words, of which at least one hides."""
    words, longest = _words(), _longest()
    reached = {0: False}  # places up to which there are only words: whether one of them may hide
    for start in range(len(letters)):
        if start not in reached:
            continue
        for end in range(start + 1, min(start + longest, len(letters)) + 1):
            hides = words.get(letters[start:end])
            if hides is not None:
                reached[end] = hides or reached[start] or reached.get(end, False)
    return reached.get(len(letters), False)


_BETWEEN = re.compile(r"[\W_]+")
_DENIES = frozenset(map(_letters, _DENYING.split()))
_DENIED = frozenset(map(_letters, (_GIVEN + _NAMING).split())) - _DENIES - {"n"}


def _denies(text: str) -> bool:
    """Return whether the words of a text say only that no number or name was given."""
    words = {_letters(word) for word in _BETWEEN.split(unicodedata.normalize("NFC", text))} - {""}
    return bool(words & _DENIES and words & _DENIED) and words <= _DENIES | _DENIED


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
    return _is_phrase(letters) or _denies(text)
