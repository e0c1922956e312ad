"""What people say to the built-in assistant about the phone, in ten languages.

The templates are hassil's: `(a|b)` is a choice, `[a]` may be left out. `<names>` stands for the
names of phones and people that may be called, `<phones>` for those of phones.
"""

from collections.abc import Mapping
from enum import StrEnum


class Wish(StrEnum):
    """What somebody wants."""

    CALL = "call"
    CALLING = "calling"
    ON_THE_PHONE = "on_the_phone"
    HOLD = "hold"
    HANG_UP = "hang_up"
    MISSED = "missed"
    LOG_IN = "log_in"


SENTENCES: Mapping[str, Mapping[Wish, tuple[str, ...]]] = {
    "en": {
        Wish.CALL: ("[please] (call|phone|ring) [up] <names> [from <phones>] [please]",),
        Wish.CALLING: ("who (is|'s) calling", "who's calling"),
        Wish.ON_THE_PHONE: ("who is on the phone", "who's on the phone", "is anybody on the phone"),
        Wish.HOLD: ("(hold|pause) the call", "put (the call|me|them) on hold"),
        Wish.HANG_UP: ("hang up [the call]", "end the call"),
        Wish.MISSED: ("[are there|do I have] [any] missed calls", "who called"),
        Wish.LOG_IN: ("log me in [to the queue]",),
    },
    "de": {
        Wish.CALL: (
            "[bitte] ruf[e] [bitte] <names> [von <phones>] an",
            "[bitte] <names> [von <phones>] anrufen",
        ),
        Wish.CALLING: ("wer ruft [gerade] an",),
        Wish.ON_THE_PHONE: ("wer telefoniert [gerade]", "wer ist am Telefon"),
        Wish.HOLD: ("(halte|halt) (den Anruf|das Gespräch)", "(Anruf|Gespräch) halten"),
        Wish.HANG_UP: ("[bitte] auflegen", "leg[e] auf", "beende (den Anruf|das Gespräch)"),
        Wish.MISSED: ("[gibt es|habe ich] verpasste Anrufe", "wer hat angerufen"),
        Wish.LOG_IN: ("melde mich [in der Warteschlange] an",),
    },
    "fr": {
        Wish.CALL: ("(appelle|appeler|téléphone à) <names> [depuis <phones>] [s'il te plaît]",),
        Wish.CALLING: ("qui appelle",),
        Wish.ON_THE_PHONE: ("qui est au téléphone", "qui téléphone"),
        Wish.HOLD: ("(mets|mettre) (l'appel|en attente) [en attente]",),
        Wish.HANG_UP: ("raccroche", "raccrocher", "termine l'appel"),
        Wish.MISSED: ("[y a-t-il|ai-je] des appels manqués", "qui a appelé"),
        Wish.LOG_IN: ("connecte-moi [à la file]",),
    },
    "it": {
        Wish.CALL: ("[per favore] (chiama|telefona a) <names> [da <phones>] [per favore]",),
        Wish.CALLING: ("chi (chiama|sta chiamando)",),
        Wish.ON_THE_PHONE: ("chi è al telefono", "chi sta telefonando"),
        Wish.HOLD: ("metti (la chiamata|in attesa) [in attesa]",),
        Wish.HANG_UP: ("riaggancia", "riattacca", "chiudi la chiamata"),
        Wish.MISSED: ("[ci sono|ho] chiamate perse", "chi ha chiamato"),
        Wish.LOG_IN: ("collegami [alla coda]",),
    },
    "es": {
        Wish.CALL: ("[por favor] (llama|llamar) a <names> [desde <phones>] [por favor]",),
        Wish.CALLING: ("quién (llama|está llamando)",),
        Wish.ON_THE_PHONE: ("quién está (al teléfono|hablando por teléfono)",),
        Wish.HOLD: ("pon (la llamada|en espera) [en espera]",),
        Wish.HANG_UP: ("cuelga", "colgar", "termina la llamada"),
        Wish.MISSED: ("[hay|tengo] llamadas perdidas", "quién ha llamado"),
        Wish.LOG_IN: ("conéctame [a la cola]",),
    },
    "pt-BR": {
        Wish.CALL: ("[por favor] (ligue|liga|ligar) para <names> [de <phones>] [por favor]",),
        Wish.CALLING: ("quem está (ligando|chamando)",),
        Wish.ON_THE_PHONE: ("quem está (no telefone|ao telefone)",),
        Wish.HOLD: ("(coloque|põe) a (chamada|ligação) em espera",),
        Wish.HANG_UP: ("(desligue|desliga) [a ligação|a chamada|o telefone]", "encerre a chamada"),
        Wish.MISSED: ("[há|tenho] chamadas perdidas", "quem ligou"),
        Wish.LOG_IN: ("(me conecte|conecte-me) [à fila]",),
    },
    "pl": {
        Wish.CALL: (
            "[proszę] (zadzwoń|dzwoń) do <names> [z <phones>] [proszę]",
            "połącz [mnie] z <names>",
        ),
        Wish.CALLING: ("kto dzwoni",),
        Wish.ON_THE_PHONE: ("kto rozmawia [przez telefon]", "kto jest przy telefonie"),
        Wish.HOLD: ("(wstrzymaj|zawieś) (połączenie|rozmowę)",),
        Wish.HANG_UP: ("(rozłącz|rozłącz się)", "zakończ (połączenie|rozmowę)"),
        Wish.MISSED: ("[czy] [są|mam] nieodebrane połączenia", "kto dzwonił"),
        Wish.LOG_IN: ("zaloguj mnie [do kolejki]",),
    },
    "cs": {
        Wish.CALL: ("[prosím] (zavolej|volej|zavolat) <names> [z <phones>] [prosím]",),
        Wish.CALLING: ("kdo volá",),
        Wish.ON_THE_PHONE: ("kdo [právě] telefonuje", "kdo je na telefonu"),
        Wish.HOLD: ("(přidrž|podrž) hovor",),
        Wish.HANG_UP: ("(zavěs|polož to)", "ukonči hovor"),
        Wish.MISSED: ("[jsou|mám] [nějaké] zmeškané hovory", "kdo volal"),
        Wish.LOG_IN: ("přihlas mě [do fronty]",),
    },
    "uk": {
        Wish.CALL: (
            "[будь ласка] (подзвони|зателефонуй|набери) <names> [з <phones>] [будь ласка]",
        ),
        Wish.CALLING: ("хто (дзвонить|телефонує)",),
        Wish.ON_THE_PHONE: ("хто (на телефоні|розмовляє по телефону)",),
        Wish.HOLD: ("(постав|поставити) (виклик|дзвінок) на утримання",),
        Wish.HANG_UP: ("(поклади слухавку|заверши виклик|заверши дзвінок)",),
        Wish.MISSED: ("[чи] [є|маю] пропущені (дзвінки|виклики)", "хто дзвонив"),
        Wish.LOG_IN: ("увійди за мене [в чергу]", "зареєструй мене [в черзі]"),
    },
    "ar": {
        Wish.CALL: ("[من فضلك] اتصل (ب|بـ)[ ]<names> [من <phones>] [من فضلك]",),
        Wish.CALLING: ("من (يتصل|المتصل)",),
        Wish.ON_THE_PHONE: ("من على الهاتف", "من يتحدث على الهاتف"),
        Wish.HOLD: ("ضع المكالمة قيد الانتظار", "علق المكالمة"),
        Wish.HANG_UP: ("أنه المكالمة", "أغلق الخط"),
        Wish.MISSED: ("هل [هناك|توجد|لدي] مكالمات فائتة", "من اتصل"),
        Wish.LOG_IN: ("سجل دخولي [إلى الطابور]",),
    },
}
